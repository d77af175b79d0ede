# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ten thousand requests of every kind leave nothing behind."""

import os

import bus
import service
import target

REQUESTS = 10000
AT_ONCE = 50
GROWTH_MAX = 128  # KiB; a pointer's size for each request is 80


def calls(own, allowed, refused, pidfd):
    """What is asked, in turns: with answers and errors of all kinds."""
    kinds = [
        *[(method, own) for method in ("GetEnvironment", "OpenEnvironment", "GetInitialEnvironment", "Describe")],
        ("GetVariableNames", own), ("GetVariable", own, "LANG"), ("GetVariable", own, "NOT_SET"),
        ("GetVariable", own, "A=B"), ("GetVariable", own, ""),
        *[(f"{method}ByPIDFD", pidfd) for method in ("GetEnvironment", "OpenEnvironment", "GetVariableNames")],
        ("GetVariableByPIDFD", pidfd, "LANG"), ("GetEnvironmentByPIDFD", os.open("/dev/null", os.O_RDONLY)),
        ("GetEnvironment", 0), ("GetEnvironment", 2**22 + 1), ("Describe", 2**32 - 1), ("SetEnvironment", own),
        ("GetEnvironment", allowed), ("GetEnvironment", refused),
    ]
    while True:
        yield from kinds


def ask(count, *processes):
    """Asks so often; some callers leave with all that they have asked for. Returns what came of it."""
    kinds = calls(*processes)
    outcomes = set()

    def on_reply(reply):
        outcomes.add(reply.get_error_name() or "answer")
        for value in reply.get_args_list():
            if isinstance(value, bus.dbus.types.UnixFd):
                os.close(value.take())

    for number in range(count // AT_ONCE):
        connection = bus.connect()
        messages = [bus.make_call(*next(kinds)) for _ in range(AT_ONCE)]
        if number % 4 == 0:
            for message in messages:
                connection.send_message(message)
            connection.flush()
        else:
            for waiting in [connection.send_message_with_reply(message, on_reply, bus.LIMIT) for message in messages]:
                waiting.block()
        connection.close()
    return outcomes


def resources(main, zygote):
    """Returns descriptors, and memory in KiB, of both. Sanitizers, who keep what was freed, look for themselves."""
    return [
        [len(os.listdir(f"/proc/{pid}/fd")) for pid in (main, zygote)],
        [0 if service.keeps_freed_memory(pid) else service.resident(pid) for pid in (main, zygote)],
    ]


def test_nothing_is_left_of_ten_thousand_requests(alice, bob, carol, start, rules):
    own, allowed, refused = (start.puppet(user) for user in (alice, bob, carol))
    rules.allow(f'action.lookup("pid") == "{allowed.pid}"')
    processes = own.pid, allowed.pid, refused.pid, os.pidfd_open(own.pid)
    service.stop()
    service.start()
    main, zygote, _ = service.processes()

    outcomes = alice.do(ask, REQUESTS // 4, *processes)
    assert outcomes == {
        "answer", bus.NO_SUCH_VARIABLE, bus.INVALID_ARGS, bus.NO_SUCH_PROCESS, bus.INTERACTION_REQUIRED,
        "org.freedesktop.DBus.Error.UnknownMethod"}
    service.wait_until_at_rest(zygote)
    descriptors, memory = resources(main, zygote)
    alice.do(ask, REQUESTS, *processes, limit=120)

    def is_as_before():
        now = resources(main, zygote)
        return now[0] <= descriptors and all(n <= before + GROWTH_MAX for n, before in zip(now[1], memory))

    service.wait_until_at_rest(zygote)
    print(f"descriptors and KiB of memory: {descriptors}, {memory}; afterwards {resources(main, zygote)}")
    service.wait_until(is_as_before, f"{descriptors}, {memory} became {resources(main, zygote)}")
    assert service.processes()[:2] == (main, zygote)
