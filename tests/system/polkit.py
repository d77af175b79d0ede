# SPDX-License-Identifier: LGPL-2.1-or-later
"""polkitd, and rules for it."""

import os
import select
import signal
import time

import bus

NAME = "org.freedesktop.PolicyKit1"
AUTHORITY = (NAME, "/org/freedesktop/PolicyKit1/Authority", "org.freedesktop.PolicyKit1.Authority")
ACTIVATION_FILE = "/usr/share/dbus-1/system-services/org.freedesktop.PolicyKit1.service"
RULES = "/etc/polkit-1/rules.d"
ACTION = "org.pekeenv.inspector.read"
ACTION_NAMES = "org.pekeenv.inspector.read-names"
LIMIT = 30

CHANGED = "type='signal',interface='org.freedesktop.PolicyKit1.Authority',member='Changed'"


def start():
    """Has polkitd started, if it is not running."""
    bus.call_bus("StartServiceByName", NAME, 0, signature="su")


def kill():
    """Kills polkitd and returns when the bus knows."""
    with bus.watch_owners() as watch:
        os.kill(bus.owner_pid(NAME), signal.SIGKILL)
        watch.wait_for_owner(NAME, present=False)


def check(action, subject_pid, uid, **details):
    """Asks polkitd about a process, as root. Returns whether it may, whether it would ask somebody, and what else."""
    with open(f"/proc/{subject_pid}/stat") as file:
        start_time = int(file.read().rpartition(")")[2].split()[19])
    return bus.call(
        "CheckAuthorization",
        ("unix-process", {"pid": bus.dbus.UInt32(subject_pid), "start-time": bus.dbus.UInt64(start_time),
                          "uid": bus.dbus.Int32(uid)}),
        action, details, 0, "",
        signature="(sa{sv})sa{ss}us", to=AUTHORITY,
    )


def allows(*arguments, **details):
    return check(*arguments, **details)[0]


class Rules:
    """Rules of polkit that are in force as long as this exists."""

    def __init__(self, bystander):
        """bystander: a process of a user who may do nothing, for asking polkitd."""
        self._bystander = bystander
        self._marks = {}

    def add(self, code, name="50-test"):
        """Puts a file of JavaScript in force, in place of one of the same name, and returns when it is."""
        mark = os.urandom(8).hex()
        path = f"{RULES}/{name}.rules"
        with open(path + ".new", "w") as file:
            file.write(code)
            file.write(
                "polkit.addRule(function(action, subject) {\n"
                f'    if (action.lookup("mark") == "{mark}") return polkit.Result.YES;\n'
                "});\n"
            )
        os.chmod(path + ".new", 0o644)
        self._change(lambda: os.rename(path + ".new", path), lambda: self._in_force(mark))
        self._marks[path] = mark

    def allow(self, condition, result="YES"):
        """Puts one rule in force: a JavaScript condition on `action` and `subject`."""
        self.add(
            "polkit.addRule(function(action, subject) {\n"
            f'    if (action.id == "{ACTION}" && ({condition}))\n'
            f"        return polkit.Result.{result};\n"
            "});\n"
        )

    def remove_all(self):
        while self._marks:
            path, mark = self._marks.popitem()
            self._change(lambda: os.unlink(path), lambda: not self._in_force(mark))

    def _in_force(self, mark):
        return allows("org.freedesktop.policykit.exec", self._bystander.pid, self._bystander.uid, mark=mark)

    @staticmethod
    def _change(change, is_done):
        """polkitd tells each time it has read rules, but not which; a change may take it more than once."""
        start()
        with bus.Watch(CHANGED) as watch:
            change()
            end = time.monotonic() + LIMIT
            while not is_done():
                assert time.monotonic() < end, "polkitd does not take the rule"
                watch.wait_for(member="Changed")


class HeldQuestion:
    """A rule that makes polkitd think until it is told the answer, by way of polkit.spawn()."""

    def __init__(self, directory):
        self._asked = self._open_fifo(f"{directory}/asked")
        self._answer = self._open_fifo(f"{directory}/answer")
        command = f"echo x >{directory}/asked; read answer <{directory}/answer; echo $answer"
        self.rule = (
            "polkit.addRule(function(action, subject) {\n"
            f'    if (action.id == "{ACTION}")\n'
            f'        return polkit.spawn(["/bin/sh", "-c", "{command}"]).trim();\n'
            "});\n"
        )

    @staticmethod
    def _open_fifo(path):
        os.mkfifo(path)
        os.chmod(path, 0o666)
        return os.open(path, os.O_RDWR | os.O_NONBLOCK)

    def wait_until_asked(self):
        assert select.select([self._asked], [], [], LIMIT)[0], "polkit was not asked"
        os.read(self._asked, len("x\n"))

    def answer(self, result="yes", times=1):
        os.write(self._answer, (result.encode() + b"\n") * times)

    def end(self):
        """Lets go whoever still waits."""
        self.answer("no", 1000)
