# SPDX-License-Identifier: LGPL-2.1-or-later
"""pekeenv --direct: without the service and without a bus."""

import json
import re

import pytest

import bus
import service

NO_BUS = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent"}


def direct(user, *arguments, **options):
    return user.run(["pekeenv", "--direct", *map(str, arguments)], env=NO_BUS, **options)


@pytest.fixture
def process(alice, start):
    started = start.puppet(alice, {"LANG": "C.UTF-8", "OLD": "1"})
    started.do(r"set_environ(b'A=1', b'X=\xff', b'A=2', b'plain')")
    return started.pid


def test_every_verb_works_without_a_bus(alice, process):
    for arguments, answer in (
        ([process], b"A=1\nX=\xff\nA=2\nplain\n"), ([process, "A"], b"1\n"), (["names", process], b"A\nX\n"),
        (["initial", process], b"LANG=C.UTF-8\nOLD=1\n"), (["exec", process, "--", "/usr/bin/env"], b"A=1\nX=\xff\nA=2\nplain\n"),
    ):
        got = direct(alice, *arguments, text=False)
        assert (got.stdout, got.stderr, got.returncode) == (answer, b"", 0), arguments
    assert direct(alice, "diff", "--json=short", process).returncode == 1


def test_it_describes_as_the_service_does(alice, process):
    described = json.loads(direct(alice, "describe", "--json=short", process).stdout)

    assert described == json.loads(alice.run(["pekeenv", "describe", "--json=short", str(process)]).stdout)


def test_a_user_is_refused_the_process_of_another(alice, bob, start):
    process = start.puppet(bob)
    got = direct(alice, process.pid)

    assert (got.stdout, got.returncode) == ("", 77)
    assert got.stderr.startswith(f"pekeenv: The kernel does not let you read process {process.pid}")


def test_root_may_read_every_process(root, process):
    assert direct(root, process, "A").stdout == "1\n"


def test_what_can_not_be_found_is_refused_as_by_the_service(alice, start):
    process = start.puppet(alice)
    process.do("ctypes.c_void_p.in_dll(libc, 'environ').value = 8")
    got = direct(alice, process.pid)

    assert (got.stdout, got.returncode) == ("", 69)
    assert f"process {process.pid}" in got.stderr
    assert direct(alice, 2**22 + 1).returncode == 66


def test_a_reader_has_a_deadline_whatever_it_inherits(alice, process):
    """strace sends it what the kernel sends at the end of the time."""
    got = alice.run(["sh", "-c", "trap '' ALRM; exec strace -f -o /dev/null -e inject=capset:signal=ALRM "
                     f"pekeenv --direct {process}"])

    assert (got.stdout, got.returncode) == ("", 75)
    assert f"process {process} could not be read in time" in got.stderr


def test_a_unit_without_a_bus_says_so(alice):
    got = direct(alice, "nginx.service")

    assert (got.stdout, got.returncode) == ("", 69)
    assert "Name a process by its PID" in got.stderr


def test_the_service_is_not_asked(alice, process):
    service.stop()
    with bus.Watch("type='method_call',destination='org.pekeenv.Inspector'") as watch:
        got = alice.run(["pekeenv", "--direct", str(process), "A"])
        assert got.stdout == "1\n"
        assert watch.seen() == []


def test_who_reads_has_no_rights_when_it_looks_at_memory(root, process, directory):
    """Neither root's capabilities nor any other system call than a reader needs."""
    trace = f"{directory}/trace"
    got = root.run(["strace", "-f", "-o", trace, "pekeenv", "--direct", str(process), "A"])
    assert got.stdout == "1\n"

    with open(trace) as file:
        lines = file.read().splitlines()
    filtered = next(i for i, line in enumerate(lines) if "PR_SET_SECCOMP" in line)
    reader = lines[filtered].split()[0]
    before, after = ([line for line in part if line.split()[0] == reader] for part in (lines[:filtered], lines[filtered:]))
    assert any("capset(" in line for line in before)
    opened = re.compile(r'openat\(\d+, "mem", .* = (\d+)$')
    memory = next(match[1] for line in before if (match := opened.search(line)))
    assert not any(f"pread64({memory}," in line for line in before)
    assert any(f"pread64({memory}," in line for line in after)
