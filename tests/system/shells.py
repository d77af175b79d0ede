# SPDX-License-Identifier: LGPL-2.1-or-later
"""Shells that complete what is typed: bash, zsh and fish, as their users have them."""

import os
import shutil

MISSING = [program for program in ("tmux", "zsh", "fish", "ps") if not shutil.which(program)]
if not os.path.exists("/usr/share/bash-completion/bash_completion"):
    MISSING.append("bash-completion")

PROMPT = "ready> "
BASH = f"""
PS1='{PROMPT}'
. /usr/share/bash-completion/bash_completion
"""
ZSH = f"""
PS1='{PROMPT}'
autoload -U compinit
compinit -u -D
"""
FISH = f"""
function fish_prompt
    printf '{PROMPT}'
end
function fish_right_prompt
end
set -g fish_greeting
set -g fish_autosuggestion_enabled 0
"""


def bash(directory):
    with open(f"{directory}/bashrc", "w") as file:
        file.write(BASH)
    return ["bash", "--rcfile", f"{directory}/bashrc", "-i"]


def zsh(directory):
    with open(f"{directory}/.zshrc", "w") as file:
        file.write(ZSH)
    return ["zsh", "-i"]


def fish(directory):
    os.makedirs(f"{directory}/.config/fish")
    with open(f"{directory}/.config/fish/config.fish", "w") as file:
        file.write(FISH)
    return ["fish", "--interactive"]


class Shell:
    def __init__(self, terminal, tabs):
        self._terminal = terminal
        self._tabs = tabs
        self._terminal.wait_for(lambda shown: shown.endswith(PROMPT.strip()))

    def completes(self, typed, line):
        """Types something and Tab, and waits until the command line is as expected; then it is empty again."""
        self._terminal.type(typed + "\t")
        self._terminal.wait_for(lambda shown: self._line(shown) == line)
        self._clear()

    def lists(self, typed, *expected):
        """Has possibilities listed, and waits until all that are expected are there. Returns the screen."""
        self._terminal.type(typed + "\t" * self._tabs)
        shown = self._terminal.wait_for(lambda shown: all(one in shown for one in expected))
        self._clear()
        return shown

    @staticmethod
    def _line(shown):
        return next((line[len(PROMPT):] for line in reversed(shown.splitlines()) if line.startswith(PROMPT)), None)

    def _clear(self):
        """Not by Ctrl-C, which could come in the middle of the completion."""
        self._terminal.type("\x15\x0c")  # Ctrl-U, Ctrl-L
        self._terminal.wait_for(lambda shown: shown == PROMPT.strip())


ALL = [bash, zsh, fish]
