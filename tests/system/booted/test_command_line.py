# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the command pekeenv does with systemd: units, machines, and passwords that its own agent asks for."""

import json
import os

import pytest

from conftest import ADMINISTRATORS_PASSWORD
from terminal import Terminal

NO_PROCESS = 66
DENIED = 77
UNIT = "puppets.service"


def pekeenv(user, *arguments):
    return user.run(["pekeenv", *arguments], env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"})


@pytest.fixture
def unit(root, start):
    """A service of alice's, whose main process has started another one. Returns both PIDs."""
    service = start.puppet(root, {"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}, prefix=[
        "systemd-run", "--quiet", "--pipe", f"--unit={UNIT}", "--uid=alice", "--setenv=OF=main", "--"])
    service.do("import subprocess; child = subprocess.Popen(['sleep', '1000'], env={'OF': 'child'})")
    service.do("os.environ['OF'] = 'main, later'")
    shown = root.run(["systemctl", "show", "--value", "--property=MainPID", UNIT])
    pid = int(shown.stdout)
    with open(f"/proc/{pid}/task/{pid}/children") as children:
        yield pid, int(children.read())
    root.run(["systemctl", "stop", UNIT])


def test_a_service_is_its_main_process(alice, unit):
    for arguments, answer in ((["get", UNIT, "OF"], "main, later\n"), ([UNIT, "OF"], "main, later\n")):
        got = pekeenv(alice, *arguments)
        assert (got.stdout, got.stderr, got.returncode) == (answer, "", 0)
    assert "~ OF=main → main, later\n" in pekeenv(alice, "diff", UNIT).stdout
    assert f"PID: {unit[0]}\n" in pekeenv(alice, "describe", UNIT).stdout


def test_all_are_the_processes_of_its_control_group(alice, unit):
    main, child = unit

    got = pekeenv(alice, "get", "--all", UNIT, "OF")
    assert got.returncode == 0
    assert {f"{main} python3:\nmain, later", f"{child} sleep:\nchild"} == set(got.stdout.rstrip("\n").split("\n\n"))

    got = json.loads(pekeenv(alice, "--all", "--json=short", UNIT, "OF").stdout)
    assert sorted(got, key=lambda one: one["pid"]) == sorted([
        {"pid": main, "environment": {"OF": "main, later"}}, {"pid": child, "environment": {"OF": "child"}},
    ], key=lambda one: one["pid"])
    assert "OF\n" in pekeenv(alice, "names", "--all", "--no-legend", UNIT).stdout


def test_a_unit_that_does_not_run(alice):
    for arguments in (["no-such.service"], ["--all", "no-such.service"]):
        got = pekeenv(alice, *arguments)
        assert (got.stdout, got.returncode) == ("", NO_PROCESS)
        assert "no-such.service" in got.stderr

    assert pekeenv(alice, "systemd-exit.service").returncode == NO_PROCESS


def test_a_scope_has_no_main_process(alice):
    got = pekeenv(alice, "init.scope")

    assert got.returncode == 64
    assert "--all" in got.stderr


def test_the_host_as_a_machine(root, start):
    """Of the kinds of machine, the only one that needs no machined, which a container lacks."""
    process = start.puppet(root)
    got = root.run(["pekeenv", "--machine=.host", str(process.pid)])

    assert (got.stdout, got.stderr, got.returncode) == ("LANG=C.UTF-8\n", "", 0)


def test_a_machine_that_is_not_there(root):
    got = root.run(["pekeenv", "-M", "no-such-machine", "1"])

    assert got.returncode == 69
    assert "no-such-machine" in got.stderr


@pytest.fixture
def terminal(alice, directory):
    os.chown(directory, alice.uid, alice.gid)
    started = Terminal(alice, ["sh"], directory, {"HOME": directory, "PS1": "ready> "})
    started.wait_for("ready>")
    yield started
    started.end()


def type_password(terminal, password):
    terminal.wait_for("Password:")
    terminal.wait_until_nothing_is_echoed()
    terminal.type(password + "\n")


def test_a_password_is_asked_for_on_the_terminal(terminal, bob, start):
    process = start.puppet(bob)
    terminal.type(f"pekeenv {process.pid}; echo status $?\n")
    terminal.wait_for(f"process {process.pid} of user bob")
    type_password(terminal, ADMINISTRATORS_PASSWORD)

    shown = terminal.wait_for("status 0")
    assert "\nLANG=C.UTF-8\n" in shown
    assert ADMINISTRATORS_PASSWORD not in shown


def test_without_the_password_there_is_nothing(terminal, bob, start):
    process = start.puppet(bob)
    terminal.type(f"pekeenv {process.pid}; echo status $?\n")
    type_password(terminal, "a guess")

    shown = terminal.wait_for(f"status {DENIED}")
    assert f"pekeenv: You may not read the environment of process {process.pid} of user bob" in shown.replace("\n", "")
    assert "LANG=" not in shown


def test_a_password_need_not_be_asked_for(terminal, bob, start):
    process = start.puppet(bob)
    terminal.type(f"pekeenv --no-ask-password {process.pid}; echo status $?\n")

    shown = terminal.wait_for(f"status {DENIED}")
    assert "Password:" not in shown
    assert "--no-ask-password says not to ask" in shown.replace("\n", " ")


def test_root_is_not_asked(root, bob, start):
    process = start.puppet(bob)
    got = root.run(["pekeenv", str(process.pid)])

    assert (got.stdout, got.stderr, got.returncode) == ("LANG=C.UTF-8\n", "", 0)
