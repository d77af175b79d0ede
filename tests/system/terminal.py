# SPDX-License-Identifier: LGPL-2.1-or-later
"""A terminal, in which a person types: tmux."""

import os
import subprocess
import termios
import time

LIMIT = 30


class Terminal:
    """Runs a program of a user's in a terminal, until it is ended. directory: where the user may write."""

    def __init__(self, user, command, directory, env, width=100, height=40):
        self._user = user
        self._socket = f"{directory}/tmux"
        self._run(
            "-f", "/dev/null", "new-session", "-d", "-x", str(width), "-y", str(height), "--", *command,
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TERM": "xterm-256color"} | env,
        )

    def _run(self, *arguments, **options):
        ran = self._user.run(["tmux", "-S", self._socket, *arguments], **options)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def type(self, text):
        """Types a text as it is: what a terminal sends for a key, such as \\t, is that key."""
        self._run("send-keys", "-l", "--", text)

    def shows(self, colours=False):
        """Returns what is on the screen, without what is blank at the end of lines."""
        return self._run("capture-pane", "-p", *(["-e"] if colours else [])).rstrip("\n")

    def wait_for(self, condition):
        """Waits until the screen satisfies a condition, or has a text on it, and returns it."""
        end = time.monotonic() + LIMIT
        while True:
            shown = self.shows()
            if condition in shown if isinstance(condition, str) else condition(shown):
                return shown
            assert time.monotonic() < end, f"the terminal shows:\n{shown}"

    def wait_until_nothing_is_echoed(self):
        """What is typed before a program that asks for a password has switched the echo off is thrown away."""
        with open(self._run("display-message", "-p", "#{pane_tty}").strip()) as tty:
            while termios.tcgetattr(tty)[3] & termios.ECHO:
                os.sched_yield()

    def end(self):
        subprocess.run(["tmux", "-S", self._socket, "kill-server"], user=self._user.uid, capture_output=True)
