# SPDX-License-Identifier: LGPL-2.1-or-later
"""Statically linked programs, and the files of symbols that belong to them."""

import os
import platform
import shutil
import subprocess

import pytest

import bus

ENTRIES = ["STAYS=1", "NEW=1"]


@pytest.fixture
def start_program(alice, start):
    """Starts a program of tests/targets as alice, and has it change its environment."""

    def start_it(path):
        script = 'echo ready; read -r _; exec "$0" unset GOES set NEW 1'
        process = start(alice, ["/bin/sh", "-c", script, path], {"STAYS": "1", "GOES": "1"})
        process.process.stdin.write(b"\n")
        process.wait_for(b"READY")
        return process

    return start_it


@pytest.fixture
def start_built(start_program, directory):
    """The same by its name; alice can't look into every build directory."""
    return lambda name: start_program(shutil.copy(built(name), directory))


def built(name):
    path = os.path.join(os.environ["PEKEENV_TARGETS"], name)
    if not os.path.exists(path):
        pytest.skip(f"{name} could not be built here")
    return path


def entries(user, process):
    return [entry for entry in user.call("GetEnvironment", process.pid) if not entry.startswith("PWD=")]


def debug_path(program):
    notes = subprocess.run(["readelf", "-n", program], capture_output=True, text=True, check=True).stdout
    build_id = notes.split("Build ID: ")[1].split()[0]
    return f"/usr/lib/debug/.build-id/{build_id[:2]}/{build_id[2:]}.debug"


@pytest.fixture
def debug_file():
    """Puts the symbols of a program where they are looked for. /usr is a throw-away layer here."""
    paths = []

    def install(name):
        path = debug_path(built(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copy(built(f"{name}.debug"), path)
        os.chmod(path, 0o644)
        paths.append(path)
        return path

    yield install
    for path in paths:
        os.unlink(path)


def test_a_program_with_symbols(alice, start_built):
    process = start_built("static")
    assert entries(alice, process) == ENTRIES
    described = alice.call("Describe", process.pid)
    assert (described["Source"], described["Runtime"], described["Symbol"]) == ("symbol-table", "glibc", "__environ")
    assert described["Object"] == described["Executable"]


@pytest.mark.skipif(platform.machine() != "x86_64", reason="only the code of x86-64 is understood")
@pytest.mark.parametrize("name", ["static-stripped", "static-pie-stripped", "static-musl-stripped"])
def test_a_stripped_program(alice, start_built, name):
    process = start_built(name)
    assert entries(alice, process) == ENTRIES
    described = alice.call("Describe", process.pid)
    assert described["Source"] == "scan"
    assert "Symbol" not in described


@pytest.mark.parametrize("name", ["static", "static-pie", "static-32"])
def test_a_stripped_program_with_a_debug_file(alice, start_built, debug_file, name):
    process = start_built(f"{name}-stripped")
    debug_file(name)
    assert entries(alice, process) == ENTRIES
    described = alice.call("Describe", process.pid)
    assert (described["Source"], described["Symbol"]) == ("debug-file", "__environ")


@pytest.fixture
def linked(directory):
    """A stripped program without a build ID that knows its debug file by a name and a checksum."""
    program = f"{directory}/linked"
    debug = f"/usr/lib/debug{program}.debug"
    os.makedirs(os.path.dirname(debug))
    shutil.copy(built("static-musl.debug"), debug)
    subprocess.run(["objcopy", f"--add-gnu-debuglink={debug}", built("static-musl-stripped"), program], check=True)
    yield program
    shutil.rmtree(os.path.dirname(debug))


def test_a_stripped_program_with_a_debug_file_by_name(alice, start_program, linked):
    process = start_program(linked)
    assert entries(alice, process) == ENTRIES
    assert alice.call("Describe", process.pid)["Source"] == "debug-file"


@pytest.mark.skipif(platform.machine() != "x86_64", reason="only the code of x86-64 is understood")
def test_a_debug_file_of_anybody_is_not_used(alice, start_built, debug_file):
    process = start_built("static-stripped")
    os.chown(debug_file("static"), alice.uid, -1)
    assert entries(alice, process) == ENTRIES
    assert alice.call("Describe", process.pid)["Source"] == "scan"


def read_file(method, argument):
    return os.pread(bus.call(method, argument), 1 << 20, 0)


def test_what_was_read_without_symbols_does_not_stay_in_the_answer(alice, start_built, debug_file):
    """The second reader writes into a file of its own."""
    process = start_built("static-stripped")
    debug_file("static")
    content = alice.do(read_file, "OpenEnvironment", process.pid)
    assert [entry for entry in content.decode().split("\0")[:-1] if not entry.startswith("PWD=")] == ENTRIES
