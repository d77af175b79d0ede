# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each decision is one entry in the journal, and no value of a variable is in it."""

import os
import select
import socket

import pytest

import bus
import polkit
import service
import target

JOURNAL = "/run/systemd/journal/socket"
ALLOWED = "a6e9e24d5ac84f0cbb0d1b1d53ba2f44"
LEFT_OUT = "6f1b7a5e3c0d49b2a1e84f5d9c7730aa"
OWN_ENTRIES_MAX = 1000  # of a user who reads his own processes
REFUSED = "4d2f9d0e2c1b4e7a8f0c6a37d1be95c3"


class Journal:
    """Stands where systemd-journald does, and takes its entries."""

    def __init__(self):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(JOURNAL)
        os.chmod(JOURNAL, 0o666)
        self.raw = b""

    def close(self):
        self._socket.close()
        os.unlink(JOURNAL)

    def entry(self, limit=30):
        """Returns the next entry of the service."""
        while select.select([self._socket], [], [], limit)[0]:
            data = self._socket.recv(1 << 20)
            self.raw += data
            fields = self._parse(data)
            if "PEKEENV_RESULT" in fields:
                return fields
        return None

    @staticmethod
    def _parse(data):
        """NAME=VALUE in a line; or NAME in a line, the length of the value in eight bytes, and the value."""
        fields = {}
        while data:
            line, _, data = data.partition(b"\n")
            name, equals, value = line.partition(b"=")
            if not equals:
                length = int.from_bytes(data[:8], "little")
                value, data = data[8:8 + length], data[8 + length + 1:]
            fields[name.decode()] = value.decode()
        return fields


@pytest.fixture
def journal():
    taken = Journal()
    yield taken
    taken.close()


@pytest.fixture
def process(bob, start):
    started = start.puppet(bob)
    started.do("os.environ['SECRET'] = 'hush-hush'")
    return started


def assert_about(entry, process, caller, owner, result, reason, method="GetEnvironment"):
    assert entry["PEKEENV_RESULT"] == result
    assert entry["PEKEENV_REASON"] == reason
    assert entry["PEKEENV_METHOD"] == method
    assert entry["PEKEENV_CALLER"].startswith(":1.")
    assert entry["PEKEENV_CALLER_UID"] == str(caller.uid)
    assert int(entry["PEKEENV_CALLER_PID"]) > 1
    assert entry["PEKEENV_PID"] == str(process.pid)
    assert entry["PEKEENV_UID"] == str(owner.uid)
    assert entry["PEKEENV_EXE"] == os.path.realpath(target.PYTHON)
    assert entry["MESSAGE_ID"] == {"allowed": ALLOWED, "refused": REFUSED}[result]
    assert entry["PRIORITY"] == {"allowed": "6", "refused": "5"}[result]
    assert str(process.pid) in entry["MESSAGE"]


def test_an_own_process_is_allowed(bob, process, journal):
    bob.call("GetEnvironment", process.pid)

    assert_about(journal.entry(), process, bob, bob, "allowed", "own")


def test_root_is_allowed(root, bob, process, journal):
    root.call("GetInitialEnvironment", process.pid)

    assert_about(journal.entry(), process, root, bob, "allowed", "root", "GetInitialEnvironment")


def test_what_polkit_refuses_and_then_allows(alice, bob, process, journal, rules):
    alice.is_refused("GetEnvironment", process.pid)
    assert_about(journal.entry(), process, alice, bob, "refused", "polkit")

    rules.allow("true")
    alice.call("GetEnvironment", process.pid)
    assert_about(journal.entry(), process, alice, bob, "allowed", "polkit")


def test_the_action_and_the_variable_are_told(alice, bob, process, journal):
    def asked(entry):
        return entry["PEKEENV_RESULT"], entry["PEKEENV_METHOD"], entry["PEKEENV_ACTION"], entry["PEKEENV_VARIABLE"]

    bob.call("GetVariable", process.pid, "SECRET")
    assert asked(journal.entry()) == ("allowed", "GetVariable", polkit.ACTION, "SECRET")

    alice.is_refused("GetVariable", process.pid, "A\nPEKEENV")
    assert asked(journal.entry()) == ("refused", "GetVariable", polkit.ACTION, r"A\nPEKEENV")

    alice.is_refused("GetVariableNames", process.pid)
    assert asked(journal.entry()) == ("refused", "GetVariableNames", polkit.ACTION_NAMES, "")

    alice.is_refused("GetEnvironment", process.pid)
    assert asked(journal.entry()) == ("refused", "GetEnvironment", polkit.ACTION, "")
    assert b"hush-hush" not in journal.raw


def test_one_entry_for_each_and_never_a_name_or_a_value(alice, bob, root, process, journal):
    for method in ("GetEnvironment", "GetInitialEnvironment", "GetVariableNames", "Describe"):
        bob.call(method, process.pid)
        alice.is_refused(method, process.pid)
    root.do(lambda: bool(bus.call("OpenEnvironment", process.pid)))

    results = [journal.entry()["PEKEENV_RESULT"] for _ in range(9)]
    assert results == ["allowed", "refused"] * 4 + ["allowed"]
    assert journal.entry(limit=0) is None
    assert b"SECRET" not in journal.raw
    assert b"hush-hush" not in journal.raw


def test_a_process_that_is_not_there_leaves_no_entry(alice, process, journal):
    alice.is_refused("GetEnvironment", 2**22 + 1)
    alice.is_refused("GetEnvironment", process.pid)

    assert journal.entry()["PEKEENV_PID"] == str(process.pid)


def test_a_call_that_wants_no_answer_is_not_worked_on(bob, process, journal):
    """The bus would let a connection make any number of them."""
    def call_both():
        connection = bus.connect()
        message = bus.make_call("GetEnvironment", process.pid)
        message.set_no_reply(True)
        connection.send_message(message)
        for _ in range(2):
            bus.call("GetInitialEnvironment", process.pid, connection=connection)

    bob.do(call_both)
    assert [journal.entry()["PEKEENV_METHOD"] for _ in range(2)] == ["GetInitialEnvironment"] * 2


def read_many(pid, count):
    connection = bus.connect()
    for _ in range(count):
        bus.call("Describe", pid, connection=connection)


def test_who_reads_his_own_processes_on_and_on_has_most_of_it_counted(alice, bob, root, process, journal):
    """So that there is room in the journal for the others, of whom nothing is left out."""
    service.stop()

    reading = bob.begin(read_many, process.pid, OWN_ENTRIES_MAX + 5)
    for _ in range(OWN_ENTRIES_MAX):
        assert journal.entry()["PEKEENV_CALLER_UID"] == str(bob.uid)
    reading.result()
    alice.is_refused("GetEnvironment", process.pid)
    assert_about(journal.entry(), process, alice, bob, "refused", "polkit")
    root.call("GetEnvironment", process.pid)
    assert_about(journal.entry(), process, root, bob, "allowed", "root")

    service.stop()
    entry = journal.entry()
    assert (entry["PEKEENV_RESULT"], entry["PEKEENV_REASON"]) == ("allowed", "own")
    assert (entry["MESSAGE_ID"], entry["PEKEENV_LEFT_OUT"], entry["PEKEENV_CALLER_UID"]) == (LEFT_OUT, "5", str(bob.uid))
    assert journal.entry(limit=0) is None


def test_root_is_not_left_out(root, process, journal):
    asking = root.begin(read_many, process.pid, OWN_ENTRIES_MAX + 5)
    for _ in range(OWN_ENTRIES_MAX + 5):
        assert journal.entry()["PEKEENV_REASON"] == "root"
    asking.result()
