# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many requests at once."""

import collections
import os
import time

import pytest

import bus
import service
import target

PER_USER = 256  # requests under way that one user may have
PER_CONNECTION = 100  # the bus lets a connection wait for 128 replies


def send_at_once(pid, count, sent=None):
    """Sends calls without waiting, then collects the answers. Returns how many there were of each kind.

    sent: the write end of a pipe, closed when all have been sent."""
    connections = [bus.connect() for _ in range(count // PER_CONNECTION + 1)]
    answers = collections.Counter()

    def on_reply(reply):
        if reply.get_error_name():
            answers[reply.get_error_name(), *reply.get_args_list()] += 1
        else:
            answers["answer"] += 1

    calls = [
        connections[number // PER_CONNECTION].send_message_with_reply(
            bus.make_call("GetEnvironment", pid), on_reply, bus.LIMIT)
        for number in range(count)
    ]
    for connection in connections:
        connection.flush()
    if sent is not None:
        os.close(sent)
    for call in calls:
        call.block()
    return answers


def begin_sending_at_once(user, pid, count):
    """Returns when the calls have been sent."""
    reader, writer = os.pipe()
    deed = user.begin(send_at_once, pid, count, writer)
    os.close(writer)
    assert os.read(reader, 1) == b""
    os.close(reader)
    return deed


def flood(pid, stop):
    """Has the service under as many requests as it lets, until told to stop."""
    rounds = 0
    while not os.path.exists(stop):
        send_at_once(pid, PER_USER)
        rounds += 1
    return rounds


def read_many(pid, count):
    connection = bus.connect()
    for _ in range(count):
        assert bus.call("GetEnvironment", pid, connection=connection) == target.ENTRIES
    return count


def test_many_parallel_requests_are_all_answered(alice, start):
    process = start.puppet(alice)

    assert alice.do(send_at_once, process.pid, 200) == {"answer": 200}


def test_memory_that_many_requests_took_is_given_back(alice, start):
    process = start.puppet(alice)
    service.stop()
    assert alice.do(read_many, process.pid, 100) == 100
    main = bus.owner_pid()
    if service.keeps_freed_memory(main):
        pytest.skip("under a checker: sanitizers keep memory that was freed")
    before = service.resident(main)

    assert alice.do(send_at_once, process.pid, 200) == {"answer": 200}
    end = time.monotonic() + bus.LIMIT / 2
    while service.resident(main) > before + 256:
        assert time.monotonic() < end, f"{before} KiB have become {service.resident(main)} KiB"


def test_a_user_with_too_many_requests_is_told_busy(alice, bob, start, rules, held_question):
    process = start.puppet(bob)
    rules.add(held_question.rule)

    asking = begin_sending_at_once(alice, process.pid, PER_USER + 50)
    held_question.wait_until_asked()
    held_question.answer("no", PER_USER + 50)
    answers = asking.result()

    assert {name for name, _ in answers} == {bus.ACCESS_DENIED, bus.BUSY}
    assert not any("does not answer" in message for _, message in answers)
    assert any("ask again" in message for _, message in answers)


def test_one_users_questions_to_polkit_do_not_use_up_those_of_others(
        alice, bob, carol, start, rules, held_question):
    process = start.puppet(bob)
    rules.allow('subject.user == "carol"')
    rules.add(held_question.rule, name="60-held")

    asking = begin_sending_at_once(alice, process.pid, 200)
    held_question.wait_until_asked()
    let_it_come_to_what_was_sent(bob, process)
    hers = begin_sending_at_once(carol, process.pid, 1)
    let_it_come_to_what_was_sent(bob, process)
    held_question.answer("no", 200)

    assert hers.result() == {"answer": 1}
    asking.result()


def let_it_come_to_what_was_sent(user, own_process):
    """Requests are begun in their order: those of others that were sent before have been when these are answered."""
    assert user.do(read_many, own_process.pid, 20) == 20


def test_one_users_questions_to_polkit_hold_up_nobody_who_needs_none(
        alice, bob, root, start, rules, held_question):
    process = start.puppet(bob)
    own = start.puppet(alice)
    rules.add(held_question.rule)

    asking = begin_sending_at_once(alice, process.pid, 100)
    held_question.wait_until_asked()
    for user, pid in ((bob, process.pid), (root, process.pid), (alice, own.pid)):
        assert user.do(read_many, pid, 100) == 100
    held_question.answer("no", 100)
    asking.result()


@pytest.fixture
def stop_file():
    path = os.environ["PEKEENV_TEST_DIR"] + "/stop"
    yield path
    os.unlink(path)


def test_a_flood_of_one_user_does_not_break_the_requests_of_another(alice, bob, start, stop_file):
    mine, theirs = start.puppet(bob), start.puppet(alice)
    floods = [alice.begin(flood, theirs.pid, stop_file) for _ in range(3)]

    try:
        assert bob.do(read_many, mine.pid, 30) == 30
    finally:
        with open(stop_file, "w"):
            pass
    assert all(rounds > 0 for rounds in [one.result() for one in floods])


# An array so long, and so spread out, that reading it takes longer than a request may.
SLOW = """
import mmap
page = mmap.mmap(-1, 64 * 4096)
for n in range(64):
    page[n * 4096:n * 4096 + 4] = b"A=1\\0"
base = ctypes.addressof(ctypes.c_char.from_buffer(page))
array = (ctypes.c_void_p * (8 * 1024 * 1024))(*[base + n * 4096 for n in range(64)] * (128 * 1024))
array[8 * 1024 * 1024 - 1] = None
ctypes.c_void_p.in_dll(libc, "environ").value = ctypes.addressof(array)
"""


def test_one_users_slow_processes_take_no_places_from_others(alice, bob, root, start, stop_file):
    mine, slow = start.puppet(bob), start.puppet(alice)
    slow.do(SLOW)
    floods = [alice.begin(flood, slow.pid, stop_file) for _ in range(2)]

    try:
        for user in (bob, root):
            assert user.do(read_many, mine.pid, 30) == 30
    finally:
        with open(stop_file, "w"):
            pass
    for one in floods:
        one.result(limit=120)


def test_callers_who_leave_in_the_middle_leave_nothing_behind(alice, start):
    process = start.puppet(alice)

    def send_and_leave():
        connection = bus.connect()
        for _ in range(PER_CONNECTION):
            connection.send_message(bus.make_call("GetEnvironment", process.pid))
        connection.flush()

    for _ in range(20):
        alice.do(send_and_leave)
    wait_until_not_busy(alice, process.pid)
    assert alice.do(send_at_once, process.pid, 200) == {"answer": 200}


def wait_until_not_busy(user, pid):
    """Those who left may still count for the moment that the service takes to see it."""
    for _ in range(1000):
        try:
            return user.call("GetEnvironment", pid)
        except bus.Error as error:
            assert error.name == bus.BUSY
    raise AssertionError("busy for good")
