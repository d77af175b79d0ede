# SPDX-License-Identifier: LGPL-2.1-or-later
"""Answers that are not read."""

import os

import pytest

import bus

ROUNDS = 6

# More than the bus takes from one service while they are not read. It lets a connection wait for 128 replies.
FILES_PER_ROUND = 100
LARGE_PER_ROUND = 5
LARGE = 12 << 20


def read_many(pid, count, method="GetEnvironment"):
    connection = bus.connect()
    for _ in range(count):
        answer = bus.call(method, pid, connection=connection)
        if method == "OpenEnvironment":
            os.close(answer)
    return count


def ask(call, count, small_pid):
    """Asks again and again and reads no answer. Returns the connection on which they are."""
    connection = bus.connect()
    for _ in range(ROUNDS):
        for _ in range(count):
            connection.send_message(bus.make_call(*call))
        connection.flush()
        read_some(small_pid)
    return connection


def hoard(asked, *arguments):
    """The same until somebody opens a FIFO for reading."""
    connection = ask(*arguments)
    with open(asked, "w"):
        connection.close()


def let_go(hoarder, asked):
    """Does not wait for one who has failed and will not open it."""
    reader = os.open(asked, os.O_RDONLY | os.O_NONBLOCK)
    try:
        hoarder.result()
    finally:
        os.close(reader)


def read_some(pid):
    """Lets the service come to what was sent before, whatever it says."""
    connection = bus.connect()
    for _ in range(20):
        try:
            bus.call("GetEnvironment", pid, connection=connection)
        except bus.Error as error:
            assert error.name == bus.BUSY


@pytest.fixture
def asked(alice, directory):
    path = f"{directory}/asked"
    os.mkfifo(path, 0o600)
    os.chown(path, alice.uid, alice.gid)
    return path


def test_files_that_one_user_does_not_fetch_keep_nobody_from_reading(alice, bob, start, asked):
    hoarded, mine = start.puppet(alice), start.puppet(bob)
    hoarder = alice.begin(hoard, asked, ("OpenEnvironment", hoarded.pid), FILES_PER_ROUND, hoarded.pid)

    for method in ("GetEnvironment", "OpenEnvironment"):
        assert bob.do(read_many, mine.pid, 30, method) == 30
    let_go(hoarder, asked)


@pytest.mark.parametrize("call", [("GetEnvironment",), ("GetVariable", "A")], ids=lambda call: call[0])
def test_large_answers_that_one_user_does_not_fetch_keep_nobody_from_reading(call, alice, bob, start, asked):
    large, small, mine = start.puppet(alice), start.puppet(alice), start.puppet(bob)
    large.do(f"set_environ(b'A=' + b'a' * {LARGE})")
    method, *name = call
    hoarder = alice.begin(hoard, asked, (method, large.pid, *name), LARGE_PER_ROUND, small.pid)

    assert bob.do(read_many, mine.pid, 30) == 30
    let_go(hoarder, asked)


def test_who_has_not_fetched_answers_is_told_busy(alice, start):
    process = start.puppet(alice)

    def hoard_and_ask():
        connection = ask(("OpenEnvironment", process.pid), FILES_PER_ROUND, process.pid)
        try:
            return bus.call("OpenEnvironment", process.pid)
        except bus.Error as error:
            return error.name, error.message
        finally:
            connection.close()

    name, message = alice.do(hoard_and_ask)
    assert name == bus.BUSY
    assert "Wait for the answers" in message


@pytest.mark.parametrize("method", ["GetEnvironment", "OpenEnvironment"])
def test_who_fetches_answers_gets_as_many_as_asked_for(alice, start, method):
    process = start.puppet(alice)
    process.do(f"set_environ(b'A=' + b'a' * {1 << 20})")

    assert alice.do(read_many, process.pid, 100, method) == 100


def test_connections_that_are_closed_hold_nothing(alice, start):
    process = start.puppet(alice)

    for _ in range(40):
        assert alice.do(read_many, process.pid, 1, "OpenEnvironment") == 1
