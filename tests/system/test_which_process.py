# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is no process, or has no environment, has its error."""

import os
import shutil
import subprocess

import pytest

import bus
import service
import target

BY_PID = ("GetEnvironment", "OpenEnvironment", "GetInitialEnvironment", "Describe")


def assert_refused(user, pid, name, word):
    for method in BY_PID:
        error = user.is_refused(method, pid, interactive=True)
        assert error.name == name
        assert word in error.message


def free_pid():
    """A PID that nobody has, and that nobody gets soon: the kernel counts up."""
    with subprocess.Popen(["true"]) as process:
        pass
    assert not os.path.exists(f"/proc/{process.pid}")
    return process.pid


def test_pid_zero_is_no_process(alice, root):
    for user in (alice, root):
        assert_refused(user, 0, bus.INVALID_ARGS, "PID")


def test_a_free_pid_is_no_process(alice, root):
    pid = free_pid()
    for user in (alice, root):
        assert_refused(user, pid, bus.NO_SUCH_PROCESS, f"process {pid}")


def test_a_number_that_can_not_be_a_pid_is_no_process(alice):
    for number in (2**31 - 1, 2**31, 2**32 - 1):
        assert alice.is_refused("GetEnvironment", number).name == bus.NO_SUCH_PROCESS


def test_a_thread_is_no_process(alice, root, start):
    process = start.puppet(alice)
    process.do("import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()")
    (thread,) = set(os.listdir(f"/proc/{process.pid}/task")) - {str(process.pid)}

    for user in (alice, root):
        assert_refused(user, int(thread), bus.NO_SUCH_PROCESS, "thread")
    assert alice.call("GetEnvironment", process.pid) == target.ENTRIES


def test_a_zombie_has_no_environment(alice, bob, root, start):
    parent = start.puppet(alice)
    parent.do("child = os.fork() or os._exit(0); os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT); print(child)")
    zombie = int(parent.said.split()[0])
    assert target.status(zombie, "State").startswith("Z")

    for user in (alice, bob, root):
        assert_refused(user, zombie, bus.NO_ENVIRONMENT, "zombie")


def test_a_process_whose_main_thread_has_exited_has_what_the_others_have(alice, start, directory):
    program = shutil.copy(os.path.join(os.environ["PEKEENV_TARGETS"], "leaderless"), directory)
    process = start(alice, ["/bin/sh", "-c", 'echo ready; read -r _; exec "$0" NEW 1', program])
    process.process.stdin.write(b"\n")
    process.wait_for(b"READY")
    assert process.status("State").startswith("Z")

    assert "NEW=1" in alice.call("GetEnvironment", process.pid)
    assert alice.call("Describe", process.pid)["Executable"] == program


def test_a_process_that_ends_while_it_is_read_gives_an_answer_or_an_error(alice):
    def start_and_read(count):
        connection = bus.connect()
        names = set()
        for _ in range(count):
            with subprocess.Popen(["true"], env={"LANG": "C.UTF-8"}) as process:
                try:
                    assert bus.call("GetEnvironment", process.pid, connection=connection) == target.ENTRIES
                except bus.Error as error:
                    names.add(error.name)
        return names

    allowed = {bus.NO_SUCH_PROCESS, bus.NO_ENVIRONMENT, bus.CHANGING, bus.INTERACTION_REQUIRED}
    assert alice.do(start_and_read, 300) <= allowed


def read_while_it_is_loaded():
    """Reads a process again and again while strace holds it up at each step of the dynamic loader."""
    connection = bus.connect()
    seen = set()
    command = ["strace", "-qq", "-o", "/dev/null", "-e", "inject=mprotect,mmap,prlimit64,getrandom:delay_exit=20000",
               "/usr/bin/sleep", "0.1"]
    with subprocess.Popen(command, env=target.ENVIRONMENT) as tracer:
        while tracer.poll() is None:
            for process in service.children(tracer.pid):
                try:
                    seen.add(tuple(bus.call("GetEnvironment", process, connection=connection)))
                except bus.Error as error:
                    seen.add(error.name)
    return seen


def test_a_process_that_is_being_loaded_gives_its_environment_or_an_error_but_never_an_empty_one(alice):
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    seen = alice.do(read_while_it_is_loaded)

    assert bus.CHANGING in seen
    assert tuple(target.ENTRIES) in seen
    assert seen <= {
        tuple(target.ENTRIES), bus.CHANGING, bus.NO_SUCH_PROCESS, bus.NO_ENVIRONMENT, bus.INTERACTION_REQUIRED}


def test_messages_name_the_process_and_what_to_do(alice):
    pid = free_pid()
    assert alice.is_refused("GetEnvironment", pid).message == (
        f"There is no process {pid}, or not any more. Check the PID.")
