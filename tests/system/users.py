# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real users, and what they do."""

import os
import pickle
import pwd
import select
import subprocess

import bus

LIMIT = 30  # seconds; nothing that is waited for takes nearly as long


class Deed:
    """What a user does in a process of his own, until it has a result."""

    def __init__(self, pid, pipe):
        self.pid = pid
        self._pipe = pipe

    def result(self, limit=LIMIT):
        outcome = bytearray()
        try:
            while True:
                assert select.select([self._pipe], [], [], limit)[0], "no result in time"
                data = os.read(self._pipe, 65536)
                if not data:
                    break
                outcome += data
        finally:
            os.close(self._pipe)
            os.waitpid(self.pid, 0)

        error, value = pickle.loads(outcome)
        if error:
            raise error
        return value


class User:
    def __init__(self, name):
        entry = pwd.getpwnam(name)
        self.name = name
        self.uid = entry.pw_uid
        self.gid = entry.pw_gid
        self.groups = os.getgrouplist(name, entry.pw_gid)

    def become(self):
        """Turns this process into the user's, for good."""
        os.setgroups(self.groups)
        os.setresgid(self.gid, self.gid, self.gid)
        os.setresuid(self.uid, self.uid, self.uid)

    def start(self, command, **options):
        """Starts a program, as subprocess.Popen()."""
        return subprocess.Popen(
            command, user=self.uid, group=self.gid, extra_groups=self.groups, cwd="/", **options
        )

    def run(self, command, **options):
        """Runs a program to its end and keeps what it says."""
        options = {"timeout": LIMIT, "stdin": subprocess.DEVNULL, "text": True} | options
        return subprocess.run(
            command, user=self.uid, group=self.gid, extra_groups=self.groups, cwd="/",
            capture_output=True, **options,
        )

    def begin(self, function, *arguments, **named):
        """Starts a function in a process of the user's."""
        reader, writer = os.pipe()
        pid = os.fork()
        if pid != 0:
            os.close(writer)
            return Deed(pid, reader)

        try:
            self.become()
            outcome = (None, function(*arguments, **named))
        except BaseException as error:
            outcome = (error, None)
        with open(writer, "wb") as pipe:
            pickle.dump(outcome, pipe)
        os._exit(0)

    def do(self, function, *arguments, limit=LIMIT, **named):
        """Runs a function in a process of the user's, and returns or raises what it does."""
        return self.begin(function, *arguments, **named).result(limit)

    def call(self, method, *arguments, **named):
        """Calls a method of the service on a connection of the user's."""
        return self.do(bus.call, method, *arguments, **named)

    def is_refused(self, method, *arguments, **named):
        """Calls a method that must fail, and returns the error."""
        try:
            answer = self.call(method, *arguments, **named)
        except bus.Error as error:
            return error
        raise AssertionError(f"{self.name} got an answer from {method}{arguments}: {answer}")
