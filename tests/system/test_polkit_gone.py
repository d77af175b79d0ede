# SPDX-License-Identifier: LGPL-2.1-or-later
"""polkitd ends, or ends and is started again, at each step of a request: what it has not answered is refused, what it
has allowed is answered, and whoever does not need it does not notice."""

import contextlib
import os
import signal

import pytest

import bus
import polkit
import service
import target
from test_polkit import QUESTIONS, Asker, Terminal, administrator, assert_says_that_polkit_is_the_reason

WHO_ASKS = "type='method_call',member='GetConnectionCredentials'"
ANSWERS = f"type='method_return',sender='{polkit.NAME}'"


@pytest.fixture(params=["killed", "killed and started again"])
def end_polkit(request):
    def end():
        polkit.kill()
        if request.param != "killed":
            polkit.start()

    return end


@pytest.fixture
def process(bob, start):
    return start.puppet(bob)


@pytest.fixture
def allowed(rules):
    rules.allow('subject.user == "alice"')


@pytest.fixture(autouse=True)
def others(alice, bob, process):
    """Whatever happened, the service is the same one, and answers who needs polkit, and who does not."""
    service.start()
    main = service.processes()[0]
    yield
    assert bob.call("GetEnvironment", process.pid) == target.ENTRIES
    assert alice.is_refused("Describe", process.pid).name == bus.INTERACTION_REQUIRED
    assert service.processes()[0] == main


@contextlib.contextmanager
def stopped(*pids):
    """Nothing happens in these processes, whatever they are sent."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    for pid in pids:
        service.wait_until(lambda: target.status(pid, "State")[0] == "T", "it does not stop")
    try:
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def let_the_service_come_to_what_was_sent():
    """Of what was sent to it before it has done all that it can when this is answered."""
    assert bus.call("Get", bus.INTERFACE, "Version", signature="ss",
                    to=(bus.NAME, bus.PATH, "org.freedesktop.DBus.Properties"))


def assert_refused_as_polkit_is_gone(asking):
    with pytest.raises(bus.Error) as caught:
        asking.result()
    assert_says_that_polkit_is_the_reason(caught.value)


def test_before_the_call(alice, process, allowed, end_polkit):
    end_polkit()

    assert alice.call("GetEnvironment", process.pid) == target.ENTRIES


def test_while_it_is_found_out_who_is_asked_about(alice, process, allowed, end_polkit):
    _, zygote, readers = service.processes()

    with bus.Watch(WHO_ASKS) as watch, stopped(zygote, *readers):
        asking = alice.begin(bus.call, "GetEnvironment", process.pid)
        watch.wait_for(member="GetConnectionCredentials")
        let_the_service_come_to_what_was_sent()
        end_polkit()
    assert asking.result() == target.ENTRIES


def test_before_it_has_read_the_question(alice, bob, process, allowed, end_polkit):
    with bus.Watch(QUESTIONS) as watch, stopped(bus.owner_pid(polkit.NAME)):
        asking = alice.begin(bus.call, "GetEnvironment", process.pid)
        watch.wait_for(member="CheckAuthorization")
        assert bob.call("GetEnvironment", process.pid) == target.ENTRIES
        end_polkit()

    assert_refused_as_polkit_is_gone(asking)
    assert alice.call("GetEnvironment", process.pid) == target.ENTRIES


def test_while_it_thinks(alice, bob, process, rules, held_question, end_polkit):
    rules.add(held_question.rule)

    asking = alice.begin(bus.call, "GetEnvironment", process.pid)
    held_question.wait_until_asked()
    assert bob.call("GetEnvironment", process.pid) == target.ENTRIES
    end_polkit()
    assert_refused_as_polkit_is_gone(asking)

    # What was forked to think may still be there, and would take the answer to the next question.
    rules.allow("true")
    assert alice.call("GetEnvironment", process.pid) == target.ENTRIES


def test_while_a_person_is_asked(alice, bob, process, administrator, end_polkit):
    asker = Asker(alice, process.pid)
    terminal = Terminal(alice, asker.pid)
    try:
        asker.ask()
        terminal.wait_for_prompt()
        assert bob.call("GetEnvironment", process.pid) == target.ENTRIES
        end_polkit()
        assert_refused_as_polkit_is_gone(asker)
    finally:
        terminal.end()


def test_when_it_has_answered_and_nobody_has_heard_it(alice, process, rules, held_question, end_polkit):
    rules.add(held_question.rule)

    asking = alice.begin(bus.call, "GetEnvironment", process.pid)
    held_question.wait_until_asked()
    with bus.Watch(ANSWERS) as watch, stopped(bus.owner_pid()):
        held_question.answer()
        watch.wait_for(type="method_return")
        end_polkit()
    assert asking.result() == target.ENTRIES


def test_while_the_memory_is_read(alice, process, rules, held_question, end_polkit):
    rules.add(held_question.rule)

    asking = alice.begin(bus.call, "GetEnvironment", process.pid)
    held_question.wait_until_asked()
    _, zygote, readers = service.processes()
    with bus.Watch(ANSWERS) as watch, stopped(zygote, *readers):
        held_question.answer()
        watch.wait_for(type="method_return")
        let_the_service_come_to_what_was_sent()
        end_polkit()
    assert asking.result() == target.ENTRIES


def test_when_it_only_took_its_time(alice, bob, process, allowed):
    with bus.Watch(QUESTIONS) as watch, stopped(bus.owner_pid(polkit.NAME)):
        asking = alice.begin(bus.call, "GetEnvironment", process.pid)
        watch.wait_for(member="CheckAuthorization")
        assert bob.call("GetEnvironment", process.pid) == target.ENTRIES

    assert asking.result() == target.ENTRIES
