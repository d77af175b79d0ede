# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pressing Tab in bash, zsh and fish."""

import os

import pytest

import bus

ALLOW_INTERACTIVE_AUTHORIZATION = 4


def puppet(start, user, name="unusual"):
    started = start.puppet(user)
    started.do("set_environ(b'DATABASE_URL=1', b'DATABASE_USER=2', b'LOG_LEVEL=3', b'$(touch hit)=4')")
    started.do(f"open('/proc/self/comm', 'w').write({name!r})")
    return started


@pytest.fixture
def process(alice, start):
    return puppet(start, alice)


def test_commands(shell):
    shell.completes("pekeenv desc", "pekeenv describe")
    shell.lists("pekeenv ", "get", "names", "initial", "diff", "describe", "exec", "help")


def test_options_before_and_after_the_command(shell):
    shell.completes("pekeenv --no-as", "pekeenv --no-ask-password")
    shell.completes("pekeenv get --nul", "pekeenv get --null")
    shell.completes("pekeenv --json=sh", "pekeenv --json=short")
    shell.lists("pekeenv --no-", "--no-pager", "--no-legend", "--no-ask-password")


def two_puppets(start, user, *names):
    """Returns two processes, and what their PIDs have in common."""
    pids = [puppet(start, user, name).pid for name in names]
    return *pids, os.path.commonprefix([str(pid) for pid in pids])


def test_pids_are_listed_with_names(shell, alice, start):
    first, second, prefix = two_puppets(start, alice, "unusual-1", "unusual-2")

    shell.lists(f"pekeenv {prefix}", str(first), "unusual-1", str(second), "unusual-2")
    shell.lists(f"pekeenv diff {first} {prefix}", str(second), "unusual-2")


def test_the_name_of_a_process(shell, alice, start):
    puppet(start, alice, "unu:sual")

    shell.completes("pekeenv name:unu", "pekeenv name:unu:sual")
    shell.completes("pekeenv describe name:unu:s", "pekeenv describe name:unu:sual")


def test_a_name_that_is_there_twice_names_no_process(shell, alice, start):
    for name in ("twice", "twice", "twist"):
        puppet(start, alice, name)

    shell.completes("pekeenv name:twi", "pekeenv name:twist")


def test_variables_of_the_process_that_was_typed(shell, process):
    for command in ("", "get ", "--null get "):
        shell.completes(f"pekeenv {command}{process.pid} LOG", f"pekeenv {command}{process.pid} LOG_LEVEL")
    shell.completes(f"pekeenv {process.pid} LOG_LEVEL DATABASE_UR", f"pekeenv {process.pid} LOG_LEVEL DATABASE_URL")
    shell.completes("pekeenv name:unusual LOG", "pekeenv name:unusual LOG_LEVEL")
    shell.lists(f"pekeenv {process.pid} DATABASE_U", "ATABASE_URL", "ATABASE_USER")


def test_what_a_process_calls_itself_and_its_variables_is_not_executed(shell, alice, start, directory):
    first, _, prefix = two_puppets(start, alice, "$(touch hit)", "`touch hit`")

    shell.lists(f"pekeenv {prefix}", "$(touch hit)", "`touch hit`")
    shell.lists(f"pekeenv {first} ", "LOG_LEVEL")
    assert not os.path.exists(f"{directory}/hit")


def test_nobody_is_asked_for_a_password(shell, bob, start):
    process = puppet(start, bob)

    with bus.Watch("type='method_call',interface='org.pekeenv.Inspector'") as watch:
        shell.completes(f"pekeenv {process.pid} \tx", f"pekeenv {process.pid} x")
        assert watch.wait_for(member="GetVariableNamesByPIDFD")["flags"] & ALLOW_INTERACTIVE_AUTHORIZATION == 0


def test_nothing_is_looked_for_elsewhere(shell, process):
    shell.completes(f"pekeenv -H nowhere.example {process.pid} LOG\tx", f"pekeenv -H nowhere.example {process.pid} LOGx")


def test_a_command_to_execute(shell, process):
    shell.completes(f"pekeenv exec {process.pid} -- printen", f"pekeenv exec {process.pid} -- printenv")


def test_where_programs_are_missing_nothing_is_said(shell):
    programs = [f"/usr/bin/{name}" for name in ("ps", "systemctl", "machinectl") if os.path.exists(f"/usr/bin/{name}")]
    for program in programs:
        os.rename(program, program + ".away")
    try:
        shell.completes("pekeenv describe na", "pekeenv describe name:")
    finally:
        for program in programs:
            os.rename(program + ".away", program)
