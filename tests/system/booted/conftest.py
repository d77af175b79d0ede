# SPDX-License-Identifier: LGPL-2.1-or-later
"""The machine that these tests are run on is theirs alone; see run."""

import os
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))

import journal as journals  # noqa: E402
import users  # noqa: E402

ADMINISTRATORS_PASSWORD = "open sesame"

# In this order: each file finds what the one before has left, and the last one takes everything away.
ORDER = [
    "fresh_machine", "try", "unit", "who_may_ask", "flood", "command_line", "completion", "corpus", "aftermath",
    "uninstall",
]


def pytest_collection_modifyitems(items):
    names = {f"test_{name}": place for place, name in enumerate(ORDER)}
    items.sort(key=lambda item: names.get(item.module.__name__, len(names)))


@pytest.fixture(scope="session", autouse=True)
def people():
    """alice and bob, who are anybody, though alice is in groups of rules in the documentation; carol, who is in the
    group of another; monitoring, whom yet another is about; dora, who administers the machine."""
    for name in ("alice", "bob", "carol", "dora", "monitoring"):
        subprocess.run(["useradd", "--create-home", "--user-group", name], check=True)
    for group in ("webmasters", "deployers"):
        subprocess.run(["groupadd", group], check=True)
    for group, name in (("webmasters", "alice"), ("deployers", "alice"), ("pekeenv", "carol"), ("sudo", "dora")):
        subprocess.run(["usermod", "--append", "--groups", group, name], check=True)
    subprocess.run(["chpasswd"], input=f"dora:{ADMINISTRATORS_PASSWORD}\n", text=True, check=True)


@pytest.fixture(scope="session", autouse=True)
def directory_for_tests():
    os.makedirs(os.environ["PEKEENV_TEST_DIR"], mode=0o755)


@pytest.fixture(scope="session")
def dora():
    """A member of the group sudo, who types her password."""
    return users.User("dora")


@pytest.fixture(scope="session")
def monitoring():
    return users.User("monitoring")


@pytest.fixture(scope="session")
def administrators_password():
    return ADMINISTRATORS_PASSWORD


@pytest.fixture
def journal():
    """What is written to the journal from now on."""
    follower = journals.Journal()
    yield follower
    follower.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """Shows the end of the journal where a test fails."""
    report = (yield).get_result()
    if report.failed:
        report.sections.append(("journal", journals.read("--lines=20")))
