# SPDX-License-Identifier: LGPL-2.1-or-later
"""The clients that people have, used by an ordinary user."""

import ast
import json

import pytest

import bus
import target

CALL = ["busctl", "call", bus.NAME, bus.PATH, bus.INTERFACE]


@pytest.fixture
def process(alice, start):
    started = start.puppet(alice, target.ENVIRONMENT | {"OLD": "1"})
    started.do("os.environ['NEW'] = 'two words'")
    return started


def test_busctl_call(alice, process):
    asked = alice.run([*CALL, "GetEnvironment", "u", str(process.pid)])

    assert asked.stdout == 'as 3 "LANG=C.UTF-8" "OLD=1" "NEW=two words"\n'
    assert asked.stderr == ""


def test_busctl_call_with_json(alice, process):
    asked = alice.run(["busctl", "--json=short", *CALL[1:], "Describe", "u", str(process.pid)])
    (description,) = json.loads(asked.stdout)["data"]

    assert description["PID"]["data"] == process.pid
    assert description["Count"]["data"] == 3


def test_busctl_is_told_why_not(alice, bob, start):
    process = start.puppet(bob)
    asked = alice.run([*CALL, "GetEnvironment", "u", str(process.pid)])
    assert asked.returncode == 1
    assert asked.stdout == ""
    assert "denied" in asked.stderr

    asked = alice.run([CALL[0], "--allow-interactive-authorization=no", *CALL[1:], "GetEnvironment", "u",
                       str(process.pid)])
    assert asked.returncode == 1
    assert asked.stdout == ""
    assert "nteractive auth" in asked.stderr


def test_busctl_introspect(alice):
    shown = alice.run(["busctl", "introspect", "--no-legend", bus.NAME, bus.PATH, bus.INTERFACE])
    rows = {line.split()[0]: line.split()[1:] for line in shown.stdout.splitlines()}

    assert rows[".GetEnvironment"] == ["method", "u", "as", "-"]
    assert rows[".GetEnvironmentByPIDFD"] == ["method", "h", "as", "-"]
    assert rows[".OpenEnvironment"] == ["method", "u", "h", "-"]
    assert rows[".OpenEnvironmentByPIDFD"] == ["method", "h", "h", "-"]
    assert rows[".GetInitialEnvironment"] == ["method", "u", "as", "-"]
    assert rows[".GetInitialEnvironmentByPIDFD"] == ["method", "h", "as", "-"]
    assert rows[".OpenInitialEnvironment"] == ["method", "u", "h", "-"]
    assert rows[".OpenInitialEnvironmentByPIDFD"] == ["method", "h", "h", "-"]
    assert rows[".GetVariable"] == ["method", "us", "s", "-"]
    assert rows[".GetVariableByPIDFD"] == ["method", "hs", "s", "-"]
    assert rows[".GetVariableNames"] == ["method", "u", "as", "-"]
    assert rows[".GetVariableNamesByPIDFD"] == ["method", "h", "as", "-"]
    assert rows[".Describe"] == ["method", "u", "a{sv}", "-"]
    assert rows[".DescribeByPIDFD"] == ["method", "h", "a{sv}", "-"]
    assert rows[".Version"][:2] == ["property", "s"]
    assert "const" in rows[".Version"]
    assert len(rows) == 15


def test_busctl_tree(alice):
    shown = alice.run(["busctl", "tree", "--list", bus.NAME])

    assert bus.PATH in shown.stdout.split()


def test_gdbus_call(alice, process):
    asked = alice.run(["gdbus", "call", "--system", "--dest", bus.NAME, "--object-path", bus.PATH,
                       "--method", f"{bus.INTERFACE}.GetEnvironment", str(process.pid)])

    assert ast.literal_eval(asked.stdout) == (["LANG=C.UTF-8", "OLD=1", "NEW=two words"],)


def test_gdbus_introspect(alice):
    shown = alice.run(["gdbus", "introspect", "--system", "--dest", bus.NAME, "--object-path", bus.PATH])

    assert "GetEnvironment(in  u pid," in shown.stdout
    assert "out as environment);" in shown.stdout


def test_dbus_send(alice, process):
    asked = alice.run(["dbus-send", "--system", "--print-reply=literal", f"--dest={bus.NAME}", bus.PATH,
                       f"{bus.INTERFACE}.GetEnvironment", f"uint32:{process.pid}"])

    assert asked.stdout.split("\n")[0].split("      ")
    for entry in ("LANG=C.UTF-8", "OLD=1", "NEW=two words"):
        assert entry in asked.stdout


def test_dbus_send_shows_the_message_of_an_error(alice, bob, start):
    process = start.puppet(bob)
    asked = alice.run(["dbus-send", "--system", "--print-reply", f"--dest={bus.NAME}", bus.PATH,
                       f"{bus.INTERFACE}.GetEnvironment", f"uint32:{process.pid}"])

    assert asked.returncode == 1
    assert asked.stderr.startswith(f"Error {bus.INTERACTION_REQUIRED}: ")
    assert f"process {process.pid} of user bob" in asked.stderr


def test_a_python_client(alice, process):
    asked = alice.run([target.PYTHON, "-c", f"""
import dbus

inspector = dbus.Interface(
    dbus.SystemBus().get_object({bus.NAME!r}, {bus.PATH!r}), {bus.INTERFACE!r})
print(*inspector.GetEnvironment({process.pid}), sep="\\n")
with open(inspector.OpenEnvironment({process.pid}).take(), "rb") as file:
    print(file.read())
"""])

    assert asked.stderr == ""
    assert asked.stdout == "LANG=C.UTF-8\nOLD=1\nNEW=two words\nb'LANG=C.UTF-8\\x00OLD=1\\x00NEW=two words\\x00'\n"
