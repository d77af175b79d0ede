# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who gets an answer, by the commands that people use, and what the journal has to say of it."""

import os
import re
import subprocess

import pytest

import bus
import journal as journals
import target
import users
from test_polkit import Terminal

POLKIT_DOCUMENTATION = os.environ["PEKEENV_CLONE"] + "/docs/polkit.md"
DOCUMENTED_WEB_SERVER = "nginx.service"  # of which there is a real one here
WEB_SERVER = "web-server.service"
DENIED = 77  # exit status of pekeenv

OLD = "what it was started with: 4dca81"
NEW = "what came after the start: 91fe07"


def busctl(user, method, pid, *options):
    return user.run(["busctl", *options, "call", bus.NAME, bus.PATH, bus.INTERFACE, method, "u", str(pid)])


def assert_answered(asked):
    assert (asked.returncode, asked.stderr) == (0, "")
    assert asked.stdout == f'as 3 "LANG=C.UTF-8" "OLD={OLD}" "NEW={NEW}"\n'


def assert_refused(asked):
    assert (asked.returncode, asked.stdout) == (1, "")
    assert "denied" in asked.stderr


@pytest.fixture
def start_with_secrets(start):
    def run(user, *arguments, **named):
        process = start.puppet(user, target.ENVIRONMENT | {"OLD": OLD}, *arguments, **named)
        process.do(f"os.environ['NEW'] = {NEW!r}")
        return process
    return run


@pytest.fixture
def process(bob, start_with_secrets):
    """One of bob's, who is not asked."""
    return start_with_secrets(bob)


@pytest.fixture
def web_server(bob, root, start):
    """A service of the system that runs as bob. Returns its PID."""
    start.puppet(root, prefix=["systemd-run", "--quiet", "--pipe", f"--unit={WEB_SERVER}", "--uid=bob", "--"])
    shown = root.run(["systemctl", "show", "--value", "--property=MainPID", WEB_SERVER])
    yield int(shown.stdout)
    root.run(["systemctl", "stop", WEB_SERVER])


def documented_rules():
    """Returns the examples in the documentation, in their order, for the web server of these tests."""
    with open(POLKIT_DOCUMENTATION) as file:
        return re.findall(r"```js\n(.*?)```", file.read().replace(DOCUMENTED_WEB_SERVER, WEB_SERVER), re.DOTALL)


#
# Without anybody having set anything up
#


def test_a_user_sees_what_his_own_process_has_now(bob, process):
    assert_answered(busctl(bob, "GetEnvironment", process.pid))
    assert NEW.encode() not in process.proc("environ")


def test_root_sees_what_every_process_has_now(root, process):
    assert_answered(busctl(root, "GetEnvironment", process.pid))


def test_a_user_does_not_see_what_others_have(alice, process):
    assert_refused(busctl(alice, "GetEnvironment", process.pid))
    assert_refused(busctl(alice, "GetInitialEnvironment", process.pid))


def test_a_caller_who_wants_no_questions_is_told_that_there_would_be_one(alice, process):
    refused = busctl(alice, "GetEnvironment", process.pid, "--allow-interactive-authorization=no")

    assert (refused.returncode, refused.stdout) == (1, "")
    assert "nteractive auth" in refused.stderr


def test_system_services_are_not_for_everybody(alice, web_server):
    assert_refused(busctl(alice, "GetEnvironment", web_server))
    assert_refused(busctl(alice, "GetEnvironment", 1))


def test_describe_names_the_system_service(bob, web_server):
    described = busctl(bob, "Describe", web_server)

    assert described.returncode == 0
    assert f'"Unit" s "{WEB_SERVER}"' in described.stdout


#
# By the rules in the documentation
#


def test_the_rule_for_a_group_is_for_its_members(alice, carol, process, rules):
    rules.add(documented_rules()[0])

    assert_answered(busctl(carol, "GetEnvironment", process.pid))
    assert_refused(busctl(alice, "GetEnvironment", process.pid))


def test_the_rule_for_a_service_is_for_the_processes_of_that_service(alice, process, web_server, rules):
    rules.add(documented_rules()[1])

    answered = busctl(alice, "GetEnvironment", web_server)
    assert answered.returncode == 0
    assert '"USER=bob"' in answered.stdout
    assert_refused(busctl(alice, "GetEnvironment", process.pid))


def test_the_rule_about_roots_processes_stands_above_a_grant(carol, process, rules):
    grant, _, refusal = documented_rules()
    rules.add(refusal + grant)

    assert_answered(busctl(carol, "GetEnvironment", process.pid))
    assert_refused(busctl(carol, "GetEnvironment", 1))


#
# By a password
#


class Question:
    """A user asks with pekeenv, and has an agent on a terminal that is asked for a password."""

    def __init__(self, user, pid):
        self._command = user.start(
            ["sh", "-c", 'read -r go && exec pekeenv get "$1"', "sh", str(pid)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.terminal = Terminal(user, self._command.pid)

    def ask(self):
        """Returns when the password can be typed."""
        self._command.stdin.write("go\n")
        self._command.stdin.flush()
        self.terminal.wait_for_prompt()

    def answer(self):
        stdout, stderr = self._command.communicate(timeout=users.LIMIT)
        return self._command.returncode, stdout, stderr

    def end(self):
        self._command.kill()
        self._command.wait()
        self.terminal.end()


@pytest.fixture
def question(alice, process):
    question = Question(alice, process.pid)
    try:
        question.ask()
        yield question
    finally:
        question.end()


def test_the_question_says_what_it_is_about_and_the_right_password_answers_it(
        question, process, administrators_password):
    assert f"process {process.pid} of user bob: {os.path.realpath(target.PYTHON)}" in question.terminal.text
    assert "dora" in question.terminal.text

    question.terminal.type(administrators_password)
    assert question.answer() == (0, f"LANG=C.UTF-8\nOLD={OLD}\nNEW={NEW}\n", "")


def test_a_wrong_password_does_not(question, process):
    question.terminal.type("open barley")
    status, stdout, stderr = question.answer()

    assert (status, stdout) == (DENIED, "")
    assert stderr.startswith(f"pekeenv: You may not read the environment of process {process.pid} of user bob:")


#
# What remains of it
#


def assert_about(entry, result, reason, caller, pid, owner):
    assert entry["PEKEENV_RESULT"] == result
    assert entry["PEKEENV_REASON"] == reason
    assert entry["PEKEENV_METHOD"] == "GetEnvironment"
    assert entry["PEKEENV_CALLER_UID"] == str(caller.uid)
    assert entry["PEKEENV_PID"] == str(pid)
    assert entry["PEKEENV_UID"] == str(owner.uid)
    assert entry["PEKEENV_EXE"] == os.path.realpath(target.PYTHON)
    assert entry["_SYSTEMD_UNIT"] == "pekeenvd.service"
    assert entry["_UID"] == str(users.User("pekeenv").uid)


def test_each_decision_is_in_the_journal(alice, bob, carol, process, web_server, rules, journal):
    rules.add(documented_rules()[0])
    for user in (alice, bob, carol):
        busctl(user, "GetEnvironment", process.pid)
    busctl(alice, "GetEnvironment", web_server)

    for result, reason, caller in (("refused", "polkit", alice), ("allowed", "own", bob), ("allowed", "polkit", carol)):
        assert_about(journal.wait_for(PEKEENV_PID=str(process.pid)), result, reason, caller, process.pid, bob)
    entry = journal.wait_for(PEKEENV_PID=str(web_server))
    assert_about(entry, "refused", "polkit", alice, web_server, bob)
    assert entry["PEKEENV_UNIT"] == WEB_SERVER


def test_no_value_of_a_variable_is_in_the_journal():
    written = journals.read("--output=export", "--all")

    assert "PEKEENV_RESULT=allowed" in written
    assert OLD not in written
    assert NEW not in written
