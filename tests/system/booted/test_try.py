# SPDX-License-Identifier: LGPL-2.1-or-later
"""tools/try where systemd runs, where it has been run before, and without a network."""

import os
import re

import pytest

TRY = os.environ["PEKEENV_CLONE"] + "/tools/try"
LIMIT = 120


@pytest.fixture(scope="module")
def sudo_try(dora, administrators_password):
    """Runs tools/try as the administrator does, and returns its lines."""
    def run(*arguments):
        tried = dora.run(["sudo", "--stdin", "--prompt=", TRY, *arguments],
                         input=administrators_password + "\n", stdin=None, timeout=LIMIT)
        assert (tried.returncode, tried.stderr) == (0, ""), tried.stdout + tried.stderr
        return tried.stdout.splitlines()
    return run


@pytest.fixture(scope="module")
def lines(sudo_try):
    return sudo_try()


def shown_pid(lines):
    return int(re.fullmatch(r"pekeenv get ([0-9]+)", lines[-1])[1])


def test_it_finds_everything_there(lines):
    assert not any("packages" in line or "bus" in line for line in lines)


def test_it_asks_as_the_user_behind_sudo(lines, dora):
    assert f"Process {shown_pid(lines)} of user dora has loaded a dotenv file since it was started." in lines
    assert os.stat(f"/proc/{shown_pid(lines)}").st_uid == dora.uid
    assert "    added    DATABASE_URL=postgres://db.example/app" in lines


def test_its_last_line_is_what_that_user_uses_next(lines, dora):
    asked = dora.run([*lines[-1].split(), "DATABASE_URL"])

    assert (asked.returncode, asked.stdout, asked.stderr) == (0, "postgres://db.example/app\n", "")


def test_another_run_ends_the_program_of_the_one_before(lines, sudo_try):
    again = sudo_try()

    assert not os.path.exists(f"/proc/{shown_pid(lines)}")
    assert os.path.exists(f"/proc/{shown_pid(again)}")


@pytest.mark.parametrize("arguments", [[], ["--uninstall"]], ids=["try", "uninstall"])
def test_an_ordinary_user_is_told_in_one_line_that_it_takes_root(alice, arguments):
    refused = alice.run([TRY, *arguments])

    assert refused.returncode == 1
    assert refused.stdout == ""
    assert refused.stderr == " ".join(["try: This takes root: sudo tools/try", *arguments]) + "\n"


def test_everybody_can_read_what_it_does(alice):
    shown = alice.run([TRY, "--help"])

    assert (shown.returncode, shown.stderr) == (0, "")
    assert "--uninstall" in shown.stdout


def test_it_does_not_guess(root):
    for arguments in (["--unistall"], ["--uninstall", "now"]):
        refused = root.run([TRY, *arguments])
        assert refused.returncode == 1
        assert refused.stdout == ""
        assert len(refused.stderr.splitlines()) == 1
