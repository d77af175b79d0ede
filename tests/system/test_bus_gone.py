# SPDX-License-Identifier: LGPL-2.1-or-later
"""When the bus goes, all of the service goes."""

import os
import signal
import subprocess

import pytest

import service

LIMIT = 30
SERVICE = "/usr/libexec/pekeenvd"


@pytest.fixture
def other_bus(directory):
    """A system bus beside the one that the tests need. Yields its process and its address."""
    address = f"unix:path={directory}/bus"
    with subprocess.Popen(
            ["dbus-daemon", "--config-file=/usr/share/dbus-1/system.conf", "--nofork", "--nopidfile", "--print-address",
             f"--address={address}"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout.readline()
        yield process, address
        process.kill()


def wait_for_name(address):
    subprocess.run(
        ["gdbus", "wait", "--address", address, f"--timeout={LIMIT}", "org.pekeenv.Inspector"], check=True)


def test_without_a_bus_no_process_is_left(other_bus):
    process, address = other_bus
    environment = os.environ | {"DBUS_SYSTEM_BUS_ADDRESS": address}
    with subprocess.Popen([SERVICE], env=environment, stderr=subprocess.PIPE) as main:
        wait_for_name(address)
        zygote, names = service.zygotes(main.pid)
        pids = [main.pid, zygote, *service.children(zygote), names, *service.children(names)]
        assert len(pids) > 2
        pidfds = [os.pidfd_open(pid) for pid in pids]

        process.send_signal(signal.SIGKILL)
        for pidfd in pidfds:
            service.wait_for_end(pidfd)
        assert main.wait() == 1
        assert b"bus is gone" in main.stderr.read()
