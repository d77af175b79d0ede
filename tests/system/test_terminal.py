# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command pekeenv on a terminal: colours, pager, escapes."""

import itertools
import json
import os
import shutil

import pytest

from terminal import Terminal
from test_polkit import administrator  # noqa: F401

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


def test_shell_lines_on_a_terminal_can_not_control_it_and_mean_the_same(terminal, process):
    for options in ("--no-pager", ""):
        shown = shown_after(terminal(), f"pekeenv --shell {options} {process}")
        assert r"export ADDED=$'\x1b[7m\n\xff\xc2\x9bé'" in shown
        assert "export CHANGED='new'" in shown


def test_special_quotes_are_those_that_bash_reads(alice, terminal, start, directory):
    process = start.puppet(alice)
    process.do(r"""set_environ(b"A=it's\\x41 \x1b'0\n", b"B=it's", b"C=\x01f\xc2\x85'f")""")
    started = terminal()
    shown_after(started, f"script --quiet --command 'pekeenv --no-pager --shell {process.pid}' {directory}/typescript")
    ran = alice.run(["bash", "-c", f'eval "$(tr -d "\\r" <{directory}/typescript | grep ^export)"; env -0'], text=False)

    for entry in (b"A=it's\\x41 \x1b'0\n", b"B=it's", b"C=\x01f\xc2\x85'f"):
        assert entry in ran.stdout.split(b"\0")


def test_json_on_a_terminal_can_not_control_it_and_means_the_same(alice, terminal, start):
    process = start.puppet(alice)
    process.do(r"set_environ(b'A=\x1b\xc2\x9b31m\x7f\xe2\x80\xae\xc3\xa9')")
    shown = shown_after(terminal(), f"pekeenv --no-pager --json=short {process.pid}")

    assert r'{"A":"\u001B\u009B31m\u007F\u202Eé"}' in shown
    assert json.loads(shown[shown.index("{"):])["A"] == "\x1b\x9b31m\x7f\u202e\u00e9"


def test_a_heading_is_no_place_for_tricks_either(alice, terminal, start):
    process = start.puppet(alice)
    process.do("open('/proc/self/comm', 'w').write('a\\\\b\\x1b[7m')")
    shown = shown_after(terminal(), f"pekeenv 'name:'$(printf 'a\\\\b\\033[8m')")

    assert r"is called a\b\x1b[8m" in shown


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


def test_ctrl_c_is_for_the_pager(terminal, process):
    started = terminal(PAGER="trap 'echo caught' INT; cat; echo 'read all'; read key </dev/tty; echo left")
    started.type(f"clear; pekeenv {process}; echo status $?\n")
    started.wait_for("read all")
    started.type("\x03")

    started.wait_for("caught\nleft\nstatus 0")


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


def test_an_agent_asks_for_a_password_where_one_is_needed(terminal, alice, bob, start, administrator):
    started = terminal()

    # Of the same user, but in a namespace of its own: it may be stronger there.
    for process in (start.puppet(bob), start.puppet(alice, prefix=["unshare", "--user"])):
        started.type(f"clear; pekeenv {process.pid}; echo status $?\n")
        started.wait_for("Password:")
        started.type("\x03")
        started.wait_for("ready>")


def test_no_agent_is_started_where_no_password_is_needed(terminal, process, directory):
    started = terminal(PATH=f"{directory}:/usr/bin:/bin")
    with open(f"{directory}/pkttyagent", "w") as file:
        file.write("#!/bin/sh\necho started >/dev/tty\n")
    os.chmod(f"{directory}/pkttyagent", 0o755)

    assert "started" not in shown_after(started, f"pekeenv {process}")
    assert "started" in shown_after(started, "pekeenv 1")


def test_the_output_goes_on_where_it_is_no_terminal(alice, process):
    got = alice.run(["pekeenv", str(process)], text=False, env={"PATH": "/usr/bin", "TERM": "xterm"})

    assert b"ADDED=\x1b[7m\n\xff\xc2\x9b\xc3\xa9\n" in got.stdout
