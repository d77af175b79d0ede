# SPDX-License-Identifier: LGPL-2.1-or-later

import os
import sys
import tempfile

import pytest

sys.path.insert(0, os.path.dirname(__file__))

import polkit  # noqa: E402
import service  # noqa: E402
import shells  # noqa: E402
import target  # noqa: E402
import terminal  # noqa: E402
import users  # noqa: E402

# What the bus says all the time.
EVERYDAY = (
    "a monitor", "Monitoring", "Reloaded", "Activating", "Successfully activated", "pending replies", "fd limit",
    "org.freedesktop.systemd1",
)


@pytest.fixture(scope="session", autouse=True)
def end_of_the_service():
    """The last of a build with sanitizers is to look for leaks."""
    yield
    service.stop()


@pytest.fixture(scope="session")
def root():
    return users.User("root")


@pytest.fixture(scope="session")
def alice():
    return users.User("alice")


@pytest.fixture(scope="session")
def bob():
    return users.User("bob")


@pytest.fixture(scope="session")
def carol():
    """A member of the group pekeenv, to which nothing is granted but by a rule."""
    return users.User("carol")


@pytest.fixture
def start():
    """Starts programs to ask about: start(user, command), start.puppet(user)."""
    starter = Starter()
    yield starter
    starter.end_all()


class Starter:
    def __init__(self):
        self._targets = []

    def __call__(self, *arguments, **named):
        return self._keep(target.Target(*arguments, **named))

    def puppet(self, *arguments, **named):
        return self._keep(target.puppet(*arguments, **named))

    def _keep(self, started):
        self._targets.append(started)
        return started

    def end_all(self):
        for started in self._targets:
            started.end()


@pytest.fixture
def rules(bob, start):
    bystander = start.puppet(bob)
    bystander.uid = bob.uid
    rules = polkit.Rules(bystander)
    yield rules
    rules.remove_all()


LOG = os.environ.get("PEKEENV_TEST_DIR", "") + "/bus.log"


def pytest_runtest_setup(item):
    item.log_start = os.path.getsize(LOG) if os.path.exists(LOG) else 0


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """Shows what the bus, and with it the service, said, where a test fails."""
    report = (yield).get_result()
    if report.failed and os.path.exists(LOG):
        with open(LOG, errors="replace") as file:
            file.seek(item.log_start)
            lines = [line for line in file if not any(word in line for word in EVERYDAY)]
        report.sections.append(("bus, polkitd and pekeenvd", "".join(lines[-12:])))


def pytest_sessionfinish(session, exitstatus):
    """A run in which something was skipped does not count as passed: 77 is what meson takes for skipped."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus == 0 and reporter.stats.get("skipped"):
        session.exitstatus = 77


@pytest.fixture
def directory():
    """A directory that everybody may look into."""
    path = tempfile.mkdtemp(dir=os.environ["PEKEENV_TEST_DIR"])
    os.chmod(path, 0o755)
    return path


@pytest.fixture(params=shells.ALL, ids=lambda shell: shell.__name__)
def shell(request, alice, directory):
    """A shell in a terminal of alice's; her home directory is `directory`."""
    if shells.MISSING:
        pytest.skip("missing: " + " ".join(shells.MISSING))
    os.chown(directory, alice.uid, alice.gid)
    started = terminal.Terminal(alice, alice.do(request.param, directory), directory, {"HOME": directory})
    yield shells.Shell(started, tabs=2 if request.param is shells.bash else 1)
    started.end()


@pytest.fixture
def held_question(directory):
    question = polkit.HeldQuestion(directory)
    yield question
    question.end()
