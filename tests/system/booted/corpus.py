# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every process there is: what pekeenv tells of it, and what others do who know nothing of pekeenv."""

import collections
import dataclasses
import os

import bus
import gdb_environ

ROUNDS = 5
PF_KTHREAD = 0x00200000  # linux/sched.h

STATE, FLAGS, START_TIME = 3, 9, 22  # of proc_pid_stat(5)


def stat(pid, field):
    """Returns a field of /proc/PID/stat; None if there is no such process."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[field - 3]
    except (FileNotFoundError, ProcessLookupError):
        return None


def comm(pid):
    try:
        with open(f"/proc/{pid}/comm") as file:
            return file.read().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def why_without_memory(pid):
    """Returns "" if it has memory."""
    if stat(pid, STATE) in (None, "X", "Z"):
        return "a zombie"
    return "a kernel thread" if int(stat(pid, FLAGS)) & PF_KTHREAD else ""


def environment(pid, connection):
    """Returns the entries that pekeenv finds, or the name and message of its error."""
    try:
        with open(bus.call("OpenEnvironment", pid, connection=connection), "rb") as file:
            return file.read().split(b"\0")[:-1]
    except bus.Error as error:
        return error.name, error.message


def difference(ours, theirs):
    """Tells the names that differ, and no value; "" if nothing does."""
    if ours == theirs:
        return ""
    ours, theirs = collections.Counter(ours), collections.Counter(theirs)
    names = {entry.partition(b"=")[0].decode(errors="replace") for entry in (ours - theirs) + (theirs - ours)}
    return ", ".join(sorted(names)) or "only their order"


def without_path(entries):
    """bash sets _ for each program to that program's path; pekeenv leaves it out."""
    return [entry for entry in entries if not entry.startswith(b"_=")]


SAME = "same"
DIFFERENT = "DIFFERENT"
NOT_COMPARED = "NOT COMPARED"
REFUSED = "refused"
NO_MEMORY = "no memory"
ENDED = "ended"


@dataclasses.dataclass
class Process:
    pid: int
    start_time: str
    name: str
    verdict: str = ""
    because: str = ""
    environment: list = dataclasses.field(default=(), repr=False)  # once it was found to be right

    def __str__(self):
        return f"{self.pid:>6} {self.name:<15} {self.verdict}" + (f": {self.because}" if self.because else "")

    def has_ended(self):
        return stat(self.pid, START_TIME) != self.start_time

    def has(self, entry):
        return entry.encode() in self.environment

    def judge(self, verdict, because=""):
        self.verdict, self.because = verdict, because

    def judge_error(self, name, message):
        if name == bus.UNSUPPORTED:
            self.judge(REFUSED, message)
        elif name == bus.NO_ENVIRONMENT and (reason := why_without_memory(self.pid)):
            self.judge(NO_MEMORY, reason)
        else:
            self.judge(DIFFERENT, f"{name}: {message}")


def processes():
    for pid in sorted(map(int, filter(str.isdigit, os.listdir("/proc")))):
        if start_time := stat(pid, START_TIME):
            yield Process(pid, start_time, comm(pid))


class Corpus:
    """shells: who can say what a program gets that they start now; of all others it is gdb that tells."""

    def __init__(self, shells):
        self._shells = {shell.pid: shell for shell in shells}
        self._connection = bus.connect()
        self.processes = list(processes())
        self._compare_all()

    def _compare_all(self):
        """Those that have changed meanwhile are compared again."""
        for _ in range(ROUNDS):
            if moving := [process for process in self.processes if not process.verdict]:
                self._compare(moving)
        for process in self.processes:
            if not process.verdict:
                process.judge(NOT_COMPARED, "it never kept still")

    def _compare(self, some):
        """gdb stops whom it looks at, maybe the bus: so nobody asks pekeenv meanwhile."""
        before = {process.pid: environment(process.pid, self._connection) for process in some}
        readable = [pid for pid, ours in before.items() if isinstance(ours, list)]
        seen = gdb_environ.read(pid for pid in readable if pid not in self._shells)
        for pid in self._shells.keys() & set(readable):
            seen[pid] = self._shells[pid].environment_of_a_program()
        after = {process.pid: environment(process.pid, self._connection) for process in some}

        for process in some:
            ours = before[process.pid]
            if process.has_ended():
                process.judge(ENDED)
            elif ours != after[process.pid] or ours[:1] == (bus.CHANGING,):
                continue
            elif isinstance(ours, list):
                self._judge(process, ours, seen[process.pid])
            else:
                process.judge_error(*ours)

    def _judge(self, process, ours, theirs):
        try:
            description = bus.call("Describe", process.pid, connection=self._connection)
        except bus.Error as error:
            process.judge(ENDED if process.has_ended() else DIFFERENT, f"Describe() says {error.name}")
            return

        runtime = description["Runtime"]
        by_shell = process.pid in self._shells
        where = f"{runtime}, {description['Source']}, {len(ours)} variables"
        if not by_shell and runtime not in ("glibc", "musl"):
            process.judge(NOT_COMPARED, f"{where}; gdb sees but libc's variable, and no shell is told to ask")
        elif isinstance(theirs, str):
            process.judge(NOT_COMPARED, f"{where}; {theirs}")
        elif names := difference(ours, theirs if runtime != "bash" else without_path(theirs)):
            process.judge(DIFFERENT, f"{where}; not the same: {names}")
        else:
            process.judge(SAME, f"{where}, {'as a program gets them' if by_shell else 'as gdb sees them'}")
            process.environment = ours

    def among(self, *verdicts):
        return [process for process in self.processes if process.verdict in verdicts]

    def find(self, pid):
        return next(process for process in self.processes if process.pid == pid)
