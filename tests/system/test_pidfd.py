# SPDX-License-Identifier: LGPL-2.1-or-later
"""Processes named by a descriptor."""

import os

import pytest

import bus
import target

METHODS = ("GetEnvironmentByPIDFD", "OpenEnvironmentByPIDFD")
PIDFD_THREAD = os.O_EXCL


def test_ones_own_process(alice, start):
    process = start.puppet(alice)
    process.do("os.environ['NEW'] = '2'")

    assert alice.call("GetEnvironmentByPIDFD", os.pidfd_open(process.pid)) == [*target.ENTRIES, "NEW=2"]


def test_ones_own_process_as_a_file(alice, start):
    process = start.puppet(alice)
    process.do("os.environ['NEW'] = '2'")

    def read():
        with open(bus.call("OpenEnvironmentByPIDFD", os.pidfd_open(process.pid)), "rb") as file:
            return file.read()

    assert alice.do(read) == b"LANG=C.UTF-8\0NEW=2\0"


def test_to_hold_a_pidfd_of_a_foreign_process_is_no_right_to_read_it(alice, bob, start):
    process = start.puppet(bob)

    for method in METHODS:
        error = alice.is_refused(method, os.pidfd_open(process.pid))
        assert error.name == bus.INTERACTION_REQUIRED
        assert f"process {process.pid} of user bob" in error.message


def test_a_foreign_process_by_a_rule(alice, bob, start, rules):
    process = start.puppet(bob)
    rules.allow(f'action.lookup("pid") == "{process.pid}" && action.lookup("method") == "GetEnvironmentByPIDFD"')

    pidfd = os.pidfd_open(process.pid)
    assert alice.call("GetEnvironmentByPIDFD", pidfd) == target.ENTRIES
    assert alice.is_refused("OpenEnvironmentByPIDFD", pidfd).name == bus.INTERACTION_REQUIRED


def test_a_process_that_is_gone(alice, start):
    process = start.puppet(alice)
    pidfd = os.pidfd_open(process.pid)
    process.end()

    for method in METHODS:
        assert alice.is_refused(method, pidfd).name == bus.NO_SUCH_PROCESS


def test_a_zombie(alice, start):
    process = start.puppet(alice)
    pidfd = os.pidfd_open(process.pid)
    process.process.stdin.close()
    os.waitid(os.P_PIDFD, pidfd, os.WEXITED | os.WNOWAIT)

    for method in METHODS:
        assert alice.is_refused(method, pidfd).name == bus.NO_ENVIRONMENT


def test_what_is_no_pidfd(alice, start):
    process = start.puppet(alice)
    others = {
        "a device": os.open("/dev/null", os.O_RDONLY),
        "a pipe": os.pipe()[0],
        "a file": os.open("/etc/passwd", os.O_RDONLY),
        "a path": os.open("/etc/passwd", os.O_PATH),
        "a process's directory": os.open(f"/proc/{process.pid}", os.O_RDONLY | os.O_DIRECTORY),
        "a memfd": os.memfd_create("Pid:\t1\n"),
        "an eventfd": os.eventfd(0),
    }

    for kind, fd in others.items():
        for method in METHODS:
            error = alice.is_refused(method, fd)
            assert error.name == bus.INVALID_ARGS, kind
            assert "pidfd" in error.message


def test_a_pidfd_of_a_thread(alice, start):
    process = start.puppet(alice)
    process.do("import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()")
    (thread,) = set(os.listdir(f"/proc/{process.pid}/task")) - {str(process.pid)}
    try:
        pidfd = os.pidfd_open(int(thread), PIDFD_THREAD)
    except OSError as error:
        pytest.skip(f"the kernel has no pidfds of threads (Linux 6.9): {error}")

    for method in METHODS:
        error = alice.is_refused(method, pidfd)
        assert error.name == bus.NO_SUCH_PROCESS
        assert "thread" in error.message
