# SPDX-License-Identifier: LGPL-2.1-or-later
"""A bus without systemd starts the service when it is called, and it goes when nobody asks any more."""

import os
import signal

import bus
import service
import target


def test_the_first_call_starts_the_service(alice, start):
    service.stop()
    process = start.puppet(alice)

    assert not bus.has_owner(bus.NAME)
    assert alice.call("GetEnvironment", process.pid) == target.ENTRIES
    assert bus.has_owner(bus.NAME)


def test_it_exits_when_idle_and_comes_back(alice, start):
    process = start.puppet(alice)

    with service.CommandLine("--idle-timeout=1"), bus.watch_owners() as watch:
        for _ in range(2):
            assert alice.call("GetEnvironment", process.pid) == target.ENTRIES
            pid = bus.owner_pid()
            watch.wait_for_owner(bus.NAME, present=True)
            watch.wait_for_owner(bus.NAME, present=False)
            assert not bus.has_owner(bus.NAME)
        assert alice.call("GetEnvironment", process.pid) == target.ENTRIES
        assert bus.owner_pid() != pid


def test_a_call_that_polkit_thinks_about_for_longer_than_the_idle_time_is_answered(
        alice, bob, start, rules, held_question):
    process = start.puppet(bob)
    rules.add(held_question.rule)

    with service.CommandLine("--idle-timeout=0"):
        asking = alice.begin(bus.call, "GetEnvironment", process.pid)
        held_question.wait_until_asked()
        held_question.answer()
        assert asking.result() == target.ENTRIES


def test_without_its_zygote_it_ends_and_the_next_call_starts_both(alice, start):
    process = start.puppet(alice)
    service.start()

    with bus.watch_owners() as watch:
        main, zygote, _ = service.processes()
        os.kill(zygote, signal.SIGKILL)
        watch.wait_for_owner(bus.NAME, present=False)
    assert alice.call("GetEnvironment", process.pid) == target.ENTRIES
    assert bus.owner_pid() != main


def call_many_times(pid, count):
    """Calls of each kind, each of which must be answered, whatever the service is about to do."""
    connection = bus.connect()
    for number in range(count):
        assert bus.call("GetEnvironment", pid, connection=connection) == target.ENTRIES
        if number % 3 == 0:
            version = bus.call(
                "Get", bus.INTERFACE, "Version", signature="ss", connection=connection,
                to=(bus.NAME, bus.PATH, "org.freedesktop.DBus.Properties"),
            )
            assert version
    return count


def test_no_call_is_lost_when_each_finds_it_leaving(alice, start):
    process = start.puppet(alice)

    with service.CommandLine("--idle-timeout=0"):
        assert alice.do(call_many_times, process.pid, 300, limit=120) == 300


def test_no_call_of_many_callers_is_lost_while_it_comes_and_goes(alice, bob, start):
    targets = [(user, start.puppet(user)) for user in (alice, bob, alice, bob)]

    with service.CommandLine("--idle-timeout=0"):
        streams = [user.begin(call_many_times, process.pid, 200) for user, process in targets]
        assert [stream.result(limit=120) for stream in streams] == [200] * 4
