# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pressing Tab in bash, zsh and fish."""

import os
import shutil

import pytest

import bus
import terminal

MISSING = [program for program in ("tmux", "zsh", "fish", "ps") if not shutil.which(program)]
if not os.path.exists("/usr/share/bash-completion/bash_completion"):
    MISSING.append("bash-completion")
pytestmark = pytest.mark.skipif(bool(MISSING), reason="missing: " + " ".join(MISSING))

ALLOW_INTERACTIVE_AUTHORIZATION = 4
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


@pytest.fixture(params=[bash, zsh, fish], ids=lambda shell: shell.__name__)
def shell(request, alice, directory):
    os.chown(directory, alice.uid, alice.gid)
    started = terminal.Terminal(alice, alice.do(request.param, directory), directory, {"HOME": directory})
    yield Shell(started, 2 if request.param is bash else 1)
    started.end()


def puppet(start, user, name="unusual"):
    started = start.puppet(user)
    started.do("set_environ(b'DATABASE_URL=1', b'DATABASE_USER=2', b'LOG_LEVEL=3', b'$(touch hit)=4')")
    started.do(f"open('/proc/self/comm', 'w').write({name!r})")
    return started


@pytest.fixture
def process(alice, start):
    return puppet(start, alice)


def test_commands(shell):
    shell.completes("pekeenv desc", "pekeenv describe")
    shell.lists("pekeenv ", "get", "names", "initial", "diff", "describe", "exec", "help")


def test_options_before_and_after_the_command(shell):
    shell.completes("pekeenv --no-as", "pekeenv --no-ask-password")
    shell.completes("pekeenv get --nul", "pekeenv get --null")
    shell.completes("pekeenv --json=sh", "pekeenv --json=short")
    shell.lists("pekeenv --no-", "--no-pager", "--no-legend", "--no-ask-password")


def two_puppets(start, user, *names):
    """Returns two processes, and what their PIDs have in common."""
    pids = [puppet(start, user, name).pid for name in names]
    return *pids, os.path.commonprefix([str(pid) for pid in pids])


def test_pids_are_listed_with_names(shell, alice, start):
    first, second, prefix = two_puppets(start, alice, "unusual-1", "unusual-2")

    shell.lists(f"pekeenv {prefix}", str(first), "unusual-1", str(second), "unusual-2")
    shell.lists(f"pekeenv diff {first} {prefix}", str(second), "unusual-2")


def test_the_name_of_a_process(shell, alice, start):
    puppet(start, alice, "unu:sual")

    shell.completes("pekeenv name:unu", "pekeenv name:unu:sual")
    shell.completes("pekeenv describe name:unu:s", "pekeenv describe name:unu:sual")


def test_a_name_that_is_there_twice_names_no_process(shell, alice, start):
    for name in ("twice", "twice", "twist"):
        puppet(start, alice, name)

    shell.completes("pekeenv name:twi", "pekeenv name:twist")


def test_variables_of_the_process_that_was_typed(shell, process):
    for command in ("", "get ", "--null get "):
        shell.completes(f"pekeenv {command}{process.pid} LOG", f"pekeenv {command}{process.pid} LOG_LEVEL")
    shell.completes(f"pekeenv {process.pid} LOG_LEVEL DATABASE_UR", f"pekeenv {process.pid} LOG_LEVEL DATABASE_URL")
    shell.completes("pekeenv name:unusual LOG", "pekeenv name:unusual LOG_LEVEL")
    shell.lists(f"pekeenv {process.pid} DATABASE_U", "ATABASE_URL", "ATABASE_USER")


def test_what_a_process_calls_itself_and_its_variables_is_not_executed(shell, alice, start, directory):
    first, _, prefix = two_puppets(start, alice, "$(touch hit)", "`touch hit`")

    shell.lists(f"pekeenv {prefix}", "$(touch hit)", "`touch hit`")
    shell.lists(f"pekeenv {first} ", "LOG_LEVEL")
    assert not os.path.exists(f"{directory}/hit")


def test_nobody_is_asked_for_a_password(shell, bob, start):
    process = puppet(start, bob)

    with bus.Watch("type='method_call',interface='org.pekeenv.Inspector'") as watch:
        shell.completes(f"pekeenv {process.pid} \tx", f"pekeenv {process.pid} x")
        assert watch.wait_for(member="GetVariableNames")["flags"] & ALLOW_INTERACTIVE_AUTHORIZATION == 0


def test_nothing_is_looked_for_elsewhere(shell, process):
    shell.completes(f"pekeenv -H nowhere.example {process.pid} LOG\tx", f"pekeenv -H nowhere.example {process.pid} LOGx")


def test_a_command_to_execute(shell, process):
    shell.completes(f"pekeenv exec {process.pid} -- printen", f"pekeenv exec {process.pid} -- printenv")
