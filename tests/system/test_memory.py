# SPDX-License-Identifier: LGPL-2.1-or-later
"""Within the memory that its unit lets the service have, the largest environments are read; and more of them than that
holds break nothing but their own requests."""

import collections
import os
import re

import pytest

import bus
import service
import target

UNIT = "/usr/lib/systemd/system/pekeenvd.service"
LARGEST = 128 << 20  # bytes that are read of an environment
AT_A_TIME = 4  # readers for one user's processes


def memory_limit():
    with open(UNIT) as file:
        number, unit = re.search(r"^MemoryMax=(\d+)([MG])$", file.read(), re.MULTILINE).groups()
    return int(number) << {"M": 20, "G": 30}[unit]


def write(path, text):
    with open(path, "w") as file:
        file.write(str(text))


def read_number(path):
    with open(path) as file:
        return int(file.read())


class ControlGroup:
    """Of either version, whichever has the controller."""

    def __init__(self, limit):
        with open("/proc/self/mounts") as file:
            mounts = [line.split()[1:4] for line in file]
        versions = {
            "cgroup": ("memory.limit_in_bytes", "memory.max_usage_in_bytes"), "cgroup2": ("memory.max", "memory.peak")}
        for path, kind, options in mounts:
            limit_file, self._peak_file = versions.get(kind, (None, None))
            if kind == "cgroup2" or kind == "cgroup" and "memory" in options.split(","):
                self._path = f"{path}/pekeenv-test-{os.urandom(4).hex()}"
                try:
                    os.mkdir(self._path)
                    write(f"{self._path}/{limit_file}", limit)
                    return
                except OSError:
                    self.end()
        pytest.skip("memory can't be limited by a control group here")

    def add(self, pid):
        write(f"{self._path}/cgroup.procs", pid)

    def peak(self):
        return read_number(f"{self._path}/{self._peak_file}")

    def _is_empty(self):
        with open(f"{self._path}/cgroup.procs") as file:
            return not file.read()

    def end(self):
        """It goes when all processes in it have."""
        if os.path.exists(self._path):
            service.wait_until(self._is_empty, "processes remain")
            os.rmdir(self._path)


@pytest.fixture
def limited():
    """The service, with no more memory than in its unit. Yields its control group."""
    group = ControlGroup(memory_limit())
    service.stop()
    service.start()
    main, zygote, readers = service.processes()
    if service.keeps_freed_memory(main):
        group.end()
        pytest.skip("under a checker: sanitizers need memory of their own")
    for pid in (zygote, *readers, main):
        group.add(pid)
    yield group
    service.stop()
    group.end()


@pytest.fixture
def start_large(start):
    """Starts a program with an environment that is as large as one can be."""

    def run(user, uid=None):
        process = start.puppet(user, prefix=["setpriv", f"--reuid={uid}", "--clear-groups", "--"] if uid else ())
        process.do(f"set_environ(b'A=' + b'\\xff' * {LARGEST - 3})")
        return process

    return run


def size_of_answer(pid):
    with open(bus.call("OpenEnvironment", pid), "rb") as file:
        return os.fstat(file.fileno()).st_size


def outcome(pid, method):
    """Returns the name of the error, or "answer"."""
    try:
        answer = bus.call(method, pid)
    except bus.Error as error:
        return error.name
    if method == "OpenEnvironment":
        os.close(answer)
    return "answer"


def test_the_largest_environment_is_read(alice, start_large, limited):
    process = start_large(alice)

    assert alice.do(size_of_answer, process.pid) == LARGEST
    assert alice.do(outcome, process.pid, "GetEnvironment") == bus.TOO_LARGE
    print(f"at most {limited.peak() >> 20} MiB")
    assert limited.peak() > 2 * LARGEST


def ask_at_once(pid):
    """Asks as often at a time as there are readers for it. Returns what came of it."""
    outcomes = []

    def on_reply(reply):
        outcomes.append(reply.get_error_name() or "answer")

    connection = bus.connect()
    calls = [connection.send_message_with_reply(bus.make_call("OpenEnvironment", pid), on_reply, bus.LIMIT)
             for _ in range(AT_A_TIME)]
    for call in calls:
        call.block()
    return outcomes


def test_more_of_the_largest_than_there_is_memory_for_break_nothing_but_their_own_requests(
        root, bob, start, start_large, limited):
    mine = start.puppet(bob)
    large = [start_large(root, uid) for uid in range(54321, 54326)]
    main, zygote, _ = service.processes()

    asking = [root.begin(ask_at_once, process.pid) for process in large]
    for _ in range(20):
        assert bob.call("GetEnvironment", mine.pid) == target.ENTRIES
    outcomes = collections.Counter(outcome for one in asking for outcome in one.result())
    print(f"at most {limited.peak() >> 20} MiB; {outcomes}")

    assert service.processes()[:2] == (main, zygote)
    assert limited.peak() > memory_limit() - LARGEST
    assert outcomes["answer"] < outcomes.total() == len(large) * AT_A_TIME
