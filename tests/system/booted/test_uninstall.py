# SPDX-License-Identifier: LGPL-2.1-or-later
"""tools/try --uninstall takes away what tools/try brought."""

import grp
import os
import pwd
import subprocess

import pytest

import bus
import service

CLONE = os.environ["PEKEENV_CLONE"]
TRY = f"{CLONE}/tools/try"
FIRST_TRY = os.environ["PEKEENV_FIRST_TRY"]


def read(path):
    with open(path) as file:
        return file.read()


@pytest.fixture(scope="module")
def lines(root):
    """Uninstalls while the service and the demonstration program run."""
    service.start()
    uninstalled = root.run([TRY, "--uninstall"])
    assert (uninstalled.returncode, uninstalled.stderr) == (0, "")
    return uninstalled.stdout.splitlines()


def find(*expression):
    """Returns what find(1) finds outside the clone, and outside what the tests have brought themselves, and without the
    manual pages that man(1), which "systemd-analyze verify" runs, keeps until it tidies up itself."""
    pruned = [CLONE, FIRST_TRY, os.environ["PEKEENV_TEST_DIR"], "/var/cache/man"]
    paths = [word for path in pruned for word in ("-path", path, "-prune", "-o")]
    found = subprocess.run(["find", "/", "-xdev", *paths, *expression, "-print"], stdout=subprocess.PIPE, text=True)
    return found.stdout.splitlines()


def test_it_says_which_packages_stay(lines):
    assert lines[0] == "pekeenv is uninstalled."
    assert lines[-1].startswith("apt-get purge --autoremove ")
    assert {"gcc", "meson", "libelf-dev", "dbus", "polkitd"} <= set(lines[-1].split())


def test_no_file_is_left(lines):
    assert find("-name", "*pekeenv*", "-not", "-name", "*.journal") == []


def test_no_user_and_no_group_is_left(lines):
    assert "pekeenv" not in [entry.pw_name for entry in pwd.getpwall()]
    assert "pekeenv" not in [entry.gr_name for entry in grp.getgrall()]


def test_no_process_is_left(lines):
    names = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        names.add(read(f"/proc/{pid}/comm").strip())

    assert "systemd" in names
    assert not [name for name in names if name.startswith(("pekeenv", "perl"))]


def test_systemd_knows_no_unit(lines, root):
    assert "pekeenv" not in root.run(["systemctl", "list-unit-files", "--no-pager"]).stdout
    assert root.run(["systemctl", "cat", "pekeenvd.service"]).returncode == 1


def test_the_bus_knows_no_service(lines, alice):
    asked = alice.run(["busctl", "call", bus.NAME, bus.PATH, bus.INTERFACE, "GetEnvironment", "u", str(os.getpid())])

    assert (asked.returncode, asked.stdout) == (1, "")
    assert "was not provided by any .service files" in asked.stderr


def test_there_is_nothing_to_take_away_twice(lines, root):
    again = root.run([TRY, "--uninstall"])

    assert (again.returncode, again.stdout, again.stderr) == (0, "There is nothing to uninstall.\n", "")
