# SPDX-License-Identifier: LGPL-2.1-or-later
"""After all that, systemd and the service have had nothing to complain of."""

import json
import subprocess

import journal as journals

INFO = "6"


def entries():
    return [json.loads(line) for line in journals.read("--unit=pekeenvd.service", "--output=json").splitlines()]


def test_no_unit_has_failed():
    listed = subprocess.run(["systemctl", "--failed", "--no-legend", "--plain"], stdout=subprocess.PIPE, text=True)

    assert (listed.returncode, listed.stdout) == (0, "")


def test_systemd_saw_it_neither_killed_nor_fail():
    said = [entry for entry in entries() if entry["_COMM"] == "systemd"]

    assert said
    assert [entry["MESSAGE"] for entry in said if entry["PRIORITY"] != INFO] == []


def test_it_spoke_of_nothing_but_its_decisions():
    said = [entry for entry in entries() if entry["_COMM"] != "systemd"]

    assert said
    assert [entry["MESSAGE"] for entry in said if "PEKEENV_RESULT" not in entry] == []
