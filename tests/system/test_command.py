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
NO_PROCESS = 66
UNAVAILABLE = 69
OUTPUT = 74
TRY_AGAIN = 75
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
        assert [message["member"] for message in watch.seen()] == ["GetVariableByPIDFD"] * 2


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
    ["get", "99999999999"], ["get", "4294967297"], ["get", "--wrong", "1"], ["take", "1"], ["--wrong"], ["-0"],
    ["names"], ["names", "1", "2"], ["diff", "1", "2", "3"], ["exec", "1"], ["get", "--json=yes", "1"],
    ["get", "-0", "--shell", "1"], ["get", "--shell", "--json=short", "1"], ["diff", "-H", "x", "-M", "y", "1"],
    ["names", "--shell", "1"], ["exec", "-0", "1", "true"], ["describe", "--shell", "1"], ["get", "--all", "-0", "x.service"],
    ["get", "--all", "1"], ["get", "--all", "name:x"], ["exec", "--all", "x.service", "true"], ["names", "--mask", "1"],
    ["exec", "--mask", "1", "true"], ["get", "--direct", "-H", "x", "1"], ["get", "-M", "x", "name:y"],
    ["get", "x.scope"], ["get", "--no", "1"],
], ids=" ".join)
def test_wrong_input_is_exit_status_64_with_a_reason(alice, arguments):
    got = alice.run(["pekeenv", *arguments])

    assert got.returncode == (2 if arguments[:1] == ["diff"] and "-H" not in arguments else USAGE)
    assert got.stdout == ""
    assert got.stderr.startswith("pekeenv: ")


def test_no_such_process_is_exit_status_66(alice):
    got = get(alice, str(2**22 + 1))

    assert got.returncode == NO_PROCESS
    assert got.stderr == f"pekeenv: There is no process {2**22 + 1}, or not any more.\n"


def test_the_id_of_a_thread_is_no_process(alice, start):
    process = start.puppet(alice)
    process.do("import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()")
    thread = max(int(name) for name in os.listdir(f"/proc/{process.pid}/task"))
    got = get(alice, str(thread))

    assert got.returncode == NO_PROCESS
    assert "ID of a thread" in got.stderr


def test_what_can_not_be_found_is_exit_status_69(alice, start):
    process = start.puppet(alice)
    process.do("ctypes.c_void_p.in_dll(libc, 'environ').value = 8")
    got = get(alice, str(process.pid))

    assert got.returncode == UNAVAILABLE
    assert f"process {process.pid}" in got.stderr


def test_no_right_is_exit_status_77(alice, bob, start):
    process = start.puppet(bob)
    got = get(alice, str(process.pid))

    assert got.returncode == DENIED
    assert got.stdout == ""
    assert got.stderr.startswith(f"pekeenv: You may not read the environment of process {process.pid} of user bob:")


def test_without_the_service_it_says_what_to_do(alice, process):
    service.stop()
    os.rename(service.ACTIVATION_FILE, service.ACTIVATION_FILE + ".away")
    bus.call_bus("ReloadConfig", signature="")
    try:
        got = get(alice, process)
    finally:
        os.rename(service.ACTIVATION_FILE + ".away", service.ACTIVATION_FILE)
        bus.call_bus("ReloadConfig", signature="")

    assert got.returncode == UNAVAILABLE
    assert "Install it" in got.stderr and "--direct" in got.stderr


def test_without_a_bus_it_says_so(alice, process):
    got = get(alice, process, env={"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent"})

    assert got.returncode == UNAVAILABLE
    assert "system bus" in got.stderr


def test_output_that_can_not_be_written_is_an_error(alice, process):
    got = alice.run(["sh", "-c", f"pekeenv get {process} >/dev/full"])

    assert got.returncode == OUTPUT
    assert "No space" in got.stderr


def test_output_that_is_closed_is_an_error_and_goes_nowhere_else(alice, process):
    got = alice.run(["sh", "-c", f"pekeenv get {process} >&-"])

    assert got.returncode == OUTPUT
    assert got.stderr.startswith("pekeenv: The output can't be written")


def test_who_reads_no_more_ends_it(alice, start):
    process = start.puppet(alice)
    process.do("set_environ(b'A=' + b'x' * 1000000)")
    got = alice.run(["bash", "-c", f"pekeenv get {process.pid} | true; exit ${{PIPESTATUS[0]}}"])

    assert (got.returncode, got.stderr) == (128 + 13, "")


def test_help_is_on_standard_output(alice):
    for arguments in (["--help"], ["-h"], ["help"], ["get", "--help"], ["get", "-h"], ["diff", "1", "--help"]):
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
