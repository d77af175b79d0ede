# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the service's processes may do themselves."""

import os
import pwd

import pytest

import bus
import service
import target

NONE = 0
READING = 1 << 19 | 1 << 2  # CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH


@pytest.fixture
def main():
    service.start()
    return service.processes()[0]


@pytest.fixture
def zygote(main):
    return service.processes()[1]


@pytest.fixture
def readers(zygote):
    return service.processes()[2]


@pytest.fixture
def names(main):
    """The process that forks those that look names up."""
    return service.zygotes(main)[1]


@pytest.fixture
def everyone(main, zygote, readers, names):
    return [main, zygote, *readers, names]


def test_readers_wait_ahead_of_need(readers):
    assert readers


def test_all_processes_are_the_service_users(everyone):
    user = pwd.getpwnam("pekeenv")

    for pid in everyone:
        assert target.status(pid, "Uid").split() == [str(user.pw_uid)] * 4
        assert target.status(pid, "Gid").split() == [str(user.pw_gid)] * 4
        assert target.status(pid, "Groups").split() in ([], [str(user.pw_gid)])


def test_the_process_on_the_bus_has_no_capabilities_at_all(main):
    assert set(service.capabilities(main).values()) == {NONE}


def test_the_others_have_the_two_that_reading_needs_and_can_get_no_more(zygote, readers, names):
    for pid in (zygote, *readers, names):
        sets = service.capabilities(pid)
        assert sets["CapEff"] == sets["CapPrm"] == READING
        assert sets["CapInh"] == sets["CapAmb"] == sets["CapBnd"] == NONE


def test_none_can_gain_privileges_by_exec(everyone):
    assert {target.status(pid, "NoNewPrivs") for pid in everyone} == {"1"}


def test_none_is_dumpable(everyone):
    """The kernel gives the files in /proc of a process that is not dumpable to root."""
    assert {os.stat(f"/proc/{pid}/environ").st_uid for pid in everyone} == {0}


def test_readers_hold_no_connection_to_the_bus(readers, zygote, names, main):
    def sockets(pid):
        """The sockets that a process has open, but for what it was started with."""
        fds = [int(fd) for fd in os.listdir(f"/proc/{pid}/fd")]
        links = {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in fds if fd > 2}
        return {link for link in links if link.startswith("socket:")}

    assert sockets(main)
    for pid in (zygote, *readers, names):
        assert len(sockets(pid)) == 1
        assert not sockets(pid) & sockets(main)


def test_the_service_itself_is_nobodys_to_read(alice, main, zygote, names):
    for pid in (main, zygote, names):
        assert alice.is_refused("GetEnvironment", pid).name == bus.INTERACTION_REQUIRED


def test_it_refuses_a_second_instance(root, main):
    second = root.run(["/usr/libexec/pekeenvd"])

    assert second.returncode == 1
    assert "running already" in second.stderr
    assert bus.owner_pid() == main


def test_it_does_not_start_for_an_ordinary_user(alice):
    started = alice.run(["/usr/libexec/pekeenvd"])

    assert started.returncode == 1
    assert "CAP_SYS_PTRACE" in started.stderr
