# SPDX-License-Identifier: LGPL-2.1-or-later
"""A reader that the process it reads has taken over: what it does is an error of that one request.

The service is the real one but for its readers, which do what the variable ATTACK of a process tells them; see
tests/compromised."""

import os
import shutil

import pytest

import bus
import service
import target

FAILED = "org.freedesktop.DBus.Error.Failed"
TIMED_OUT = "org.pekeenv.Error.TimedOut"

METHODS = ("GetEnvironment", "OpenEnvironment", "Describe", "GetInitialEnvironment")


@pytest.fixture(scope="module")
def compromised(tmp_path_factory):
    """Has the service run with such readers."""
    attacker = os.path.join(os.environ["PEKEENV_TARGETS"], "../compromised/pekeenv-reader-compromised")
    original = tmp_path_factory.mktemp("reader") / "original"
    shutil.copy(service.READER, original)
    service.replace_reader(attacker)
    yield
    service.replace_reader(original)


@pytest.fixture
def attack(alice, start, compromised):
    """Returns what alice gets who asks about a process that attacks."""

    def ask(name, method):
        process = start.puppet(alice, target.ENVIRONMENT | {"ATTACK": name})
        try:
            return alice.call(method, process.pid)
        except bus.Error as error:
            return error.name

    return ask


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


@pytest.fixture
def unharmed(bob, start, compromised):
    """Whatever happens meanwhile, the service is afterwards as it was before, and answers others."""
    process = start.puppet(bob)
    assert bob.call("GetEnvironment", process.pid) == target.ENTRIES
    main, zygote, _ = service.processes()
    service.wait_until_at_rest(zygote)
    before = descriptors(main), descriptors(zygote)
    yield
    assert bob.call("GetEnvironment", process.pid) == target.ENTRIES
    assert service.processes()[:2] == (main, zygote)
    service.wait_until_at_rest(zygote)
    # The zygote might just have been about to close one when they were counted before.
    service.wait_until(
        lambda: descriptors(main) <= before[0] and descriptors(zygote) <= before[1], "descriptors remain")


@pytest.mark.parametrize("name", ["open", "exec", "fork", "ptrace", "connect", "kill", "return_from_a_signal"])
def test_one_that_is_ended_by_the_kernel_is_a_failure(name, attack, unharmed):
    for method in METHODS:
        assert attack(name, method) == FAILED


@pytest.mark.parametrize(
    "name",
    ["answer_nothing", "answer_half", "answer_an_error_that_is_none", "answer_an_error_without_a_positive"])
def test_one_that_does_not_keep_to_the_protocol_is_a_failure(name, attack, unharmed):
    for method in METHODS:
        assert attack(name, method) == FAILED


def test_that_something_is_not_allowed_is_not_for_readers_to_say(attack, unharmed):
    assert attack("answer_that_it_is_not_allowed", "GetEnvironment") == FAILED


@pytest.mark.parametrize("name", ["answer_invalid_text", "answer_text_without_end"])
def test_an_answer_that_is_no_text_is_not_sent_as_one(name, attack, unharmed):
    assert attack(name, "GetEnvironment") == FAILED
    assert attack(name, "GetInitialEnvironment") == FAILED


def test_nonsense_is_not_sent(attack, unharmed):
    assert attack("answer_nonsense", "Describe") == FAILED


def test_an_answer_that_the_reader_could_still_change_is_not_sent(attack, unharmed):
    for method in METHODS:
        assert attack("keep_the_answer_writable", method) == FAILED


def test_one_that_does_not_stop_talking_is_not_listened_to(attack, unharmed):
    assert attack("answer_without_end", "GetEnvironment") == bus.CHANGING


def test_descriptors_that_nobody_asked_for_are_closed(attack, unharmed):
    for _ in range(10):
        # It is not even allowed to send them while others of the service's user are under way: RLIMIT_NOFILE is 0.
        assert attack("answer_with_descriptors", "GetEnvironment") in (bus.UNSUPPORTED, FAILED)


def test_one_that_does_not_end_is_ended(attack, unharmed):
    assert attack("never_end", "GetEnvironment") == TIMED_OUT
