# SPDX-License-Identifier: LGPL-2.1-or-later
"""The journal of the machine."""

import json
import os
import select
import subprocess
import time

LIMIT = 30

UNIT_SUCCESS = "7ad2d189f7e94e70a38c781354912448"  # systemd: a unit was deactivated, and nothing was wrong


def read(*arguments):
    """Returns all of it, or what the arguments choose, as journalctl shows it."""
    shown = subprocess.run(["journalctl", "--quiet", *arguments], stdout=subprocess.PIPE, check=True).stdout
    return shown.decode(errors="replace")


class Journal:
    """Sees every entry from the moment it exists."""

    def __init__(self):
        cursor = read("--lines=0", "--show-cursor").rpartition("-- cursor: ")[2].strip()
        self._process = subprocess.Popen(
            ["journalctl", "--quiet", "--follow", f"--after-cursor={cursor}", "--output=json", "--all"],
            stdout=subprocess.PIPE, bufsize=0)
        self._text = b""

    def close(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def _next(self, end):
        while b"\n" not in self._text:
            readable = select.select([self._process.stdout], [], [], max(0, end - time.monotonic()))[0]
            assert readable, "nothing more in the journal"
            self._text += os.read(self._process.stdout.fileno(), 65536)
        line, self._text = self._text.split(b"\n", 1)
        return json.loads(line)

    def wait_for(self, **fields):
        """Waits for an entry with these fields, such as PEKEENV_RESULT="refused", and returns it."""
        end = time.monotonic() + LIMIT
        while True:
            entry = self._next(end)
            if all(entry.get(key) == value for key, value in fields.items()):
                return entry
