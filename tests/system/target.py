# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs to ask about."""

import os
import re
import select
import shutil
import subprocess
import textwrap

LIMIT = 30
PYTHON = "/usr/bin/python3"

# What a target has where it does not matter. Without a locale Python would add one.
ENVIRONMENT = {"LANG": "C.UTF-8"}
ENTRIES = ["LANG=C.UTF-8"]

# A Python program that does what it is told, line by line.
PUPPET = textwrap.dedent(
    """
    import ctypes, os, sys
    libc = ctypes.CDLL(None)

    def set_environ(*entries):
        "Puts a whole array in place, as a C program can."
        global array
        array = (ctypes.c_char_p * (len(entries) + 1))(*entries, None)
        ctypes.c_void_p.in_dll(libc, "environ").value = ctypes.addressof(array)

    print("ready", flush=True)
    for line in sys.stdin:
        exec(eval(line))
        print("done", flush=True)
    """
)


class Target:
    """A running program that has said "ready", and ends when its input does."""

    def __init__(self, user, command, env=None, **options):
        self.process = user.start(
            command, env=ENVIRONMENT if env is None else env,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, **options,
        )
        self.pid = self.process.pid
        self.said = self._unread = b""
        self.wait_for(b"ready")

    def wait_for(self, word):
        """Waits until it has said a word in a line of its own; what it said before, and the word, is in `said`."""
        said = self._unread
        while not (line := re.search(rb"^" + re.escape(word) + rb"\n", said, re.MULTILINE)):
            assert select.select([self.process.stdout], [], [], LIMIT)[0], f"no {word} from the target"
            data = os.read(self.process.stdout.fileno(), 65536)
            assert data, f"the target ended instead of saying {word}: {said}"
            said += data
        self.said, self._unread = said[:line.end()], said[line.end():]

    def do(self, code):
        """Has a puppet execute Python code."""
        self.process.stdin.write(repr(textwrap.dedent(code)).encode() + b"\n")
        self.wait_for(b"done")

    def proc(self, name):
        with open(f"/proc/{self.pid}/{name}", "rb") as file:
            return file.read()

    def status(self, key):
        """Returns a field of /proc/PID/status."""
        return status(self.pid, key)

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def status(pid, key):
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            name, value = line.split(":", 1)
            if name == key:
                return value.strip()
    raise KeyError(key)


def puppet(user, env=None, prefix=(), python=PYTHON, **options):
    """A Python program that can be told what to do. prefix: a command that starts it."""
    return Target(user, [*prefix, python, "-c", PUPPET], env, **options)


DEMONSTRATION = os.path.abspath(f"{__file__}/../../../tools/demonstration.pl")
DOTENV = "DATABASE_URL=postgres://app:hunter2@db.example/app\nLOG_LEVEL=debug\n"


def demonstration(user, directory):
    """What the documentation shows: a program that was started with LOG_LEVEL and DEPLOY_TOKEN, has loaded a dotenv file
    since, and removed the token. directory: where everybody may read."""
    with open(f"{directory}/dotenv", "w") as file:
        file.write(DOTENV)
    program = shutil.copy(DEMONSTRATION, directory)
    return Target(user, ["perl", program, f"{directory}/dotenv", "3600"], {
        "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "LOG_LEVEL": "info", "DEPLOY_TOKEN": "for-the-start-only"})


def initial(target):
    """What the target was started with, from the kernel."""
    return [entry.decode() for entry in target.proc("environ").split(b"\0")[:-1]]
