# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the answers say."""

import fcntl
import os
import subprocess

import pytest

import bus
import target

F_GET_SEALS = 1034
SEALED = 0x1 | 0x2 | 0x4 | 0x8  # seal, shrink, grow, write


@pytest.fixture
def dotenv_file(directory):
    path = f"{directory}/app.env"
    with open(path, "w") as file:
        file.write("DATABASE_URL=postgres://db.example/app\nMODE=production\n")
    return path


def need(command):
    tried = subprocess.run(command, capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"{command[0]} can't do it here: {tried.stderr.strip()}")


def test_a_ruby_program_that_loaded_a_dotenv_file(alice, start, dotenv_file):
    need(["/usr/bin/ruby", "-rdotenv", "-e", ""])
    process = start(alice, ["/usr/bin/ruby", "-rdotenv", "-e", f"""
        Dotenv.load({dotenv_file!r})
        ENV.delete("GOES")
        puts "ready"
        STDOUT.flush
        STDIN.read
    """], {"STAYS": "1", "GOES": "1"})

    assert not any(entry.startswith("DATABASE_URL") for entry in target.initial(process))
    entries = alice.call("GetEnvironment", process.pid)
    assert entries == ["STAYS=1", "DATABASE_URL=postgres://db.example/app", "MODE=production"]


def test_a_python_program_that_loaded_a_dotenv_file(alice, start, dotenv_file):
    need([target.PYTHON, "-c", "import dotenv"])
    process = start.puppet(alice, target.ENVIRONMENT | {"STAYS": "1", "GOES": "1"})
    process.do(f"import dotenv; dotenv.load_dotenv({dotenv_file!r}); del os.environ['GOES']")

    assert not any(entry.startswith("DATABASE_URL") for entry in target.initial(process))
    entries = alice.call("GetEnvironment", process.pid)
    assert entries == [*target.ENTRIES, "STAYS=1", "DATABASE_URL=postgres://db.example/app", "MODE=production"]


def test_bash_after_it_has_run_a_program(alice, start):
    process = start(alice, ["/bin/bash", "-c", "export A=1; unset GOES; /bin/true; echo ready; read; :"],
                    {"STAYS": "1", "GOES": "1"})

    entries = alice.call("GetEnvironment", process.pid)
    assert {"STAYS=1", "A=1"} <= set(entries)
    assert not any(entry.startswith("GOES") for entry in entries)


def test_it_is_what_is_there_now_each_time(alice, start):
    process = start.puppet(alice)
    for number in range(20):
        process.do(f"os.environ['NUMBER'] = '{number}'")
        assert alice.call("GetEnvironment", process.pid) == [*target.ENTRIES, f"NUMBER={number}"]


def read_while_it_changes(pid, count):
    connection = bus.connect()
    answers = []
    for _ in range(count):
        try:
            answers.append(tuple(bus.call("GetEnvironment", pid, connection=connection)))
        except bus.Error as error:
            assert error.name == bus.CHANGING
    return answers


def test_an_answer_is_whole_while_the_process_goes_on_changing(alice, start):
    """Variables come and go, and values change, all the time."""
    process = start.puppet(alice, target.ENVIRONMENT | {"FIRST": "1"})
    process.process.stdin.write(repr(
        "while True:\n"
        "    for letter in 'ab':\n"
        "        os.environ['LETTER'] = letter * 5000\n"
        "        os.environ['LAST'] = letter\n"
        "    del os.environ['LETTER'], os.environ['LAST']\n"
    ).encode() + b"\n")
    answers = alice.do(read_while_it_changes, process.pid, 500)

    letters = {f"LETTER={letter * 5000}" for letter in "ab"}
    assert answers
    for entries in answers:
        assert entries[:2] == ("LANG=C.UTF-8", "FIRST=1")
        assert set(entries[2:]) <= letters | {"LAST=a", "LAST=b"}
        assert len(entries) == len(set(entries)) <= 4
    assert len(set(answers)) > 1


def test_order_duplicates_and_entries_without_an_equals_sign_are_kept(alice, start):
    process = start.puppet(alice)
    process.do("set_environ(b'Z=1', b'A=2', b'Z=3', b'plain', b'=odd', b'EMPTY=', b'A=2')")

    assert alice.call("GetEnvironment", process.pid) == [
        "Z=1", "A=2", "Z=3", "plain", "=odd", "EMPTY=", "A=2"]


def test_an_empty_environment_is_an_answer(alice, start):
    process = start.puppet(alice)
    process.do("set_environ()")
    assert alice.call("GetEnvironment", process.pid) == []

    process.do("libc.clearenv()")
    assert alice.call("GetEnvironment", process.pid) == []


def test_invalid_utf8_is_replaced_in_strings(alice, start):
    process = start.puppet(alice)
    process.do(r"set_environ('ÄÖ=ü€'.encode(), b'A=\xff', b'B=x\xc3', b'C=\xc0\x80', b'D=\xed\xa0\x80', b'E=a\nb\tc')")

    replaced = "\N{REPLACEMENT CHARACTER}"
    assert alice.call("GetEnvironment", process.pid) == [
        "ÄÖ=ü€", f"A={replaced}", f"B=x{replaced}", f"C={replaced * 2}", f"D={replaced * 3}", "E=a\nb\tc"]


def examine_file(method, argument):
    """What OpenEnvironment() returns: content, offset, seals, and what one can do to it."""
    fd = bus.call(method, argument)
    result = {
        "offset": os.lseek(fd, 0, os.SEEK_CUR),
        "seals": fcntl.fcntl(fd, F_GET_SEALS),
        "content": os.pread(fd, 1 << 26, 0),
        "failures": [],
    }
    for attempt in (
        lambda: os.pwrite(fd, b"x", 0),
        lambda: os.ftruncate(fd, 0),
        lambda: os.ftruncate(fd, len(result["content"]) + 1),
        lambda: fcntl.fcntl(fd, 1033, 0),  # F_ADD_SEALS
    ):
        try:
            attempt()
        except OSError as error:
            result["failures"].append(error.errno)
    return result


def test_the_file_is_exact_and_nobody_can_change_it(alice, start):
    process = start.puppet(alice)
    process.do(r"set_environ(b'A=\xff\xfe', b'B=a\nb', b'plain', b'A=2', b'\x1b[0m=\x01')")
    result = alice.do(examine_file, "OpenEnvironment", process.pid)

    assert result["content"] == b"A=\xff\xfe\0B=a\nb\0plain\0A=2\0\x1b[0m=\x01\0"
    assert result["offset"] == 0
    assert result["seals"] & SEALED == SEALED
    assert len(result["failures"]) == 4


def test_an_empty_environment_is_an_empty_file(alice, start):
    process = start.puppet(alice)
    process.do("set_environ()")

    assert alice.do(examine_file, "OpenEnvironment", process.pid)["content"] == b""


def test_the_file_of_a_process_that_changed_nothing_equals_that_of_the_kernel(alice, start):
    process = start(alice, ["/bin/bash", "-c", "/bin/true; echo ready; read; :"], {"A": "1"})
    before = start(alice, ["/usr/bin/env", "-", "B=2", "A=1", "sh", "-c", "echo ready; exec sleep 1000"])
    wait_for_program(before, "/usr/bin/sleep")

    assert alice.do(examine_file, "OpenEnvironment", before.pid)["content"] == before.proc("environ")
    assert alice.call("GetEnvironment", process.pid) != target.initial(process), "bash adds its own"


def wait_for_program(process, path):
    """Waits until a process executes a program: its descriptors that close on exec do so then."""
    while os.readlink(f"/proc/{process.pid}/exe") != path:
        os.sched_yield()


def test_an_answer_too_large_for_the_bus_says_what_to_call_instead(alice, start):
    process = start.puppet(alice)
    process.do("set_environ(*(b'%03d=' % n + b'x' * (1 << 20) for n in range(20)))")
    error = alice.is_refused("GetEnvironment", process.pid)

    assert error.name == bus.TOO_LARGE
    assert "OpenEnvironment" in error.message

    content = alice.do(examine_file, "OpenEnvironment", process.pid)["content"]
    assert [entry[:5] for entry in content.split(b"\0")[:-1]] == [b"%03d=x" % n for n in range(20)]


def test_invalid_bytes_count_as_the_three_that_replace_them(alice, start):
    """10 MiB would fit; the 30 that they become on the bus do not."""
    process = start.puppet(alice)
    process.do(r"set_environ(*(b'A=' + b'\xff' * (1 << 20) for n in range(10)))")

    assert alice.is_refused("GetEnvironment", process.pid).name == bus.TOO_LARGE


def test_the_initial_environment_is_that_of_the_kernel(alice, start):
    env = target.ENVIRONMENT | {"B": "2", "A": "1", "LONG": "x" * 100000, "LINES": "a\nb"}
    process = start.puppet(alice, env)
    process.do("os.environ['NEW'] = '2'; del os.environ['A']")

    assert alice.call("GetInitialEnvironment", process.pid) == target.initial(process)
    assert alice.call("GetInitialEnvironment", process.pid) == [f"{name}={value}" for name, value in env.items()]


def test_describe_says_where_it_was_found(alice, start):
    process = start.puppet(alice)
    process.do("set_environ(b'A=1', b'B=22')")
    description = alice.call("Describe", process.pid)

    start_time = int(process.proc("stat").rpartition(b")")[2].split()[19])
    assert description["PID"] == process.pid
    assert description["UID"] == alice.uid
    assert description["StartTime"] == start_time * 1000000 // os.sysconf("SC_CLK_TCK")
    assert description["Executable"] == os.path.realpath(target.PYTHON)
    assert description["Runtime"] == "glibc"
    assert description["Source"] == "dynamic-symbol"
    assert description["Symbol"] in ("__environ", "environ", "_environ")
    assert description["Object"].startswith("/")
    assert description["Count"] == 2
    assert description["Bytes"] == len(b"A=1\0B=22\0")
    assert set(description) <= {
        "PID", "UID", "StartTime", "Executable", "Unit", "Container", "Runtime", "Source", "Object", "Symbol",
        "Count", "Bytes"}


def test_describe_escapes_control_characters(alice, start, directory):
    path = f"{directory}/py\n\x1b[31m"
    subprocess.run(["cp", os.path.realpath(target.PYTHON), path], check=True)
    process = start.puppet(alice, python=path)

    assert alice.call("Describe", process.pid)["Executable"] == f"{directory}/py\\n\\x1b[31m"


def test_a_program_at_a_path_longer_than_a_page_is_read(alice, root, start, directory):
    os.chmod(directory, 0o777)
    long_path = f"""
import os, shutil
os.chdir({directory!r})
for _ in range(22):
    os.mkdir("d" * 200)
    os.chdir("d" * 200)
shutil.copy("/bin/cat", "x")
os.system("echo ready")
os.execve("x", ["x"], {{"A": "1"}})
"""
    process = start(alice, [target.PYTHON, "-c", long_path])
    while process.proc("comm") != b"x\n":
        pass

    for user in (alice, root):
        assert user.call("GetEnvironment", process.pid) == ["A=1"]
    assert alice.call("Describe", process.pid)["Executable"] == "[path too long]"


def test_a_process_in_a_thousand_groups_is_read(alice, root, start):
    groups = ",".join(str(gid) for gid in range(100000, 101000))
    process = start.puppet(root, prefix=["setpriv", f"--reuid={alice.uid}", f"--regid={alice.gid}",
                                         f"--groups={groups}", "--"])

    for user in (alice, root):
        assert user.call("GetEnvironment", process.pid) == target.ENTRIES
