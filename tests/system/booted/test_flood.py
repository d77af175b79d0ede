# SPDX-License-Identifier: LGPL-2.1-or-later
"""Somebody asks on and on."""

import json
import os
import subprocess

import pytest

import bus
import journal as journals
import target

CONFIGURATION = "/run/systemd/journald.conf.d/flood.conf"
CALLS = 4000
OWN_ENTRIES_MAX = 1000


def systemctl(*arguments):
    subprocess.run(["systemctl", *arguments], check=True)


@pytest.fixture
def patience():
    """The journal soon has enough of a service that goes on and on."""
    os.makedirs(os.path.dirname(CONFIGURATION))
    with open(CONFIGURATION, "w") as file:
        file.write("[Journal]\nRateLimitIntervalSec=1h\nRateLimitBurst=100\n")
    systemctl("restart", "systemd-journald.service")
    systemctl("stop", "pekeenvd.service")
    yield
    os.unlink(CONFIGURATION)
    os.rmdir(os.path.dirname(CONFIGURATION))
    systemctl("restart", "systemd-journald.service")


def read_many(pid):
    connection = bus.connect()
    for _ in range(CALLS):
        assert bus.call("GetEnvironment", pid, connection=connection) == target.ENTRIES


def test_a_flood_of_entries_drives_out_no_other(alice, bob, carol, start, rules, patience, journal):
    hers, his = start.puppet(alice), start.puppet(bob)
    rules.allow('subject.user == "carol"')

    alice.do(read_many, hers.pid)
    alice.is_refused("GetEnvironment", his.pid)
    carol.call("GetEnvironment", his.pid)
    bob.call("GetEnvironment", his.pid)
    for result, reason, caller in (("refused", "polkit", alice), ("allowed", "polkit", carol), ("allowed", "own", bob)):
        journal.wait_for(PEKEENV_RESULT=result, PEKEENV_REASON=reason, PEKEENV_CALLER_UID=str(caller.uid),
                         PEKEENV_PID=str(his.pid))

    systemctl("stop", "pekeenvd.service")
    left_out = journal.wait_for(PEKEENV_LEFT_OUT=str(CALLS - OWN_ENTRIES_MAX))
    assert left_out["PEKEENV_CALLER_UID"] == str(alice.uid)
    entries = map(json.loads, journals.read("--output=json", f"PEKEENV_PID={hers.pid}").splitlines())
    assert sum(entry["PEKEENV_CALLER_UID"] == str(alice.uid) for entry in entries) == OWN_ENTRIES_MAX
