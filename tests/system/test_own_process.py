# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which processes are a user's own: those whose /proc/PID/environ she may read, no other.

Each test asks the kernel, too, so that the two can be held against each other."""

import os
import shutil
import stat
import subprocess

import pytest

import bus
import target
import users

BASH = "/bin/bash"


def kernel_lets_read(user, process):
    """Whether the user may read /proc/PID/environ."""
    return user.run(["cat", f"/proc/{process.pid}/environ"]).returncode == 0


def assert_own(user, process):
    assert kernel_lets_read(user, process)
    assert user.call("GetEnvironment", process.pid) == target.ENTRIES


def assert_not_own(user, process):
    assert not kernel_lets_read(user, process)
    for method in ("GetEnvironment", "OpenEnvironment", "GetInitialEnvironment", "Describe"):
        assert user.is_refused(method, process.pid).name == bus.INTERACTION_REQUIRED


@pytest.fixture
def special(directory):
    """Makes copies of programs that run with other rights: special(program, user, group, mode)."""

    def copy(program, user, group, mode):
        path = f"{directory}/{user}-{mode:o}"
        shutil.copy(program, path)
        shutil.chown(path, user, group)
        os.chmod(path, mode)
        assert not os.statvfs(path).f_flag & os.ST_NOSUID
        return path

    return copy


def make_dumpable(process):
    """Takes away one of the reasons for which it could be refused, so that the others have to do."""
    process.do("libc.prctl(4, 1, 0, 0, 0)")  # PR_SET_DUMPABLE
    assert os.stat(f"/proc/{process.pid}/environ").st_uid == int(process.status("Uid").split()[1])


def with_ids(*options):
    """The start of a command that runs a program with these ids."""
    return ["setpriv", *options, "--"]


def test_an_ordinary_process(alice, start):
    assert_own(alice, start.puppet(alice))


def test_not_a_process_that_has_gained_roots_rights(alice, start, special):
    python = special(target.PYTHON, "root", "root", 0o4755)
    process = start.puppet(alice, python=python)

    assert process.status("Uid").split() == [str(alice.uid), "0", "0", "0"]
    assert_not_own(alice, process)


def test_not_a_process_that_has_gained_another_users_rights(alice, bob, start, special):
    python = special(target.PYTHON, "bob", "root", 0o4755)
    process = start.puppet(alice, python=python)
    make_dumpable(process)

    assert process.status("Uid").split()[1] == str(bob.uid)
    assert_not_own(alice, process)
    assert_not_own(bob, process)


def test_not_a_process_that_has_gained_a_groups_rights(alice, start, special):
    python = special(target.PYTHON, "root", "shadow", stat.S_ISGID | 0o755)
    process = start.puppet(alice, python=python)

    make_dumpable(process)
    assert len(set(process.status("Gid").split())) == 2
    assert_not_own(alice, process)


@pytest.mark.parametrize("other", ["root", "bob"])
def test_not_a_process_that_can_become_somebody_else_again(other, root, alice, start):
    process = start.puppet(root)
    uid = users.User(other).uid
    process.do(f"os.setresgid({alice.gid}, {alice.gid}, {alice.gid})")
    process.do(f"os.setresuid({alice.uid}, {alice.uid}, {uid})")
    make_dumpable(process)

    assert process.status("Uid").split()[:3] == [str(alice.uid), str(alice.uid), str(uid)]
    assert_not_own(alice, process)


def test_not_a_process_of_a_group_that_is_not_hers(root, alice, start):
    process = start.puppet(root, prefix=with_ids("--reuid=alice", "--regid=daemon", "--clear-groups"))

    assert_not_own(alice, process)


def test_also_a_process_in_one_of_her_other_groups(root, carol, start):
    """The kernel is stricter here; the bus does not tell which of her groups is the first."""
    process = start.puppet(root, prefix=with_ids("--reuid=carol", "--regid=pekeenv", "--clear-groups"))

    assert carol.call("GetEnvironment", process.pid) == target.ENTRIES


def test_not_a_process_with_a_capability(root, alice, start):
    process = start.puppet(root, prefix=with_ids(
        "--reuid=alice", "--regid=alice", "--init-groups", "--inh-caps=+net_raw", "--ambient-caps=+net_raw"))

    assert int(process.status("CapPrm"), 16) == 1 << 13
    assert os.stat(f"/proc/{process.pid}/environ").st_uid == alice.uid, "it is dumpable"
    assert_not_own(alice, process)


def test_not_a_process_that_does_not_want_to_be_dumped(alice, start):
    process = start.puppet(alice)
    assert_own(alice, process)

    process.do("libc.prctl(4, 0, 0, 0, 0)")  # PR_SET_DUMPABLE
    assert_not_own(alice, process)

    process.do("libc.prctl(4, 1, 0, 0, 0)")
    assert_own(alice, process)


def test_a_rule_still_decides_about_those(alice, start, rules):
    process = start.puppet(alice)
    process.do("libc.prctl(4, 0, 0, 0, 0)")
    rules.allow('subject.user == "alice"')

    assert alice.call("GetEnvironment", process.pid) == target.ENTRIES


def in_user_namespace(user, *command):
    return user.run(["unshare", "--user", "--map-current-user", "--", *command])


@pytest.fixture
def user_namespaces(alice):
    tried = in_user_namespace(alice, "true")
    if tried.returncode != 0:
        pytest.skip(f"users can't make user namespaces here: {tried.stderr.strip()}")


def test_not_by_a_caller_in_another_user_namespace(alice, start, user_namespaces):
    process = start.puppet(alice)
    command = ["gdbus", "call", "--system", "-d", bus.NAME, "-o", bus.PATH, "-m", f"{bus.NAME}.GetEnvironment",
               str(process.pid)]

    assert alice.run(command).returncode == 0
    assert in_user_namespace(alice, "cat", f"/proc/{process.pid}/environ").returncode != 0
    refused = in_user_namespace(alice, *command)
    assert refused.returncode == 1
    assert bus.INTERACTION_REQUIRED in refused.stderr


def test_not_a_process_in_another_user_namespace(alice, bob, start, user_namespaces):
    process = start.puppet(alice, prefix=["unshare", "--user", "--map-current-user", "--"])

    for user in (alice, bob):
        assert user.is_refused("GetEnvironment", process.pid).name == bus.INTERACTION_REQUIRED


# In a user namespace of his own a user is root, and the kernel gives files of processes that are not dumpable to root.
# With all capabilities gone, only /proc/PID/environ tells that this process keeps its memory to itself.
UNDUMPABLE_IN_NAMESPACE = """
import ctypes, os, signal, sys
reader, writer = os.pipe()
child = os.fork()
if child == 0:
    ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE, as agents do that hold keys
    os.write(writer, b"x")
    signal.pause()
os.read(reader, 1)
for command in (["cat", f"/proc/{child}/environ"], ["gdbus", *sys.argv[1:], str(child)]):
    print(os.spawnvp(os.P_WAIT, command[0], command), flush=True)
os.kill(child, 9)
"""


def test_not_one_that_is_not_dumpable_though_its_files_are_the_users_in_a_namespace(alice, user_namespaces):
    asked = alice.run([
        "unshare", "--user", "--map-root-user", "--",
        "setpriv", "--bounding-set", "-all", "--inh-caps", "-all", "--no-new-privs", "--",
        target.PYTHON, "-c", UNDUMPABLE_IN_NAMESPACE,
        "call", "--system", "-d", bus.NAME, "-o", bus.PATH, "-m", f"{bus.NAME}.GetEnvironment",
    ], env={"PATH": "/usr/bin:/bin", "SECRET": "of-an-undumpable"})

    assert asked.stdout.split() == ["1", "1"], asked.stdout
    assert bus.INTERACTION_REQUIRED in asked.stderr


def ask_while_it_starts(setuid_bash, count):
    """Reads a process again and again while it turns from an own one into one of root's, with a secret."""
    connection = bus.connect()
    command = f"read; exec {setuid_bash} -p -c 'export SECRET=1; /bin/true; echo ready; read'"
    answers = refusals = 0
    for _ in range(count):
        with subprocess.Popen([BASH, "-c", command], env={"PATH": "/usr/bin:/bin"}, stdin=subprocess.PIPE,
                              stdout=subprocess.DEVNULL) as process:
            answers_before = answers
            refused_in_a_row = 0
            while answers_before == answers or refused_in_a_row < 10:
                try:
                    entries = bus.call("GetEnvironment", process.pid, connection=connection)
                except bus.Error:
                    refused_in_a_row += 1
                    refusals += 1
                else:
                    assert not any(entry.startswith("SECRET") for entry in entries)
                    if answers_before == answers:
                        process.stdin.write(b"\n")
                        process.stdin.flush()
                    answers += 1
                    refused_in_a_row = 0
            process.stdin.close()
    return answers, refusals


def test_a_setuid_program_leaks_nothing_while_it_is_being_started(alice, special):
    setuid_bash = special(BASH, "root", "root", 0o4755)
    answers, refusals = alice.do(ask_while_it_starts, setuid_bash, 100, limit=120)

    assert answers and refusals, "it was seen before and after"
