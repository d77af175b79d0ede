# SPDX-License-Identifier: LGPL-2.1-or-later
"""What tools/try did on the smallest Debian, as root, without systemd, before this machine was booted."""

import os
import re

import pytest

CLONE = os.environ["PEKEENV_CLONE"]
FIRST_TRY = os.environ["PEKEENV_FIRST_TRY"]


def read(path):
    with open(path) as file:
        return file.read()


@pytest.fixture(scope="module")
def lines():
    return read(FIRST_TRY).splitlines()


def test_it_installed_what_was_missing_and_started_a_bus(lines):
    (packages,) = [line for line in lines if line.startswith("Installing packages: ")]
    assert {"gcc", "meson", "libelf-dev", "dbus", "polkitd"} <= set(packages.split())
    assert "Starting a system bus" in lines


def test_it_showed_what_proc_does_not_to_nobody(lines):
    assert any("of user nobody" in line for line in lines)
    assert "    added    DATABASE_URL=postgres://db.example/app" in lines
    assert "    changed  LOG_LEVEL=debug (from info)" in lines
    assert "    removed  DEPLOY_TOKEN" in lines


def test_its_last_line_was_the_command_to_use_next(lines):
    assert re.fullmatch(r"pekeenv get [0-9]+", lines[-1])
    assert read(FIRST_TRY + ".next").splitlines() == [
        "PATH=/usr/bin:/bin", "LANG=C.UTF-8", "LOG_LEVEL=debug", "DATABASE_URL=postgres://db.example/app"]


def test_it_fits_on_a_screen(lines):
    assert len(lines) <= 20


def test_it_left_nothing_in_the_clone():
    """Whoever cloned it can go on working there: nothing is root's."""
    files = [os.path.join(directory, name) for directory, _, names in os.walk(CLONE) for name in names]

    assert files
    assert [path for path in files if os.lstat(path).st_uid == 0] == []
