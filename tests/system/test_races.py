# SPDX-License-Identifier: LGPL-2.1-or-later
"""Processes that become others while they are read (tests/targets/racing.c): no answer that was not allowed.

PEKEENV_RACES tells how many times as long as usual to try, for example 100."""

import collections
import os
import shutil
import signal
import subprocess

import pytest

import bus
import polkit
import service
import target

TIMES = int(os.environ.get("PEKEENV_RACES", "1"))
LIMIT = 300 * TIMES

PID = 30000  # of the processes; in this PID namespace nobody else comes to it

# What the processes that may be read have: before the exec, and after.
ALLOWED = ([*target.ENTRIES], ["OWNER=1"])
# How long a process may take, in loops: some milliseconds, as a request does; with polkit; and with strace.
SHORT, LONG, VERY_LONG = 5 * 1000 * 1000, 40 * 1000 * 1000, 100 * 1000 * 1000

METHODS = ("GetEnvironment", "OpenEnvironment", "GetInitialEnvironment", "Describe")

# What those may come to that may not, or that are gone.
REFUSALS = {bus.INTERACTION_REQUIRED, bus.NO_SUCH_PROCESS, bus.NO_ENVIRONMENT, bus.CHANGING}


@pytest.fixture
def program(directory):
    return shutil.copy(os.path.join(os.environ["PEKEENV_TARGETS"], "racing"), directory)


@pytest.fixture
def race(root, start, program, directory):
    """Lets the processes of a user, of root, and of another user, have one PID in turns."""
    setuid = shutil.copy(program, f"{directory}/setuid")
    os.chmod(setuid, 0o4755)
    assert not os.statvfs(setuid).f_flag & os.ST_NOSUID

    def begin(user, other, time):
        ids = (str(number) for number in (user.uid, user.gid, other.uid, other.gid))
        return start(root, [program, str(time), str(PID), setuid, *ids])

    return begin


def read_all(file):
    with open(file, "rb") as opened:
        return opened.read().decode().split("\0")[:-1]


def ask_again_and_again(uid, count):
    """Asks about the PID, by turns by each method. Returns how often what came; ends with the first wrong answer."""
    connection = bus.connect()
    seen = collections.Counter()
    for number in range(count):
        method = METHODS[number % len(METHODS)]
        try:
            answer = bus.call(method, PID, connection=connection)
        except bus.Error as error:
            seen[error.name] += 1
            continue
        if method == "Describe":
            assert answer["UID"] == uid and "setuid" not in answer["Executable"], answer
        else:
            entries = read_all(answer) if method == "OpenEnvironment" else answer
            assert entries in ALLOWED, (method, entries)
        seen["answer"] += 1
    return seen


def ask_at_once(user, uid, count):
    """Several of the user's processes do; the owner of a process has four places for readers."""
    seen = collections.Counter()
    for asking in [user.begin(ask_again_and_again, uid, count // 4) for _ in range(4)]:
        seen += asking.result(LIMIT)
    return seen


def assert_raced(process, seen):
    print(dict(seen))
    assert process.process.poll() is None, "the processes have ended"
    assert seen["answer"] and seen[bus.INTERACTION_REQUIRED], "both were seen"
    assert set(seen) <= REFUSALS | {"answer"}


def test_ones_own_process_that_becomes_another_leaks_nothing(alice, bob, race):
    process = race(alice, bob, SHORT)
    assert_raced(process, ask_at_once(alice, alice.uid, 7000 * TIMES))


def test_what_a_rule_allows_is_not_what_the_process_becomes(alice, bob, carol, race, rules):
    """A process has to last for as long as polkit thinks, or there is no answer that could be wrong."""
    rules.allow(f'action.lookup("uid") == "{bob.uid}"')
    for time in (LONG, 5 * LONG, 25 * LONG):
        process = race(bob, carol, time)
        seen = ask_at_once(alice, bob.uid, 2000 * TIMES)
        if seen["answer"]:
            break
        process.end()
    assert_raced(process, seen)


# What a reader does until it is in its sandbox, and what it does there.
STEPS = ("openat", "newfstatat,readlinkat,statx", "read", "pread64", "close", "recvmsg,sendmsg", "close_range,prctl")


@pytest.fixture
def slow():
    """Has readers take their time for some system calls: slow(calls)."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    tracers = []

    def trace(calls):
        service.start()
        zygote = service.processes()[1]
        tracer = subprocess.Popen(
            ["strace", "-f", "-o", "/dev/null", "-e", f"trace={calls}", "-e", f"inject={calls}:delay_exit=1000",
             "-p", str(zygote)],
            stderr=subprocess.PIPE, text=True)
        tracers.append(tracer)
        assert "attached" in tracer.stderr.readline()

    yield trace
    for tracer in tracers:
        tracer.send_signal(signal.SIGTERM)
        tracer.wait()
        tracer.stderr.close()
    service.stop()


@pytest.mark.parametrize("calls", STEPS)
def test_nothing_leaks_however_long_a_step_takes(calls, alice, bob, race, slow):
    process = race(alice, bob, VERY_LONG)
    slow(calls)
    seen = ask_at_once(alice, alice.uid, 152 * TIMES)
    print(dict(seen))
    assert process.process.poll() is None, "the processes have ended"
    assert set(seen) <= REFUSALS | {"answer", bus.BUSY}


def test_a_caller_is_who_connected_to_the_bus_whatever_he_has_become(alice, root, start, directory):
    """While the service does not look, the caller executes a program with root's rights."""
    program = shutil.copy("/bin/bash", f"{directory}/bash")
    os.chmod(program, 0o4755)
    process = start.puppet(root)
    service.start()
    main = service.processes()[0]

    def ask_and_become_root():
        connection = bus.connect()
        os.set_inheritable(connection.get_unix_fd(), True)
        connection.send_message(bus.make_call("GetEnvironment", process.pid))
        connection.flush()
        os.execv(program, ["bash", "-p", "-c", f": >{directory}/is-root; read <{directory}/go"])

    for name in ("is-root", "go"):
        os.mkfifo(f"{directory}/{name}")
        os.chmod(f"{directory}/{name}", 0o666)
    with bus.Watch(f"sender='{bus.NAME}'", f"type='method_call',interface='{polkit.AUTHORITY[2]}'") as watch:
        os.kill(main, signal.SIGSTOP)
        asking = alice.begin(ask_and_become_root)
        with open(f"{directory}/is-root"):
            pass
        assert target.status(asking.pid, "Uid").split()[1] == "0"
        os.kill(main, signal.SIGCONT)
        watch.wait_for(member="CheckAuthorization")
        message = watch.wait_for(type="error")
    with open(f"{directory}/go", "w"):
        pass

    assert message["payload"]["data"][0].startswith(f"Reading the environment of process {process.pid} of user root")
    os.waitpid(asking.pid, 0)
