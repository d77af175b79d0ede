# SPDX-License-Identifier: LGPL-2.1-or-later
"""After all that, systemd and the service have had nothing to complain of."""

import json
import subprocess

import journal as journals

INFO = "6"
# What systemd says of any unit at times, where the host has both versions of cgroups.
EVERYDAY = "compat systemd cgroup"


def entries_of(identifier):
    """Returns what somebody wrote to the journal about the service."""
    lines = journals.read("--unit=pekeenvd.service", f"--identifier={identifier}", "--output=json").splitlines()
    return [entry for entry in map(json.loads, lines) if EVERYDAY not in entry["MESSAGE"]]


def test_no_unit_has_failed():
    listed = subprocess.run(["systemctl", "--failed", "--no-legend", "--plain"], stdout=subprocess.PIPE, text=True)

    assert (listed.returncode, listed.stdout) == (0, "")


def test_systemd_saw_it_neither_killed_nor_fail():
    said = entries_of("systemd")

    assert said
    assert [entry["MESSAGE"] for entry in said if entry["PRIORITY"] != INFO] == []


def test_it_spoke_of_nothing_but_its_decisions():
    said = entries_of("pekeenvd")

    assert said
    assert [entry["MESSAGE"] for entry in said if "PEKEENV_RESULT" not in entry] == []
