# SPDX-License-Identifier: LGPL-2.1-or-later
"""Single variables, and names without values."""

import os

import pytest

import bus
import polkit
import target
from test_polkit import QUESTIONS, Asker, Terminal, administrator  # noqa: F401

REPLACED = "\N{REPLACEMENT CHARACTER}"
NAME_MAX = 255


def get(user, process, name, **named):
    return user.call("GetVariable", process.pid, name, **named)


def is_refused(user, process, name, **named):
    return user.is_refused("GetVariable", process.pid, name, **named)


@pytest.fixture
def own(alice, start):
    return start.puppet(alice)


@pytest.fixture
def process(bob, start):
    """One of bob's."""
    started = start.puppet(bob)
    started.do("set_environ(b'DATABASE_URL=postgres://db', b'TOKEN=hush-hush')")
    return started


#
# What the answers say
#


def test_a_variable_has_the_value_that_it_has_now(alice, start):
    process = start.puppet(alice, target.ENVIRONMENT | {"CHANGES": "1"})
    process.do("os.environ['NEW'] = 'a=b'; os.environ['CHANGES'] = '2'; os.environ['EMPTY'] = ''")

    assert get(alice, process, "NEW") == "a=b"
    assert get(alice, process, "CHANGES") == "2"
    assert get(alice, process, "EMPTY") == ""


def test_a_variable_that_is_not_set_is_an_error_of_its_own(alice, own):
    own.do("set_environ(b'A=1', b'plain', b'AB=2', b'C=A=3')")

    for name in ("plain", "a", "B", "1", "A\n"):
        error = is_refused(alice, own, name)
        assert error.name == bus.NO_SUCH_VARIABLE
        assert f"process {own.pid}" in error.message


def test_of_a_variable_that_is_there_twice_getenv_and_the_service_find_the_first(alice, own):
    own.do("set_environ(b'A=1', b'B=2', b'A=3')")
    own.do("libc.getenv.restype = ctypes.c_char_p; print(libc.getenv(b'A').decode(), flush=True)")

    assert own.said.split() == [b"1", b"done"]
    assert get(alice, own, "A") == "1"
    assert alice.call("GetVariableNames", own.pid) == ["A", "B"]


def test_the_names_are_those_that_getenv_finds_in_their_order(alice, own):
    own.do("set_environ(b'Z=1', b'plain', b'A=x=y', b'', b'=odd', b'Z=2', b'EMPTY=', b'M=')")

    assert alice.call("GetVariableNames", own.pid) == ["Z", "A", "EMPTY", "M"]


def test_no_environment_has_no_names(alice, own):
    own.do("libc.clearenv()")

    assert alice.call("GetVariableNames", own.pid) == []
    assert is_refused(alice, own, "A").name == bus.NO_SUCH_VARIABLE


def test_invalid_utf8_is_replaced_and_can_not_be_asked_for(alice, own):
    own.do(r"set_environ('ÄÖ=ü€'.encode(), b'A=\xff', b'B\xff=secret')")

    assert alice.call("GetVariableNames", own.pid) == ["ÄÖ", "A", f"B{REPLACED}"]
    assert get(alice, own, "ÄÖ") == "ü€"
    assert get(alice, own, "A") == REPLACED
    assert is_refused(alice, own, f"B{REPLACED}").name == bus.NO_SUCH_VARIABLE


@pytest.mark.parametrize(
    "name", ["", "=", "A=1", "A=", "=A", "x" * (NAME_MAX + 1), "ä" * 128, "x" * (1 << 20)], ids=lambda name: name[:5])
def test_what_can_not_be_a_name_is_invalid(name, alice, own):
    error = is_refused(alice, own, name)

    assert error.name == bus.INVALID_ARGS
    assert f"process {own.pid}" in error.message
    assert "255" in error.message


def test_the_longest_name_and_longer_ones(alice, own):
    own.do(f"set_environ(b'x' * {NAME_MAX} + b'=long', b'x' * {NAME_MAX + 1} + b'=longer')")

    assert get(alice, own, "x" * NAME_MAX) == "long"
    assert alice.call("GetVariableNames", own.pid) == ["x" * NAME_MAX, "x" * (NAME_MAX + 1)]


def test_a_large_value_is_no_obstacle_to_what_is_small(alice, own):
    own.do("set_environ(b'LARGE=' + b'x' * (20 << 20), b'SMALL=1')")

    assert get(alice, own, "SMALL") == "1"
    assert alice.call("GetVariableNames", own.pid) == ["LARGE", "SMALL"]
    assert is_refused(alice, own, "LARGE").name == bus.TOO_LARGE


def test_a_process_can_be_named_by_a_pidfd(alice, own, process):
    own.do("set_environ(b'A=1')")
    pidfd, foreign = os.pidfd_open(own.pid), os.pidfd_open(process.pid)

    assert alice.call("GetVariableByPIDFD", pidfd, "A") == "1"
    assert alice.call("GetVariableNamesByPIDFD", pidfd) == ["A"]
    assert alice.is_refused("GetVariableByPIDFD", pidfd, "").name == bus.INVALID_ARGS
    assert alice.is_refused("GetVariableByPIDFD", foreign, "A").name == bus.INTERACTION_REQUIRED
    assert alice.is_refused("GetVariableNamesByPIDFD", foreign).name == bus.INTERACTION_REQUIRED


#
# Who gets them
#


def test_root_gets_them(root, process):
    assert get(root, process, "TOKEN") == "hush-hush"
    assert root.call("GetVariableNames", process.pid) == ["DATABASE_URL", "TOKEN"]


def test_others_do_not_and_are_told_which_action_would_do(alice, process):
    for interactive, name in ((False, bus.INTERACTION_REQUIRED), (True, bus.ACCESS_DENIED)):
        value = is_refused(alice, process, "TOKEN", interactive=interactive)
        names = alice.is_refused("GetVariableNames", process.pid, interactive=interactive)

        assert value.name == names.name == name
        assert f"action {polkit.ACTION})" in value.message
        assert f"action {polkit.ACTION_NAMES})" in names.message
        assert f"process {process.pid} of user bob" in names.message


def test_who_may_not_read_a_variable_is_not_told_whether_it_is_set(alice, process):
    set_and_not = [is_refused(alice, process, name).args for name in ("TOKEN", "NO_TOKEN")]

    assert set_and_not[0] == set_and_not[1]


def test_polkit_is_told_which_variable(alice, process):
    with bus.Watch(QUESTIONS) as watch:
        is_refused(alice, process, "TOKEN")
        alice.is_refused("GetVariableNames", process.pid)
        alice.is_refused("GetEnvironment", process.pid)
        asked = [watch.wait_for(member="CheckAuthorization")["payload"]["data"] for _ in range(3)]

    assert [question[1] for question in asked] == [polkit.ACTION, polkit.ACTION_NAMES, polkit.ACTION]
    assert [question[2]["variable"] for question in asked] == ["TOKEN", "", ""]
    assert [question[2]["method"] for question in asked] == ["GetVariable", "GetVariableNames", "GetEnvironment"]
    assert ["polkit.message" in question[2] for question in asked] == [True, False, False]


def test_polkit_is_told_a_name_escaped(alice, process):
    with bus.Watch(QUESTIONS) as watch:
        is_refused(alice, process, "A\n\x1b[31m\\\N{RIGHT-TO-LEFT OVERRIDE}")
        told = watch.wait_for(member="CheckAuthorization")["payload"]["data"][2]

    assert told["variable"] == r"A\n\x1b[31m\\\xe2\x80\xae"


def test_a_rule_can_allow_one_variable_and_nothing_else(alice, process, rules):
    rules.allow('action.lookup("variable") == "DATABASE_URL"')

    assert get(alice, process, "DATABASE_URL") == "postgres://db"
    assert is_refused(alice, process, "TOKEN").name == bus.INTERACTION_REQUIRED
    assert is_refused(alice, process, "DATABASE_URL ").name == bus.INTERACTION_REQUIRED
    for method in ("GetEnvironment", "OpenEnvironment", "GetInitialEnvironment", "GetVariableNames", "Describe"):
        assert alice.is_refused(method, process.pid).name == bus.INTERACTION_REQUIRED


def test_a_rule_can_allow_names_and_no_values(alice, process, rules):
    rules.add(
        "polkit.addRule(function(action, subject) {\n"
        f'    if (action.id == "{polkit.ACTION_NAMES}" && subject.user == "alice")\n'
        "        return polkit.Result.YES;\n"
        "});\n"
    )

    assert alice.call("GetVariableNames", process.pid) == ["DATABASE_URL", "TOKEN"]
    assert is_refused(alice, process, "TOKEN").name == bus.INTERACTION_REQUIRED
    for method in ("GetEnvironment", "OpenEnvironment", "GetInitialEnvironment", "Describe"):
        assert alice.is_refused(method, process.pid).name == bus.INTERACTION_REQUIRED


def test_who_may_read_all_may_read_the_names(alice, carol, process, rules):
    rules.allow('subject.user == "alice"')

    assert alice.call("GetVariableNames", process.pid) == ["DATABASE_URL", "TOKEN"]
    assert carol.is_refused("GetVariableNames", process.pid).name == bus.INTERACTION_REQUIRED


def test_who_may_read_all_of_one_process_may_read_the_names_of_no_other(alice, bob, process, start, rules):
    other = start.puppet(bob)
    rules.allow(f'action.lookup("pid") == "{process.pid}"')

    assert alice.call("GetVariableNames", process.pid) == ["DATABASE_URL", "TOKEN"]
    assert alice.is_refused("GetVariableNames", other.pid).name == bus.INTERACTION_REQUIRED


def test_that_names_are_refused_does_not_count_where_all_is_allowed(alice, process, rules):
    """As polkit has it; it would be of no use either."""
    rules.add(
        "polkit.addRule(function(action, subject) {\n"
        f'    if (action.id == "{polkit.ACTION_NAMES}") return polkit.Result.NO;\n'
        f'    if (action.id == "{polkit.ACTION}") return polkit.Result.YES;\n'
        "});\n"
    )

    assert alice.call("GetVariableNames", process.pid) == ["DATABASE_URL", "TOKEN"]


def test_that_all_is_refused_leaves_the_names_to_be_asked_for(alice, process, rules):
    rules.allow("true", result="NO")

    assert alice.is_refused("GetVariableNames", process.pid).name == bus.INTERACTION_REQUIRED
    assert is_refused(alice, process, "TOKEN").name == bus.ACCESS_DENIED


#
# By a password
#


@pytest.fixture
def ask(alice):
    """Has alice ask, with an agent on a terminal: ask(argument…, method=…) returns the two."""
    terminals = []

    def ask(*arguments, **named):
        asker = Asker(alice, *arguments, **named)
        terminal = Terminal(alice, asker.pid)
        terminals.append(terminal)
        asker.ask()
        terminal.wait_for_prompt()
        return asker, terminal

    yield ask
    for terminal in terminals:
        terminal.end()


def sentence(process, words):
    exe = os.path.realpath(target.PYTHON)
    return f"Authentication is required to read {words} of process {process.pid} of user bob: {exe}"


def test_a_person_is_told_which_variable_it_is_about(ask, process, administrator):
    asker, terminal = ask(process.pid, "TOKEN", method="GetVariable")

    assert f"==== AUTHENTICATING FOR {polkit.ACTION} ====" in terminal.text
    assert sentence(process, "a variable") + ": TOKEN\r\n" in terminal.text
    terminal.type("open sesame")
    assert asker.result() == "hush-hush"


def test_a_name_can_not_act_as_a_detail(ask, process, administrator):
    terminal = ask(process.pid, "$(unit)$(user) \n", method="GetVariable")[1]

    assert sentence(process, "a variable") + r": $(unit)$(user) \n" + "\r\n" in terminal.text


def test_a_person_is_told_that_it_is_about_names(ask, process, administrator):
    asker, terminal = ask(process.pid, method="GetVariableNames")

    assert f"==== AUTHENTICATING FOR {polkit.ACTION_NAMES} ====" in terminal.text
    assert sentence(process, "the names of the environment variables") + "\r\n" in terminal.text
    terminal.type("open sesame")
    assert asker.result() == ["DATABASE_URL", "TOKEN"]
