# SPDX-License-Identifier: LGPL-2.1-or-later
"""Asking on another machine: over a real sshd, and systemd's bridge to the bus behind it."""

import os
import shutil
import socket
import subprocess

import pytest

SSHD = "/usr/sbin/sshd"

pytestmark = [
    pytest.mark.skipif(not os.path.exists(SSHD), reason="missing: sshd"),
    pytest.mark.skipif(not shutil.which("systemd-stdio-bridge"), reason="missing: systemd-stdio-bridge"),
]


def make_key(path):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)


@pytest.fixture
def host(alice, directory):
    """A server at which alice may log in, by the key that she has at home."""
    os.chown(directory, alice.uid, alice.gid)
    # sshd lets nobody in whose account is locked.
    subprocess.run(["usermod", "--password", "*", "alice"], check=True)
    make_key(f"{directory}/host")
    make_key(f"{directory}/id_ed25519")
    shutil.copy(f"{directory}/id_ed25519.pub", f"{directory}/authorized_keys")
    os.chown(f"{directory}/id_ed25519", alice.uid, alice.gid)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with open(f"{directory}/sshd_config", "w") as file:
        file.write(
            f"Port {port}\nListenAddress 127.0.0.1\nHostKey {directory}/host\nUsePAM no\nStrictModes no\n"
            f"AuthorizedKeysFile {directory}/authorized_keys\nPidFile none\nLogLevel DEBUG1\n"
        )
    # sd-bus calls "ssh" with no options of ours.
    with open(f"{directory}/ssh", "w") as file:
        file.write(
            f"#!/bin/sh\nexec /usr/bin/ssh -F none -p {port} -i {directory}/id_ed25519 -o BatchMode=yes -o LogLevel=ERROR "
            f"-o UserKnownHostsFile={directory}/known -o StrictHostKeyChecking=accept-new \"$@\"\n"
        )
    os.chmod(f"{directory}/ssh", 0o755)

    os.makedirs("/run/sshd", exist_ok=True)
    server = subprocess.Popen([SSHD, "-D", "-e", "-f", f"{directory}/sshd_config"], stderr=subprocess.PIPE, text=True)
    while "listening" not in (line := server.stderr.readline()):
        assert line, "sshd does not start"
    yield "alice@127.0.0.1"
    server.terminate()
    server.wait()
    server.stderr.close()


@pytest.fixture
def ask(alice, host, directory):
    def run(*arguments, user=host):
        return alice.run(["pekeenv", "-H", user, *arguments],
                         env={"PATH": f"{directory}:/usr/bin:/bin", "HOME": directory, "LANG": "C.UTF-8"})
    return run


def test_every_verb_is_answered(ask, alice, start):
    process = start.puppet(alice, {"A": "1", "LANG": "C.UTF-8"})
    process.do("set_environ(b'A=2')")
    pid = str(process.pid)

    for arguments, answer in (
        ([pid], "A=2\n"), (["get", pid, "A"], "2\n"), (["names", pid], "A\n"), (["initial", pid], "A=1\nLANG=C.UTF-8\n"),
        (["exec", pid, "--", "/usr/bin/env"], "A=2\n"), (["--json=short", pid], '{"A":"2"}\n'),
    ):
        got = ask(*arguments)
        assert (got.stdout, got.stderr, got.returncode) == (answer, "", 0), arguments
    got = ask("diff", pid)
    assert (got.stdout, got.returncode) == ("~ A=1 → 2\n- LANG=C.UTF-8\n", 1)
    assert f"PID: {pid}\n" in ask("describe", pid).stdout


def test_bytes_that_do_not_arrive_as_they_are_are_told_of(ask, alice, start):
    process = start.puppet(alice)
    process.do(r"set_environ(b'A=\xff')")
    got = ask(str(process.pid))

    assert (got.stdout, got.returncode) == ("A=�\n", 0)
    assert "UTF-8" in got.stderr
    assert ask("--quiet", str(process.pid)).stderr == ""


def test_a_process_that_is_not_there(ask):
    got = ask(str(2**22 + 1))

    assert (got.stdout, got.returncode) == ("", 66)
    assert got.stderr.startswith(f"pekeenv: There is no process {2**22 + 1}")


def test_one_may_not_ask_there_about_others(ask, bob, start):
    process = start.puppet(bob)

    assert ask(str(process.pid)).returncode == 77


def test_a_host_that_can_not_be_reached_says_so(ask):
    got = ask("1", user="nobody@127.0.0.1")

    assert got.returncode == 69
    assert "nobody@127.0.0.1" in got.stderr.splitlines()[-1]
