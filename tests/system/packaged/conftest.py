# SPDX-License-Identifier: LGPL-2.1-or-later
"""The machine that these tests are run on is theirs alone; see ../booted/run."""

import os
import subprocess

import pytest


@pytest.fixture(scope="session", autouse=True)
def people():
    for name in ("alice", "bob"):
        subprocess.run(["useradd", "--create-home", "--user-group", name], check=True)


@pytest.fixture(scope="session", autouse=True)
def directory_for_tests():
    os.makedirs(os.environ["PEKEENV_TEST_DIR"], mode=0o755)
