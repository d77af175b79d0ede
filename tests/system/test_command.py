# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command pekeenv."""

import os
import pty
import select

import pytest

import bus
import service

MISSING = 1
USAGE = 64
UNAVAILABLE = 69
DENIED = 77


@pytest.fixture
def process(alice, start):
    started = start.puppet(alice)
    started.do(r"set_environ(b'A=1', b'B=two words', b'C=a\nb', b'A=later', b'plain', b'E=', b'X=\xff')")
    return str(started.pid)


def get(user, *arguments, **options):
    return user.run(["pekeenv", "get", *arguments], **options)


def test_get_prints_the_current_environment(alice, process):
    got = get(alice, process, text=False)

    assert got.stdout == b"A=1\nB=two words\nC=a\nb\nA=later\nplain\nE=\nX=\xff\n"
    assert got.stderr == b""
    assert got.returncode == 0


def test_get_null_is_exact(alice, process):
    for option in ("-0", "--null"):
        got = get(alice, option, process, text=False)
        assert got.stdout == b"A=1\0B=two words\0C=a\nb\0A=later\0plain\0E=\0X=\xff\0"
        assert got.returncode == 0


def test_get_names_prints_their_values_as_getenv_finds_them(alice, process):
    got = get(alice, process, "B", "A", "E")

    assert got.stdout == "two words\n1\n\n"
    assert got.returncode == 0


def test_get_null_with_names(alice, process):
    assert get(alice, "-0", process, "C", "A").stdout == "a\nb\x001\x00"


def test_a_missing_variable_is_exit_status_1(alice, process):
    got = get(alice, process, "A", "NOT", "B")

    assert got.stdout == "1\ntwo words\n"
    assert got.stderr == ""
    assert got.returncode == MISSING


def test_a_name_is_the_whole_name(alice, process):
    for name in ("", "plain", "A=1", "=", "a"):
        got = get(alice, process, name)
        assert (got.stdout, got.returncode) == ("", MISSING), name


def test_for_one_name_the_right_to_read_this_variable_is_enough(alice, bob, start, rules):
    process = start.puppet(bob)
    process.do("set_environ(b'A=1', b'B=2')")
    rules.allow('action.lookup("variable") == "A"')

    assert get(alice, str(process.pid), "A").stdout == "1\n"
    for names in ([], ["B"], ["A", "B"], ["A", "A"]):
        got = get(alice, str(process.pid), *names)
        assert (got.stdout, got.returncode) == ("", DENIED), names


def test_for_one_name_nothing_else_is_asked_for(alice, process):
    with bus.Watch("type='method_call',interface='org.pekeenv.Inspector'") as watch:
        assert get(alice, process, "B").stdout == "two words\n"
        assert get(alice, process, "NOT").returncode == MISSING
        assert [message["member"] for message in watch.seen()] == ["GetVariable"] * 2


def test_one_value_is_exact_whatever_it_is(alice, start):
    started = start.puppet(alice)
    started.do(r"set_environ(b'X=a\xffb', b'R=\xef\xbf\xbd', b'\xff=y', b'LARGE=' + b'x' * (20 << 20), b'n' * 256 + b'=z')")

    for name, value in ((b"X", b"a\xffb"), (b"R", b"\xef\xbf\xbd"), (b"\xff", b"y"), (b"LARGE", b"x" * (20 << 20)),
                        (b"n" * 256, b"z")):
        got = get(alice, "-0", str(started.pid), name, text=False)
        assert (got.returncode, got.stderr) == (0, b"")
        assert got.stdout == value + b"\0", name[:5]


@pytest.mark.parametrize("arguments", [
    [], ["get"], ["get", "0"], ["get", "-1"], ["get", "x"], ["get", "1x"], ["get", ""], ["get", " 1"],
    ["get", "99999999999"], ["get", "4294967297"], ["get", "--wrong", "1"], ["take", "1"], ["--wrong"],
], ids=" ".join)
def test_wrong_input_is_exit_status_64_with_a_reason(alice, arguments):
    got = alice.run(["pekeenv", *arguments])

    assert got.returncode == USAGE
    assert got.stdout == ""
    assert got.stderr.startswith("pekeenv: ")


def test_no_such_process_is_exit_status_69(alice):
    got = get(alice, str(2**22 + 1))

    assert got.returncode == UNAVAILABLE
    assert got.stderr == f"pekeenv: There is no process {2**22 + 1}, or not any more. Check the PID.\n"


def test_no_right_is_exit_status_77(alice, bob, start):
    process = start.puppet(bob)
    got = get(alice, str(process.pid))

    assert got.returncode == DENIED
    assert got.stdout == ""
    assert got.stderr.startswith(f"pekeenv: You may not read the environment of process {process.pid} of user bob:")


def test_without_the_service_it_asks_whether_it_is_installed(alice, process):
    service.stop()
    os.rename(service.ACTIVATION_FILE, service.ACTIVATION_FILE + ".away")
    bus.call_bus("ReloadConfig", signature="")
    try:
        got = get(alice, process)
    finally:
        os.rename(service.ACTIVATION_FILE + ".away", service.ACTIVATION_FILE)
        bus.call_bus("ReloadConfig", signature="")

    assert got.returncode == UNAVAILABLE
    assert "Is it installed?" in got.stderr


def test_without_a_bus_it_says_so(alice, process):
    got = get(alice, process, env={"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent"})

    assert got.returncode == UNAVAILABLE
    assert "system bus" in got.stderr


def test_output_that_can_not_be_written_is_an_error(alice, process):
    got = alice.run(["sh", "-c", f"pekeenv get {process} >/dev/full"])

    assert got.returncode == UNAVAILABLE
    assert "No space" in got.stderr


def test_help_is_on_standard_output(alice):
    for arguments in (["--help"], ["-h"], ["get", "--help"], ["get", "-h"]):
        shown = alice.run(["pekeenv", *arguments])
        assert shown.returncode == 0
        assert "get" in shown.stdout
        assert shown.stderr == ""


def on_terminal(user, command):
    """Runs a command on a terminal, and returns what it shows there."""
    master, slave = pty.openpty()
    process = user.start(command, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    shown = b""
    while select.select([master], [], [], 30)[0]:
        try:
            shown += os.read(master, 65536)
        except OSError:  # EIO: nobody has it open any more
            break
    os.close(master)
    return process.wait(), shown.replace(b"\r\n", b"\n")


@pytest.fixture
def nasty(alice, start):
    started = start.puppet(alice)
    started.do(r"set_environ(b'T=\x1b]0;owned\x07', b'N=a\nB=2', b'C=\xc2\x9b31m', b'D=\x7f\t\r', b'U=\xc3\xa9')")
    return str(started.pid)


def test_nothing_gets_through_to_a_terminal_that_could_control_it(alice, nasty):
    status, shown = on_terminal(alice, ["pekeenv", "get", nasty])

    assert status == 0
    assert not any(byte < 32 or byte == 127 for byte in shown.replace(b"\n", b""))
    assert b"\xc2\x9b" not in shown
    lines = shown.split(b"\n")
    assert lines[0] == rb"T=\x1b]0;owned\x07"
    assert lines[1] == rb"N=a\nB=2"
    assert len(lines) == 6


def test_values_of_names_are_escaped_on_a_terminal_too(alice, nasty):
    assert on_terminal(alice, ["pekeenv", "get", nasty, "T"]) == (0, b"\\x1b]0;owned\\x07\n")
