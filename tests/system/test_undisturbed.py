# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reading leaves no trace in the process that is read."""

import os
import shutil
import signal
import subprocess

import pytest

import bus
import target

READS = 10000


def read_many(pid, count):
    """Reads by each method in turn; there is a caller each time who watches what the process's state is."""
    connection = bus.connect()
    states = set()
    for number in range(count):
        if number % 10:
            assert bus.call("GetEnvironment", pid, connection=connection) == target.ENTRIES
        else:
            os.close(bus.call("OpenEnvironment", pid, connection=connection))
        states.add((target.status(pid, "State")[0], target.status(pid, "TracerPid")))
    return states


def watch(pid, stop):
    """Looks at the process's state without a pause until told to stop."""
    states = set()
    looks = 0
    while not os.path.exists(stop):
        states.add((target.status(pid, "State")[0], target.status(pid, "TracerPid")))
        looks += 1
    return states, looks


@pytest.fixture
def stop_file():
    path = os.environ["PEKEENV_TEST_DIR"] + "/stop"
    yield path
    os.unlink(path)


def trace_of_running(process):
    """What a stop, a signal or a wake-up would change: how often it ran, for how long, and its signals."""
    keys = ("voluntary_ctxt_switches", "nonvoluntary_ctxt_switches", "SigPnd", "ShdPnd", "TracerPid")
    times = process.proc("stat").rpartition(b")")[2].split()[11:13]
    return [process.status(key) for key in keys] + times


def test_ten_thousand_reads_never_stop_nor_trace_nor_wake_the_process(alice, start, stop_file):
    process = start.puppet(alice)
    wait_until_it_sleeps(process)
    before = trace_of_running(process)

    watching = alice.begin(watch, process.pid, stop_file)
    try:
        seen_by_readers = alice.do(read_many, process.pid, READS, limit=120)
    finally:
        with open(stop_file, "w"):
            pass
    seen, looks = watching.result()

    assert seen == seen_by_readers == {("S", "0")}
    assert looks > 1000
    assert trace_of_running(process) == before


def wait_until_it_sleeps(process):
    """It has said that it is ready, and then goes to read from a pipe."""
    while process.status("State")[0] != "S":
        os.sched_yield()


def test_a_process_that_never_rests_is_not_stopped_either(alice, start, stop_file):
    process = start.puppet(alice)
    process.process.stdin.write(repr("while True: pass").encode() + b"\n")

    watching = alice.begin(watch, process.pid, stop_file)
    try:
        seen = alice.do(read_many, process.pid, 500)
    finally:
        with open(stop_file, "w"):
            pass

    assert seen | watching.result()[0] <= {("R", "0"), ("S", "0")}


def test_strace_sees_nothing_of_the_reads_and_does_not_hinder_them(alice, start, directory):
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    log = f"{directory}/strace"
    process = start.puppet(alice)
    tracer = subprocess.Popen(
        ["strace", "-f", "-o", log, "-p", str(process.pid)], stderr=subprocess.PIPE, text=True)
    try:
        assert "attached" in tracer.stderr.readline()
        process.do("os.environ.update({}); os.getppid()")

        root_seen = alice.do(read_many, process.pid, 1000)
        process.do("os.getppid()")
    finally:
        tracer.terminate()
        tracer.wait()
        tracer.stderr.close()

    with open(log) as file:
        lines = [line.split(maxsplit=1)[1] for line in file]
    marks = [number for number, line in enumerate(lines) if line.startswith("getppid()")]
    between = [line for line in lines[marks[0] + 1:marks[1]] if not line.startswith(("write(1, ", "read(0, ", "brk("))]
    assert between == []
    assert not any(line.startswith(("---", "+++")) for line in lines)
    assert {tracer_pid for _, tracer_pid in root_seen} == {str(tracer.pid)}


def test_a_process_that_its_user_has_stopped_is_read_and_stays_stopped(alice, start):
    process = start.puppet(alice)
    os.kill(process.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED)

    assert {state for state, _ in alice.do(read_many, process.pid, 100)} == {"T"}
