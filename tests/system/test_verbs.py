# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the command pekeenv can do but for getting: its other verbs, forms of output, and ways to name a process."""

import json
import os
import subprocess

import pytest

import target

MISSING = 1
NO_PROCESS = 66
DENIED = 77


@pytest.fixture
def process(alice, start):
    started = start.puppet(alice, {"KEPT": "1", "GONE": "two", "CHANGED": "old"})
    started.do(r"set_environ(b'KEPT=1', b'CHANGED=n\new', b'NEW=\xff', b'KEPT=later', b'plain', b'=x')")
    return str(started.pid)


def pekeenv(user, *arguments, **options):
    options = {"env": {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}} | options
    return user.run(["pekeenv", *arguments], **options)


def read_json(user, *arguments):
    """By jq, which takes nothing but JSON."""
    got = pekeenv(user, *arguments)
    assert got.returncode == 0, got.stderr
    return json.loads(subprocess.run(["jq", "."], input=got.stdout, capture_output=True, text=True, check=True).stdout)


#
# Verbs
#


def test_get_may_be_left_out(alice, process):
    assert pekeenv(alice, process, "KEPT").stdout == "1\n"
    assert pekeenv(alice, "-0", process, text=False).stdout == pekeenv(alice, "get", "-0", process, text=False).stdout


def test_options_may_stand_anywhere(alice, process):
    for arguments in (["-0", "get", process, "KEPT"], ["get", process, "-0", "KEPT"], [process, "KEPT", "--null"]):
        assert pekeenv(alice, *arguments).stdout == "1\0"


def test_names_prints_names_only(alice, process):
    assert pekeenv(alice, "names", process).stdout == "KEPT\nCHANGED\nNEW\n"
    assert pekeenv(alice, "names", "-0", process).stdout == "KEPT\0CHANGED\0NEW\0"


def test_names_asks_for_no_more_than_the_right_to_names(alice, bob, start, rules):
    process = start.puppet(bob, {"LANG": "C.UTF-8"})
    rules.add("""
        polkit.addRule(function(action, subject) {
            if (action.id == "org.pekeenv.inspector.read-names")
                return polkit.Result.YES;
        });
    """)

    assert pekeenv(alice, "names", str(process.pid)).stdout == "LANG\n"
    assert pekeenv(alice, str(process.pid)).returncode == DENIED


def test_initial_prints_what_the_process_was_started_with_byte_by_byte(alice, start):
    process = start.puppet(alice, {b"A": b"\xff", b"B": b"2"})
    process.do("set_environ(b'A=1')")

    assert pekeenv(alice, "initial", "-0", str(process.pid), text=False).stdout == process.proc("environ")
    assert pekeenv(alice, "initial", str(process.pid), text=False).stdout == b"A=\xff\nB=2\n"


def test_diff_shows_what_has_changed_since_the_start(alice, process):
    got = pekeenv(alice, "diff", process, text=False)

    assert got.stdout == "~ CHANGED=old → n\new\n- GONE=two\n+ NEW=".encode() + b"\xff\n"
    assert (got.stderr, got.returncode) == (b"", 1)


def test_diff_of_two_processes(alice, start):
    first, second = (start.puppet(alice, {"LANG": "C.UTF-8", name: "1"}) for name in ("A", "B"))
    got = pekeenv(alice, "diff", str(first.pid), str(second.pid))

    assert (got.stdout, got.returncode) == ("- A=1\n+ B=1\n", 1)


def test_diff_without_a_difference_is_exit_status_0(alice, start):
    process = start.puppet(alice)
    got = pekeenv(alice, "diff", str(process.pid))

    assert (got.stdout, got.returncode) == ("", 0)


def test_diff_with_trouble_is_exit_status_2(alice, bob, start):
    process = start.puppet(bob)

    for arguments in ([str(process.pid)], [str(2**22 + 1)], [str(process.pid), str(process.pid)], ["x"], []):
        assert pekeenv(alice, "diff", *arguments).returncode == 2


def test_describe_tells_where_it_was_found(alice, process):
    lines = dict(line.strip().split(": ", 1) for line in pekeenv(alice, "describe", process).stdout.splitlines())

    assert lines["PID"] == process
    assert lines["UID"] == f"alice ({alice.uid})"
    assert lines["Runtime"] == "glibc"
    assert lines["Count"] == "6"
    assert lines["Executable"] == os.path.realpath(target.PYTHON)


def test_exec_runs_a_command_in_exactly_that_environment(alice, start):
    process = start.puppet(alice)
    process.do(r"set_environ(b'B=1', b'A=\xff', b'B=2', b'plain', b'PATH=/usr/bin', b'N=a\nb')")
    entries = b"B=1\0A=\xff\0B=2\0plain\0PATH=/usr/bin\0N=a\nb\0"

    got = pekeenv(alice, "exec", str(process.pid), "--", "cat", "/proc/self/environ", text=False)
    assert (got.stdout, got.stderr, got.returncode) == (entries, b"", 0)


def test_exec_leaves_nothing_of_its_own_behind(alice, process):
    got = pekeenv(alice, "exec", process, "--", target.PYTHON, "-c",
                  "import os; print([fd for fd in range(100) if os.path.exists(f'/proc/self/fd/{fd}')])")

    assert got.stdout == "[0, 1, 2]\n"


def test_exec_leaves_the_options_of_the_command_to_it(alice, process):
    for arguments in (["exec", process, "/usr/bin/printf"], ["exec", process, "--", "/usr/bin/printf"],
                      ["exec", "--", process, "/usr/bin/printf"], ["-q", "exec", "-q", process, "-q", "/usr/bin/printf"]):
        got = pekeenv(alice, *arguments, "%s|", "-q", "--", "-0", "--help", "--wrong")
        assert (got.stdout, got.stderr) == ("-q|--|-0|--help|--wrong|", ""), arguments


def test_exec_leaves_closed_what_is_closed(alice, process):
    got = alice.run(["sh", "-c", f"pekeenv exec {process} -- /bin/sh -c 'test -e /proc/$$/fd/1; echo $? >&2' >&-"])

    assert got.stderr == "1\n"


def test_exec_ends_as_the_command_does(alice, process):
    assert pekeenv(alice, "exec", process, "--", "/bin/sh", "-c", "exit 7").returncode == 7
    assert pekeenv(alice, "exec", process, "--", "/no-such-file").returncode == 127
    assert pekeenv(alice, "exec", process, "--", "/etc/passwd").returncode == 126


def test_exec_looks_for_the_command_in_the_path_of_the_process(alice, start):
    process = start.puppet(alice, {"PATH": "/no-such-file"})

    assert pekeenv(alice, "exec", str(process.pid), "true").returncode == 127


#
# Forms
#


def test_shell_lines_give_a_shell_what_getenv_finds(alice, start):
    process = start.puppet(alice)
    process.do(r"set_environ(b'A=it\'s $x `y` \\ \"z\"', b'N=a\nb', b'A=later', b'1=x', b'a.b=y', b'plain', b'E=')")

    got = pekeenv(alice, "--shell", str(process.pid))
    ran = alice.run(["sh", "-c", 'eval "$1"; printf "%s|" "$A" "$N" "$E"', "sh", got.stdout])
    assert ran.stdout == "it's $x `y` \\ \"z\"|a\nb||"
    assert "4 of the entries are left out" in got.stderr
    assert pekeenv(alice, "--shell", "--quiet", str(process.pid)).stderr == ""
    assert pekeenv(alice, "initial", "--shell", str(process.pid)).stdout == "export LANG='C.UTF-8'\n"


def test_json_is_an_object_of_what_getenv_finds(alice, process):
    expected = {"KEPT": "1", "CHANGED": "n\new", "NEW": "\\xff"}

    assert read_json(alice, "--json=pretty", process) == expected
    assert read_json(alice, "get", "--json=short", process, "KEPT", "NEW") == {"KEPT": "1", "NEW": "\\xff"}
    assert pekeenv(alice, "--json=short", process, "KEPT").stdout == '{"KEPT":"1"}\n'
    assert pekeenv(alice, "--json=off", process, "KEPT").stdout == "1\n"


def test_json_of_the_other_verbs(alice, process):
    assert read_json(alice, "names", "--json=short", process) == ["KEPT", "CHANGED", "NEW"]
    assert read_json(alice, "initial", "--json=short", process) == {"KEPT": "1", "GONE": "two", "CHANGED": "old"}
    assert read_json(alice, "describe", "--json=short", process)["PID"] == int(process)

    got = pekeenv(alice, "diff", "--json=short", process)
    assert got.returncode == 1
    assert json.loads(got.stdout) == {
        "added": {"NEW": "\\xff"}, "removed": {"GONE": "two"}, "changed": {"CHANGED": {"old": "old", "new": "n\new"}},
    }


def test_json_takes_every_text(alice, start):
    process = start.puppet(alice)
    process.do(r"set_environ(b'C=\x01\x1b\"\\', b'U=\xc3\xa9\xed\xa0\x80', b'\xfe=1', 'N=\ufffe'.encode())")

    assert read_json(alice, "--json=short", str(process.pid)) == {
        "C": "\x01\x1b\"\\", "U": "é\\xed\\xa0\\x80", "\\xfe": "1", "N": "\\xef\\xbf\\xbe",
    }


def test_json_in_which_names_could_not_be_told_apart_is_refused(alice, start):
    process = start.puppet(alice)
    process.do(r"set_environ(b'A\xff=1', b'A\\xff=2')")
    got = pekeenv(alice, "--json=short", str(process.pid))

    assert (got.stdout, got.returncode) == ("", 69)
    assert "two names" in got.stderr


def test_names_that_do_not_arrive_as_they_are_are_told_of(alice, start):
    process = start.puppet(alice)
    process.do(r"set_environ(b'A\xff=1')")
    got = pekeenv(alice, "names", str(process.pid))

    assert (got.stdout, got.returncode) == ("A\ufffd\n", 0)
    assert "UTF-8" in got.stderr
    assert pekeenv(alice, "-q", "names", str(process.pid)).stderr == ""


def test_a_hostile_name_does_not_unmask_a_secret(alice, start):
    process = start.puppet(alice)
    process.do(r"set_environ(b'\xffTOKEN=x1', b'[TOKEN=x2', b'\nSECRET\n=x3', b'token\\=x4')")

    for locale in ("C.UTF-8", "C"):
        got = pekeenv(alice, "--mask", "-0", str(process.pid), text=False, env={"PATH": "/usr/bin", "LC_ALL": locale})
        assert got.stdout == b"\xffTOKEN=*****\0[TOKEN=*****\0\nSECRET\n=*****\0token\\=*****\0"


def test_mask_hides_what_looks_like_a_secret(alice, start):
    process = start.puppet(alice)
    process.do(r"set_environ(b'DB_PASSWORD=x1', b'api_key=x2', b'HOME=/home', b'URL=postgres://u:p@ss@h/d?a=b, http://v:w@i', "
               r"b'PLAIN=http://h:80/@', b'plain x3', b'MINE=x4')")

    assert pekeenv(alice, "--mask", str(process.pid)).stdout.splitlines() == [
        "DB_PASSWORD=*****", "api_key=*****", "HOME=/home", "URL=postgres://u:*****@h/d?a=b, http://v:*****@i",
        "PLAIN=http://h:80/@", "*****", "MINE=x4",
    ]
    assert pekeenv(alice, "--mask=X,mi*", str(process.pid), "MINE", "HOME").stdout == "*****\n/home\n"
    assert read_json(alice, "--mask", "--json=short", str(process.pid))["api_key"] == "*****"


def test_mask_does_not_hide_that_there_is_a_difference(alice, start):
    process = start.puppet(alice, {"TOKEN": "a"})
    process.do("set_environ(b'TOKEN=b', b'SECRET=c')")
    got = pekeenv(alice, "diff", "--mask", str(process.pid))

    assert (got.stdout, got.returncode) == ("+ SECRET=*****\n~ TOKEN=***** → *****\n", 1)


def test_masks_are_taken_from_files(alice, start, directory):
    process = start.puppet(alice, {"LC_ALL": "C.UTF-8", "A": "1", "B": "2", "C": "3"})
    os.makedirs(f"{directory}/pekeenv")
    with open(f"{directory}/pekeenv/mask", "w") as file:
        file.write("# mine\n\nA\n")
    os.makedirs("/etc/pekeenv")
    with open("/etc/pekeenv/mask", "w") as file:
        file.write("b")
    try:
        got = pekeenv(alice, "--mask", str(process.pid), env={"PATH": "/usr/bin", "XDG_CONFIG_HOME": directory})
        assert got.stdout == "LC_ALL=C.UTF-8\nA=*****\nB=*****\nC=3\n"

        # What can't be read might have hidden something.
        os.chmod(f"{directory}/pekeenv/mask", 0)
        got = pekeenv(alice, "--mask", str(process.pid), env={"PATH": "/usr/bin", "XDG_CONFIG_HOME": directory})
        assert (got.stdout, got.returncode) == ("", 69)
    finally:
        os.remove("/etc/pekeenv/mask")
        os.rmdir("/etc/pekeenv")


def test_a_lack_of_memory_does_not_pass_for_an_answer(alice, start):
    process = start.puppet(alice)
    process.do("set_environ(*(b'A%d=' % i + b'x' * 4000 for i in range(1000)), b'TOKEN=x', b'B=http://a:b@c/')")

    for arguments, trouble in (
        (["get"], 69), (["get", "--json=short"], 69), (["get", "--shell"], 69), (["diff", "--json=short"], 2),
        (["get", "--mask", "--json=pretty"], 69),
    ):
        ended = set()
        for megabytes in (*range(6, 30, 3), 1000):
            got = alice.run(["prlimit", f"--as={megabytes << 20}", "pekeenv", *arguments, str(process.pid)],
                            text=False, env={"PATH": "/usr/bin:/bin"})
            ended.add((got.returncode, got.stdout))

        assert {(trouble, b"")} < ended, "limits at which it can start, and not take the answer"
        assert len(ended - {(trouble, b""), (127, b"")}) == 1, arguments


#
# Which process
#


def rename(process, comm):
    process.do(f"open('/proc/self/comm', 'w').write({comm!r})")


def test_a_process_may_be_named_by_its_name(alice, process, start):
    named = start.puppet(alice, {"LANG": "C.UTF-8", "A": "1"})
    rename(named, "unique-name")

    assert pekeenv(alice, "name:unique-name", "A").stdout == "1\n"


def test_the_command_does_not_find_itself_by_name(alice):
    assert pekeenv(alice, "name:pekeenv").returncode == NO_PROCESS


def test_of_several_processes_the_candidates_are_listed(alice, bob, start):
    first, second = start.puppet(alice), start.puppet(bob)
    for process in (first, second):
        rename(process, "tw\x1bns")
    got = pekeenv(alice, "name:tw\x1bns")

    assert (got.stdout, got.returncode) == ("", NO_PROCESS)
    lines = got.stderr.splitlines()
    assert lines[0] == r"pekeenv: There are 2 processes called tw\x1bns. Name one by its PID:"
    assert lines[1].split() == ["PID", "USER", "EXECUTABLE"]
    assert {tuple(line.split()[:2]) for line in lines[2:]} == {(str(first.pid), "alice"), (str(second.pid), "bob")}


def test_a_name_that_no_process_has(alice):
    got = pekeenv(alice, "name:nobody-has-this")

    assert (got.stdout, got.returncode) == ("", NO_PROCESS)


def test_a_unit_without_systemd_says_so(alice):
    got = pekeenv(alice, "nginx.service")

    assert got.returncode == 69
    assert "There is no systemd" in got.stderr
