# SPDX-License-Identifier: LGPL-2.1-or-later
"""The package is installed, used, upgraded and taken away again.

Each test finds what the one before has left.
"""

import contextlib
import glob
import os
import subprocess

import pytest

import bus
import files
import service
import target

CLONE = os.environ["PEKEENV_CLONE"]
PACKAGES = os.path.dirname(CLONE)
(LATER,) = glob.glob(f"{PACKAGES}/pekeenv_*+later_*.deb")
(PACKAGE,) = set(glob.glob(f"{PACKAGES}/pekeenv_*.deb")) - {LATER}
ASK = f"{CLONE}/debian/tests/ask"
UNIT = "pekeenvd.service"
LIMIT = 120


def output(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.strip()


def apt(*arguments):
    done = subprocess.run(
        ["apt", "--yes", "--no-install-recommends", *arguments], env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LIMIT)
    assert done.returncode == 0, done.stdout


def is_known(package):
    """Whether it is installed, or something of it is left."""
    return output("dpkg-query", "-Wf", "${db:Status-Status}", package) not in ("", "not-installed")


def state():
    return output("systemctl", "is-active", UNIT)


def processes():
    """Returns the names of those that are the service's, or a user's command."""
    names = []
    for path in glob.glob("/proc/[0-9]*/comm"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError), open(path) as file:
            names.append(file.read().strip())
    return [name for name in names if name.startswith("pekeenv")]


@pytest.fixture(scope="module")
def before():
    return files.snapshot(), files.names_of_users()


@pytest.fixture(scope="module")
def program(alice):
    """One of hers, which has changed its environment since it was started."""
    started = target.puppet(alice)
    started.do("os.environ['ADDED'] = 'since'")
    yield started
    started.end()


@pytest.fixture(scope="module")
def stranger(bob):
    started = target.puppet(bob)
    yield started
    started.end()


def assert_that_it_answers(user, program):
    asked = user.run(["pekeenv", "get", str(program.pid), "ADDED"])
    assert (asked.returncode, asked.stdout, asked.stderr) == (0, "since\n", "")


def test_it_answers_as_soon_as_apt_is_done(before, alice, program, stranger):
    """What it needs comes with it."""
    assert not is_known("polkitd")

    apt("install", PACKAGE)

    assert_that_it_answers(alice, program)
    assert alice.is_refused("GetEnvironment", stranger.pid).name == bus.INTERACTION_REQUIRED


def test_it_passes_the_test_that_comes_with_it(tmp_path):
    tmp_path.chmod(0o755)
    done = subprocess.run([ASK], env=os.environ | {"AUTOPKGTEST_TMP": str(tmp_path)}, timeout=LIMIT)

    assert done.returncode == 0


def test_an_upgrade_starts_a_service_anew_that_runs(alice, program):
    service.start()
    old = bus.owner_pid()

    apt("install", LATER)

    assert output("dpkg-query", "-Wf", "${Version}", "pekeenv").endswith("+later")
    assert state() == "active"
    assert bus.owner_pid() != old
    assert_that_it_answers(alice, program)


def test_an_upgrade_starts_no_service_that_does_not_run():
    output("systemctl", "stop", UNIT)

    apt("install", "--reinstall", LATER)

    assert state() == "inactive"


def test_calls_that_go_on_do_not_keep_it_from_being_removed(alice, program):
    call = f"busctl call {bus.NAME} {bus.PATH} {bus.INTERFACE} GetEnvironment u {program.pid}"
    caller = alice.start(["sh", "-c", f"while :; do {call}; done"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        apt("remove", "pekeenv")
    finally:
        caller.kill()
        caller.wait()

    assert processes() == []
    assert output("systemctl", "show", "--value", "--property=LoadState", UNIT) == "not-found"
    assert output("systemctl", "--failed", "--no-legend") == ""
    assert alice.is_refused("GetEnvironment", program.pid).name == "org.freedesktop.DBus.Error.ServiceUnknown"


def test_it_is_not_started_when_it_comes_back_but_by_a_call(alice, program, stranger):
    """By now the bus and polkit run."""
    apt("install", PACKAGE)

    assert state() == "inactive"
    assert output("systemctl", "is-enabled", UNIT) == "static"
    assert_that_it_answers(alice, program)
    assert alice.is_refused("GetEnvironment", stranger.pid).name == bus.INTERACTION_REQUIRED


def test_purging_it_leaves_nothing(before):
    assert state() == "active"

    # What only pekeenv needs, though something else suggests it.
    apt("purge", "--autoremove", "--option=APT::AutoRemove::SuggestsImportant=false", "pekeenv")

    assert processes() == []
    assert not is_known("pekeenv") and not is_known("polkitd")
    assert output("find", "/", "-xdev", "-name", "*pekeenv*", "-not", "-path", f"{PACKAGES}/*") == ""
    found, names = before
    assert files.names_of_users() - names == {"polkitd"}
    assert files.differences(found, files.snapshot()) == set()
