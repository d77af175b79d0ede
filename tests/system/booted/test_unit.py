# SPDX-License-Identifier: LGPL-2.1-or-later
"""The unit: when systemd starts it, what it may and may not do, and when it goes."""

import os
import re
import subprocess

import pytest

import bus
import journal as journals
import service
import target
import users

UNIT = "pekeenvd.service"
DROP_IN = f"/run/systemd/system/{UNIT}.d/test.conf"
READING = 1 << 19 | 1 << 2  # CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH
EXPOSURE_MAX = 1.2  # of 10, as systemd-analyze counts; what is left is what reading takes


def systemctl(*arguments):
    return subprocess.run(["systemctl", *arguments], capture_output=True, text=True).stdout.strip()


def show(name):
    return systemctl("show", "--value", "--property", name, UNIT)


def stop():
    """Stops it, and has systemd forget how often it was started in the last seconds."""
    systemctl("stop", UNIT)
    systemctl("reset-failed", UNIT)
    assert systemctl("is-active", UNIT) == "inactive"


@pytest.fixture
def main():
    service.start()
    pid = int(show("MainPID"))
    assert pid == bus.owner_pid()
    return pid


@pytest.fixture
def zygote(main):
    return service.processes()[1]


@pytest.fixture
def readers(zygote):
    return service.processes()[2]


def test_a_call_of_an_ordinary_user_starts_it(alice, start):
    process = start.puppet(alice)
    stop()

    assert alice.call("GetEnvironment", process.pid) == target.ENTRIES
    assert systemctl("is-active", UNIT) == "active"
    assert int(show("MainPID")) == bus.owner_pid()


def test_systemd_has_no_objection_to_it():
    verified = subprocess.run(["systemd-analyze", "verify", UNIT], capture_output=True, text=True)

    assert (verified.returncode, verified.stdout, verified.stderr) == (0, "", "")


def test_all_its_processes_are_its_users_and_can_get_no_more_rights(main, zygote, readers):
    user = users.User("pekeenv")

    assert readers
    for pid in (main, zygote, *readers):
        assert target.status(pid, "Uid").split() == [str(user.uid)] * 4
        assert target.status(pid, "Gid").split() == [str(user.gid)] * 4
        assert target.status(pid, "NoNewPrivs") == "1"
        assert target.status(pid, "Seccomp") == "2"
        assert service.capabilities(pid)["CapBnd"] == READING


def test_the_process_on_the_bus_has_no_capability(main):
    held = service.capabilities(main)

    assert {held[name] for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {0}


def test_the_others_have_the_two_that_reading_takes(zygote, readers):
    for pid in (zygote, *readers):
        held = service.capabilities(pid)
        assert held["CapPrm"] == held["CapEff"] == READING
        assert held["CapInh"] == held["CapAmb"] == 0


def as_it_sees_files(pid, *command):
    """Runs a command as root where the service's processes have their files."""
    return subprocess.run(["nsenter", f"--target={pid}", "--mount", *command], capture_output=True, text=True)


@pytest.mark.parametrize("directory", ["/usr", "/etc", "/var/lib", "/srv", "/home", "/root"])
def test_where_it_is_even_root_can_not_write(main, directory):
    path = f"{directory}/written"
    with open(path, "w"):
        os.unlink(path)

    written = as_it_sees_files(main, "touch", path)
    assert written.returncode == 1
    assert "Read-only file system" in written.stderr


def test_it_sees_no_home_directories(main):
    assert "alice" in os.listdir("/home")
    assert as_it_sees_files(main, "ls", "--almost-all", "/home", "/root").stdout.split() == ["/home:", "/root:"]


def test_it_sees_nothing_of_what_others_have_in_tmp(main):
    with open("/tmp/of-others", "w"):
        pass

    assert as_it_sees_files(main, "ls", "--almost-all", "/tmp").stdout == ""


def test_it_has_no_network_and_a_host_name_of_its_own(main):
    for kind in ("net", "uts"):
        assert os.readlink(f"/proc/{main}/ns/{kind}") != os.readlink(f"/proc/1/ns/{kind}")

    with open(f"/proc/{main}/net/dev") as file:
        interfaces = [line.split(":")[0].strip() for line in file.readlines()[2:]]
    assert interfaces == ["lo"]


def test_it_can_neither_dump_core_nor_lock_memory(main):
    with open(f"/proc/{main}/limits") as file:
        limits = {line[:25].strip(): line[26:].split()[:2] for line in file}

    assert limits["Max core file size"] == ["0", "0"]
    assert limits["Max locked memory"] == ["0", "0"]


def test_its_memory_has_a_limit_at_which_a_reader_ends_and_the_service_goes_on(main):
    assert show("MemoryMax") == str(2 << 30)
    assert show("MemorySwapMax") == "0"
    assert show("OOMPolicy") == "continue"


def test_how_exposed_systemd_finds_it(capsys):
    found = subprocess.run(
        ["systemd-analyze", "security", "--no-pager", UNIT], stdout=subprocess.PIPE, text=True, check=True).stdout
    exposure = float(re.search(r"Overall exposure level for \S+: ([0-9.]+)", found)[1])
    with capsys.disabled():
        print(f" exposure {exposure} ", end="")

    assert exposure <= EXPOSURE_MAX, "\n".join(line for line in found.splitlines() if line.startswith("✗"))


@pytest.fixture
def impatient():
    """It has an idle time that a test can wait for."""
    os.makedirs(os.path.dirname(DROP_IN))
    with open(DROP_IN, "w") as file:
        file.write("[Service]\nExecStart=\nExecStart=/usr/libexec/pekeenvd --idle-timeout=1\n")
    systemctl("daemon-reload")
    stop()
    yield
    os.unlink(DROP_IN)
    os.rmdir(os.path.dirname(DROP_IN))
    systemctl("daemon-reload")
    stop()


def test_it_goes_when_nobody_asks_any_more_and_comes_back_for_the_next_call(alice, start, impatient, journal):
    process = start.puppet(alice)

    with bus.watch_owners() as watch:
        assert alice.call("GetEnvironment", process.pid) == target.ENTRIES
        first = show("MainPID")
        watch.wait_for_owner(bus.NAME, present=True)
        watch.wait_for_owner(bus.NAME, present=False)
    journal.wait_for(MESSAGE_ID=journals.UNIT_SUCCESS, UNIT=UNIT)
    assert systemctl("is-active", UNIT) == "inactive"
    assert show("Result") == "success"

    assert alice.call("GetEnvironment", process.pid) == target.ENTRIES
    assert show("MainPID") not in (first, "0")
