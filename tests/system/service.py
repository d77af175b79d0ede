# SPDX-License-Identifier: LGPL-2.1-or-later
"""The service's processes, and how the bus starts it."""

import os
import select
import shutil
import signal
import time

import bus
import target

LIMIT = 30
READER = "/usr/libexec/pekeenv-reader"
ACTIVATION_FILE = "/usr/share/dbus-1/system-services/org.pekeenv.Inspector.service"


def wait_for_end(pidfd):
    """Waits until a process has ended, and closes its pidfd."""
    assert select.select([pidfd], [], [], LIMIT)[0], "it has not ended"
    os.close(pidfd)


def stop():
    """Stops the service, if it runs, and returns when the bus knows and it has ended."""
    with bus.watch_owners() as watch:
        if bus.has_owner(bus.NAME):
            pidfd = os.pidfd_open(bus.owner_pid())
            signal.pidfd_send_signal(pidfd, signal.SIGTERM)
            watch.wait_for_owner(bus.NAME, present=False)
            wait_for_end(pidfd)


def start():
    bus.call_bus("StartServiceByName", bus.NAME, 0, signature="su")


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(child) for child in file.read().split()]


def zygotes(main):
    """Returns the PIDs of the process that forks the readers, and of the one that forks those that look names up."""
    readers, names = sorted(children(main), key=lambda pid: os.readlink(f"/proc/{pid}/exe") != READER)
    return readers, names


def processes():
    """Returns the PIDs of the process on the bus, of the readers' zygote, and of the readers that wait, once there are some."""
    main = bus.owner_pid()
    zygote, _ = zygotes(main)
    end = time.monotonic() + LIMIT
    while not children(zygote):
        assert time.monotonic() < end, "no reader waits"
    return main, zygote, children(zygote)


def replace_reader(program):
    """Has the service be started with other readers."""
    stop()
    os.unlink(READER)
    shutil.copy(program, READER)


def wait_until(condition, what):
    """Waits for what nobody tells; `what` is said if it does not come."""
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end, what
        os.sched_yield()


def wait_until_at_rest(zygote):
    """Waits until there are no readers but the four that wait for work."""
    wait_until(lambda: len(children(zygote)) == 4, "readers remain")


def capabilities(pid):
    return {name: int(target.status(pid, name), 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}


def resident(pid):
    """Returns the memory of a process, in KiB. Without meaning where freed memory is kept, see keeps_freed_memory()."""
    return int(target.status(pid, "VmRSS").split()[0])


def keeps_freed_memory(pid):
    """Whether the program was built with sanitizers, which do so to see whether anybody still uses it."""
    with open(f"/proc/{pid}/maps") as file:
        return "asan" in file.read()


class CommandLine:
    """Has the bus start the service with other options as long as this is entered."""

    def __init__(self, *options):
        self._options = options

    def __enter__(self):
        with open(ACTIVATION_FILE) as file:
            self._text = file.read()
        line = next(line for line in self._text.splitlines() if line.startswith("Exec="))
        self._write(self._text.replace(line, " ".join((line, *self._options))))

    def __exit__(self, *_):
        self._write(self._text)

    @staticmethod
    def _write(text):
        stop()
        with open(ACTIVATION_FILE, "w") as file:
            file.write(text)
        bus.call_bus("ReloadConfig", signature="")
