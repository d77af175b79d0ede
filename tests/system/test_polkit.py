# SPDX-License-Identifier: LGPL-2.1-or-later
"""What polkit is asked, and what comes of it when it is not there or takes its time."""

import os
import pty
import re
import select
import subprocess
import termios
import time

import pytest

import bus
import polkit
import service
import target

LIMIT = 30
QUESTIONS = "type='method_call',interface='org.freedesktop.PolicyKit1.Authority'"


@pytest.fixture
def details(bob, start):
    """A process, and what a rule is to know of it."""
    process = start.puppet(bob)
    return process, {
        "pid": str(process.pid),
        "uid": str(bob.uid),
        "user": "bob",
        "exe": os.path.realpath(target.PYTHON),
        "unit": "",
        "method": "GetEnvironment",
        "variable": "",
    }


@pytest.mark.parametrize("key", ["pid", "uid", "user", "exe", "unit", "method", "variable"])
def test_a_rule_can_decide_by(key, alice, details, rules):
    process, known = details
    rules.allow(f'action.lookup("{key}") === "{known[key]}"')
    assert alice.call("GetEnvironment", process.pid) == target.ENTRIES

    rules.allow(f'action.lookup("{key}") !== "{known[key]}"')
    assert alice.is_refused("GetEnvironment", process.pid).name == bus.INTERACTION_REQUIRED


def test_a_rule_is_told_nothing_else(alice, details):
    process, known = details
    with bus.Watch(QUESTIONS) as watch:
        alice.is_refused("GetEnvironment", process.pid)
        question = watch.wait_for(member="CheckAuthorization")["payload"]["data"]

    subject, action, told = question[:3]
    assert subject[0] == "system-bus-name"
    assert action == polkit.ACTION
    assert told == known


def test_the_user_is_the_effective_one(alice, bob, root, start):
    """What a process may do is what it takes to read it."""
    process = start.puppet(root)
    process.do(f"os.setresuid({alice.uid}, {bob.uid}, {alice.uid})")
    with bus.Watch(QUESTIONS) as watch:
        alice.is_refused("GetEnvironment", process.pid)
        told = watch.wait_for(member="CheckAuthorization")["payload"]["data"][2]

    assert (told["uid"], told["user"]) == (str(bob.uid), "bob")


def test_a_user_without_a_name_is_known_by_number(alice, root, start):
    process = start.puppet(root, prefix=["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups", "--"])
    with bus.Watch(QUESTIONS) as watch:
        error = alice.is_refused("GetEnvironment", process.pid)
        told = watch.wait_for(member="CheckAuthorization")["payload"]["data"][2]

    assert (told["uid"], told["user"]) == ("54321", "54321")
    assert f"process {process.pid}" in error.message


def test_control_characters_of_a_program_do_not_reach_a_prompt(alice, bob, start, directory):
    path = f"{directory}/py\n\x1b[31m"
    subprocess.run(["cp", os.path.realpath(target.PYTHON), path], check=True)
    process = start.puppet(bob, python=path)
    with bus.Watch(QUESTIONS) as watch:
        alice.is_refused("GetEnvironment", process.pid)
        told = watch.wait_for(member="CheckAuthorization")["payload"]["data"][2]

    assert told["exe"] == f"{directory}/py\\n\\x1b[31m"


@pytest.mark.parametrize("method", ["OpenEnvironment", "GetInitialEnvironment", "Describe"])
def test_a_rule_can_grant_one_method_only(method, alice, bob, start, rules):
    process = start.puppet(bob)
    rules.allow(f'action.lookup("method") == "{method}"')

    assert alice.do(lambda: bool(bus.call(method, process.pid)))
    assert alice.is_refused("GetEnvironment", process.pid).name == bus.INTERACTION_REQUIRED


def test_polkit_is_not_asked_about_ones_own_process(alice, root, bob, start):
    own = start.puppet(alice)
    other = start.puppet(bob)
    with bus.Watch(QUESTIONS) as watch:
        alice.call("GetEnvironment", own.pid)
        root.call("GetEnvironment", other.pid)
        assert watch.seen() == []


def test_polkit_is_asked_to_interact_only_if_the_caller_allows_it(alice, bob, start):
    process = start.puppet(bob)
    with bus.Watch(QUESTIONS) as watch:
        for interactive in (False, True):
            alice.is_refused("GetEnvironment", process.pid, interactive=interactive)
            flags = watch.wait_for(member="CheckAuthorization")["payload"]["data"][3]
            assert flags == int(interactive)


@pytest.fixture
def polkit_not_installed():
    """polkitd does not run and can't be started."""
    polkit.start()
    os.rename(polkit.ACTIVATION_FILE, polkit.ACTIVATION_FILE + ".away")
    bus.call_bus("ReloadConfig", signature="")
    polkit.kill()
    yield
    os.rename(polkit.ACTIVATION_FILE + ".away", polkit.ACTIVATION_FILE)
    bus.call_bus("ReloadConfig", signature="")


def assert_says_that_polkit_is_the_reason(error):
    assert error.name == bus.ACCESS_DENIED
    assert "polkit, which could allow it, does not answer" in error.message


def test_without_polkit_nobody_gets_what_is_not_his(alice, bob, start, polkit_not_installed):
    process = start.puppet(bob)

    for interactive in (False, True):
        error = alice.is_refused("GetEnvironment", process.pid, interactive=interactive)
        assert_says_that_polkit_is_the_reason(error)
        assert f"process {process.pid} of user bob" in error.message


def test_without_polkit_everybody_still_reads_his_own(alice, bob, root, start, polkit_not_installed):
    process = start.puppet(bob)

    assert bob.call("GetEnvironment", process.pid) == target.ENTRIES
    assert root.call("GetEnvironment", process.pid) == target.ENTRIES


def test_a_rule_that_fails_is_not_a_yes(alice, bob, start, rules):
    process = start.puppet(bob)
    rules.add(
        "polkit.addRule(function(action, subject) {\n"
        f'    if (action.id == "{polkit.ACTION}") throw new Error("broken");\n'
        "});\n"
    )

    assert alice.is_refused("GetEnvironment", process.pid, interactive=True).name == bus.ACCESS_DENIED


def wait_until_no_reader_is_kept():
    """While it waits for polkit, a reader is neither kept for long nor replaced."""
    zygote = service.processes()[1]
    service.wait_until(lambda: len(service.children(zygote)) == 3, "the reader is kept")


@pytest.mark.parametrize("reader_is_kept", [True, False])
def test_what_polkit_allowed_does_not_hold_for_what_the_process_has_become(
        alice, bob, start, rules, held_question, directory, reader_is_kept):
    """While polkit thinks about a process of bob's, it executes a program with root's rights."""
    program = f"{directory}/bash"
    subprocess.run(["cp", "/bin/bash", program], check=True)
    os.chmod(program, 0o4755)

    process = start.puppet(bob)
    rules.add(
        "polkit.addRule(function(action, subject) {\n"
        f'    if (action.id == "{polkit.ACTION}" && action.lookup("uid") == "0") return polkit.Result.NO;\n'
        "});\n" + held_question.rule)

    asking = alice.begin(bus.call, "GetEnvironment", process.pid)
    held_question.wait_until_asked()
    process.process.stdin.write(repr(
        f"os.execv({program!r}, ['bash', '-p', '-c', 'export SECRET=1; /bin/true; echo ready; read'])"
    ).encode() + b"\n")
    process.wait_for(b"ready")
    if not reader_is_kept:
        wait_until_no_reader_is_kept()
    held_question.answer()
    with pytest.raises(bus.Error) as caught:
        asking.result()

    assert caught.value.name == bus.ACCESS_DENIED


def test_a_process_that_changed_its_program_is_asked_about_anew(alice, bob, start, rules, held_question):
    """If polkit allows that, too, the answer is that of the new program."""
    process = start.puppet(bob)
    rules.add(held_question.rule)

    asking = alice.begin(bus.call, "GetEnvironment", process.pid)
    held_question.wait_until_asked()
    process.process.stdin.write(repr(
        "os.execve('/bin/sh', ['sh', '-c', 'echo ready; read line'], {'NEW': '1'})").encode() + b"\n")
    process.wait_for(b"ready")
    held_question.answer()
    held_question.wait_until_asked()
    held_question.answer()

    assert "NEW=1" in asking.result()


class Terminal:
    """Somebody at a terminal with pkttyagent, who is asked for passwords for a process."""

    def __init__(self, user, pid):
        self._master, slave = pty.openpty()
        self.text = ""
        ready, notify = os.pipe()
        self._agent = user.start(
            ["pkttyagent", "--process", str(pid), "--notify-fd", str(notify)],
            stdin=slave, stdout=slave, stderr=slave, pass_fds=[notify], start_new_session=True,
            preexec_fn=lambda: __import__("fcntl").ioctl(0, 0x540E, 0),  # TIOCSCTTY
        )
        os.close(slave)
        os.close(notify)
        assert select.select([ready], [], [], LIMIT)[0], "pkttyagent does not start"
        assert os.read(ready, 1) == b"", "pkttyagent closes it when it is registered"
        os.close(ready)

    def wait_for(self, text):
        end = time.monotonic() + LIMIT
        while text not in self.text:
            assert select.select([self._master], [], [], end - time.monotonic())[0], f"not shown: {text}"
            self.text += os.read(self._master, 65536).decode(errors="replace")

    def wait_for_prompt(self):
        """What is typed before the agent has switched the echo off is thrown away."""
        self.wait_for("Password:")
        while termios.tcgetattr(self._master)[3] & termios.ECHO:
            os.sched_yield()

    def type(self, text):
        os.write(self._master, text.encode() + b"\n")

    def end(self):
        self._agent.kill()
        self._agent.wait()
        os.close(self._master)


class Asker:
    """A caller who waits to be told to call, so that an agent can be there for him before."""

    def __init__(self, user, *arguments, method="GetEnvironment"):
        self._go, self._told = os.pipe(), os.pipe()
        self._deed = user.begin(self._call, method, *arguments)
        self.pid = self._deed.pid
        # An agent is only registered for a process of its own user, which this is not from its first moment on.
        assert select.select([self._told[0]], [], [], LIMIT)[0], "the caller does not come so far"

    def _call(self, *call):
        connection = bus.connect()
        os.write(self._told[1], b"x")
        os.read(self._go[0], 1)
        return bus.call(*call, interactive=True, connection=connection)

    def ask(self):
        os.write(self._go[1], b"x")

    def leave(self):
        os.kill(self.pid, 9)

    def result(self):
        return self._deed.result()


@pytest.fixture
def administrator():
    """Makes root's password known; the terminal's agent asks for it."""
    subprocess.run(["chpasswd"], input="root:open sesame\n", text=True, check=True)


def test_a_person_is_asked_about_the_process_and_the_right_password_lets_read(alice, bob, start, administrator):
    process = start.puppet(bob)
    asker = Asker(alice, process.pid)
    terminal = Terminal(alice, asker.pid)
    try:
        asker.ask()
        terminal.wait_for_prompt()
        assert "org.pekeenv.inspector.read" in terminal.text
        assert f"process {process.pid} of user bob: {os.path.realpath(target.PYTHON)}" in terminal.text
        terminal.type("open sesame")
        assert asker.result() == target.ENTRIES
    finally:
        terminal.end()


def test_by_default_a_password_is_asked_for_and_remembered_in_active_sessions_only():
    for action in (polkit.ACTION, polkit.ACTION_NAMES):
        shown = subprocess.run(
            ["pkaction", "--verbose", "--action-id", action], stdout=subprocess.PIPE, text=True, check=True).stdout
        assert re.findall(r"^ *implicit (\w+): *(\w+)$", shown, re.MULTILINE) == [
            ("any", "auth_admin"), ("inactive", "auth_admin"), ("active", "auth_admin_keep")]


def test_the_example_that_has_a_password_asked_for_each_time_works(alice, start, rules):
    """polkitd tells by a detail of its answer whether it would remember it."""
    subject = start.puppet(alice)
    rules.allow("true", "AUTH_ADMIN_KEEP")
    _, would_ask, details = polkit.check(polkit.ACTION, subject.pid, alice.uid)
    assert (would_ask, "polkit.retains_authorization_after_challenge" in details) == (True, True)

    rules.add(
        "polkit.addRule(function(action, subject) {\n"
        '    if (action.id.indexOf("org.pekeenv.inspector.") == 0)\n'
        "        return polkit.Result.AUTH_ADMIN;\n"
        "});\n",
        name="40-each-time",
    )
    _, would_ask, details = polkit.check(polkit.ACTION, subject.pid, alice.uid)
    assert (would_ask, "polkit.retains_authorization_after_challenge" in details) == (True, False)


def test_a_wrong_password_does_not(alice, bob, start, administrator):
    process = start.puppet(bob)
    asker = Asker(alice, process.pid)
    terminal = Terminal(alice, asker.pid)
    try:
        asker.ask()
        terminal.wait_for_prompt()
        terminal.type("open")
        terminal.wait_for("FAILED")
        with pytest.raises(bus.Error) as caught:
            asker.result()
        assert caught.value.name == bus.ACCESS_DENIED
    finally:
        terminal.end()


def test_a_caller_who_leaves_withdraws_the_question(alice, bob, start, administrator):
    process = start.puppet(bob)
    asker = Asker(alice, process.pid)
    terminal = Terminal(alice, asker.pid)
    try:
        with bus.Watch(QUESTIONS) as watch:
            asker.ask()
            asked = watch.wait_for(member="CheckAuthorization")["payload"]["data"]
            terminal.wait_for("Password:")
            asker.leave()
            withdrawn = watch.wait_for(member="CancelCheckAuthorization")["payload"]["data"]
        assert withdrawn == [asked[4]]
        assert asked[4]
    finally:
        terminal.end()


def test_about_a_caller_who_is_known_nobody_but_polkit_is_asked(alice, bob, start, rules):
    process = start.puppet(bob)
    rules.allow("true")
    service.start()

    def call_twice():
        connection = bus.connect()
        return [bus.call("GetEnvironment", process.pid, connection=connection) for _ in range(2)]

    with bus.Watch(f"type='method_call',sender='{bus.call_bus('GetNameOwner', bus.NAME)}'") as watch:
        assert alice.do(call_twice) == [target.ENTRIES] * 2
        questions = [message["member"] for message in watch.seen()]
    assert questions == ["GetConnectionCredentials", "CheckAuthorization", "CheckAuthorization"]


def test_the_service_is_itself_again_after_a_withdrawn_question(alice, bob, start, rules, held_question):
    process = start.puppet(bob)
    rules.add(held_question.rule)
    with bus.Watch(QUESTIONS) as watch:
        asking = alice.begin(bus.call, "GetEnvironment", process.pid)
        held_question.wait_until_asked()
        main = service.processes()[0]
        os.kill(asking.pid, 9)
        watch.wait_for(member="CancelCheckAuthorization")
        held_question.answer()

    assert bob.call("GetEnvironment", process.pid) == target.ENTRIES
    assert service.processes()[0] == main


def test_while_polkit_takes_its_time_no_reader_is_kept(alice, bob, start, rules, held_question):
    process = start.puppet(bob)
    assert bob.call("GetEnvironment", process.pid) == target.ENTRIES
    service.wait_until_at_rest(service.processes()[1])

    rules.add(held_question.rule)
    asking = alice.begin(bus.call, "GetEnvironment", process.pid)
    held_question.wait_until_asked()
    wait_until_no_reader_is_kept()
    held_question.answer()

    assert asking.result() == target.ENTRIES
