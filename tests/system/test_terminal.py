# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command pekeenv on a terminal: colours, pager, escapes."""

import itertools
import os
import shutil

import pytest

from terminal import Terminal

pytestmark = pytest.mark.skipif(not shutil.which("tmux"), reason="missing: tmux")

GREEN, RED, YELLOW = "\x1b[32m", "\x1b[31m", "\x1b[33m"


@pytest.fixture
def process(alice, start):
    started = start.puppet(alice, {"GONE": "1", "CHANGED": "old"})
    started.do(r"set_environ(b'CHANGED=new', b'ADDED=\x1b[7m\n\xff\xc2\x9b\xc3\xa9')")
    return started.pid


@pytest.fixture
def terminal(alice, directory):
    """Starts a shell in a terminal of alice's: terminal(VARIABLE=value, …)."""
    started = []
    os.chown(directory, alice.uid, alice.gid)

    def run(**env):
        started.append(Terminal(alice, ["sh"], directory, {"HOME": directory, "PS1": "ready> "} | env))
        started[-1].wait_for("ready>")
        return started[-1]

    yield run
    for one in started:
        one.end()


numbers = itertools.count()


def shown_after(terminal, command, colours=False):
    """Runs a command that ends by itself, and returns what it shows."""
    end = f"\nend {next(numbers)}\n"
    terminal.type(f"clear; {command}; echo {end.strip()}\n")
    terminal.wait_for(end)
    return terminal.shows(colours).split(end)[0]


def test_differences_are_coloured(terminal, process):
    shown = shown_after(terminal(), f"pekeenv --no-pager diff {process}", colours=True)

    for color, sign in ((GREEN, "+ ADDED"), (RED, "- GONE"), (YELLOW, "~ CHANGED")):
        assert color + sign in shown


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"SYSTEMD_COLORS": "0"}, {"TERM": "dumb"}], ids=str)
def test_colours_can_be_switched_off(terminal, process, variables):
    started = terminal()
    setting = " ".join(f"{name}={value}" for name, value in variables.items())
    shown = shown_after(started, f"env {setting} pekeenv --no-pager diff {process}", colours=True)

    assert "ADDED" in shown and "\x1b[" not in shown


def test_colours_can_be_switched_on_where_there_is_no_terminal(alice, process):
    for variables, color in (({}, ""), ({"SYSTEMD_COLORS": "1", "NO_COLOR": "1"}, RED)):
        shown = alice.run(["pekeenv", "diff", str(process)], env={"PATH": "/usr/bin"} | variables, text=False).stdout
        assert (color + "- GONE").encode() in shown and (RED.encode() in shown) == bool(color)


def test_nothing_of_a_value_controls_the_terminal(terminal, process):
    for options in ("--no-pager", ""):
        assert r"ADDED=\x1b[7m\n\xff\xc2\x9bé" in shown_after(terminal(), f"pekeenv {options} {process}")


def test_what_fits_on_the_screen_is_not_paged(terminal, process):
    assert "ADDED" in shown_after(terminal(), f"pekeenv {process}")


def test_what_is_longer_is_paged_and_the_pager_can_be_left(alice, terminal, start):
    process = start.puppet(alice)
    process.do("set_environ(*(f'V{i}={i:1000}'.encode() for i in range(1000)))")
    started = terminal()
    started.type(f"clear; pekeenv {process.pid}; echo status $?\n")
    started.wait_for(lambda shown: "V0=" in shown and "status" not in shown)

    started.type("q")
    started.wait_for("status 0")


def test_the_pager_is_chosen_as_by_systemctl(terminal, process):
    started = terminal(PAGER="sed s/CHANGED/paged/")

    assert "paged=new" in shown_after(started, f"pekeenv {process}")
    assert "again=new" in shown_after(started, f"SYSTEMD_PAGER='sed s/CHANGED/again/' pekeenv {process}")
    assert "CHANGED=new" in shown_after(started, f"SYSTEMD_PAGER= pekeenv {process}")
    assert "CHANGED=new" in shown_after(started, f"SYSTEMD_PAGER=cat pekeenv {process}")
    assert "CHANGED=new" in shown_after(started, f"pekeenv --no-pager {process}")


def test_from_the_pager_nothing_can_be_executed(terminal, alice, start):
    process = start.puppet(alice)
    process.do("set_environ(*(f'V{i}={i:1000}'.encode() for i in range(1000)))")
    started = terminal(LESSSECURE="0")
    started.type(f"clear; pekeenv {process.pid}; echo status $?\n")
    started.wait_for(lambda shown: "V0=" in shown and "status" not in shown)
    started.type("!")
    started.wait_for("ommand not available")

    started.type("\nq")
    started.wait_for("status 0")


def test_the_output_goes_on_where_it_is_no_terminal(alice, process):
    got = alice.run(["pekeenv", str(process)], text=False, env={"PATH": "/usr/bin", "TERM": "xterm"})

    assert b"ADDED=\x1b[7m\n\xff\xc2\x9b\xc3\xa9\n" in got.stdout
