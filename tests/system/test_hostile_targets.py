# SPDX-License-Identifier: LGPL-2.1-or-later
"""Processes that are laid out to do harm to whoever reads them (tests/targets/hostile.c).

Each is asked about by its owner and by root. It gets its error, in time, and nobody else notices."""

import os
import shutil
import statistics
import struct
import time

import pytest

import bus
import fuse
import polkit
import service
import target

TIMED_OUT = "org.pekeenv.Error.TimedOut"

# A request has four seconds, and the machine may be busy.
LIMIT = 10

LOADERS = (
    "list-cyclic", "list-long", "list-wild", "debug-wild", "dynamic-wild", "dynamic-endless", "headers-lie",
    "strtab-wild", "gnu-hash-endless", "gnu-hash-sizes-wild", "gnu-hash-wild", "sysv-hash-cyclic", "environ-wild",
)
RIGHT = ("nothing", "list-misaligned", "debug-misaligned", "name")
LARGE = ("environ-endless", "strings-overlap", "small-strings-overlap")
ON_FUSE = ("array-on-file", "string-on-file", "list-on-file")


@pytest.fixture
def program(directory):
    path = os.path.join(os.environ["PEKEENV_TARGETS"], "hostile")
    if not os.path.exists(path):
        pytest.skip("it is written for x86_64")
    return shutil.copy(path, directory)


@pytest.fixture
def hostile(alice, start, program):
    """Starts one of alice's: hostile(what, file)."""
    return lambda what, *arguments: start(alice, [program, what, *arguments])


@pytest.fixture
def silent(directory, program):
    """A file on FUSE, a copy of the program, whose server will fall silent."""
    mounted_on = f"{directory}/fuse"
    os.mkdir(mounted_on)
    with open(program, "rb") as file:
        mount = fuse.Mount(mounted_on, file.read())
    try:
        mount.__enter__()
    except OSError as error:
        pytest.skip(f"FUSE can't be used here: {error}")
    yield mount
    mount.__exit__()


def outcome(method, pid, connection=None):
    """The answer, or the name of the error."""
    try:
        return bus.call(method, pid, connection=connection)
    except bus.Error as error:
        return error.name


def ask(user, method, process):
    """The same by a user, in time."""
    begun = time.monotonic()
    result = user.do(outcome, method, process.pid)
    assert time.monotonic() - begun < LIMIT
    return result


@pytest.mark.parametrize("what", LOADERS)
def test_data_of_the_loader_that_is_wrong(what, alice, root, hostile):
    process = hostile(what)
    for user in (alice, root):
        for method in ("GetEnvironment", "OpenEnvironment", "Describe"):
            assert ask(user, method, process) == bus.UNSUPPORTED
        assert ask(user, "GetInitialEnvironment", process) == target.ENTRIES


@pytest.mark.parametrize("what", RIGHT)
def test_data_that_is_odd_but_right(what, alice, root, hostile):
    process = hostile(what)
    for user in (alice, root):
        assert ask(user, "GetEnvironment", process) == target.ENTRIES


@pytest.mark.parametrize("what", LARGE)
def test_an_environment_without_end(what, alice, root, hostile):
    process = hostile(what)
    for user in (alice, root):
        for method in ("GetEnvironment", "Describe"):
            assert ask(user, method, process) in (bus.TOO_LARGE, TIMED_OUT)


def test_an_initial_environment_without_end(alice, root, hostile):
    process = hostile("initial-endless")
    for user in (alice, root):
        assert ask(user, "GetInitialEnvironment", process) in (bus.TOO_LARGE, TIMED_OUT)
        assert ask(user, "GetEnvironment", process) == target.ENTRIES


def test_memory_that_disappears_while_it_is_read(alice, hostile):
    process = hostile("memory-vanishes")
    for _ in range(50):
        assert ask(alice, "GetEnvironment", process) in (["A=1"], bus.UNSUPPORTED, bus.CHANGING)


@pytest.mark.parametrize("what", ON_FUSE)
def test_a_page_on_fuse_that_never_comes_is_not_touched(what, alice, root, hostile, silent):
    process = hostile(what, silent.path)
    silent.fall_silent()
    for user in (alice, root):
        for method in ("GetEnvironment", "OpenEnvironment", "Describe"):
            assert ask(user, method, process) == bus.UNSUPPORTED
        assert ask(user, "GetInitialEnvironment", process) == target.ENTRIES


def test_a_program_on_fuse_that_never_answers_is_not_touched(alice, root, start, silent):
    process = start(alice, [silent.path, "nothing"])
    silent.fall_silent()
    for user in (alice, root):
        for method in ("GetEnvironment", "Describe"):
            assert ask(user, method, process) == bus.UNSUPPORTED
        assert ask(user, "GetInitialEnvironment", process) == target.ENTRIES


def test_a_page_of_userfaultfd_that_never_comes_is_not_waited_for(alice, root, start, program):
    command = [program, "array-on-userfaultfd", "-", str(alice.uid), str(alice.gid)]
    if tried := root.run(command).stderr:
        pytest.skip(f"it can't be used here: {tried}")
    process = start(root, command)
    for user in (alice, root):
        assert ask(user, "GetEnvironment", process) == bus.UNSUPPORTED


def count_stuck(zygote):
    """How many readers wait in the kernel in a way that can't be interrupted."""
    count = 0
    for pid in service.children(zygote):
        try:
            count += target.status(pid, "State").startswith("D")
        except FileNotFoundError:
            pass
    return count


def ask_until_it_hangs(pid):
    """Returns what came until then."""
    connection = bus.connect()
    seen = set()
    while TIMED_OUT not in seen:
        result = outcome("GetEnvironment", pid, connection)
        seen.add("answer" if result == ["A=1"] else str(result))
    return seen


def test_readers_that_can_not_be_killed_cost_their_owner_his_places_and_nobody_else_anything(
        alice, bob, root, start, hostile, silent):
    """The page is exchanged for one on FUSE after the reader has looked where it comes from."""
    mine, others = start.puppet(bob), start.puppet(alice)
    assert bob.call("GetEnvironment", mine.pid) == target.ENTRIES
    main, zygote, _ = service.processes()
    swapping = [hostile("file-swapped", silent.path) for _ in range(4)]
    silent.fall_silent()

    for hanging in [alice.begin(ask_until_it_hangs, process.pid) for process in swapping]:
        assert hanging.result() <= {"answer", bus.CHANGING, bus.UNSUPPORTED, bus.BUSY, TIMED_OUT}
    service.wait_until(lambda: count_stuck(zygote) == 4, "no reader hangs")

    for user in (bob, root):
        assert user.do(outcome, "GetEnvironment", mine.pid) == target.ENTRIES
    assert ask(alice, "GetEnvironment", others) == bus.BUSY
    assert count_stuck(zygote) == 4

    silent.end_server()
    service.wait_until_at_rest(zygote)
    assert ask(alice, "GetEnvironment", others) == target.ENTRIES
    assert service.processes()[:2] == (main, zygote)


def test_the_kernel_takes_only_a_regular_file_for_a_program(root, start, program, directory):
    """So /proc/PID/exe can't be one that waits when it is opened."""
    os.mkfifo(f"{directory}/fifo")
    process = start(root, [program, "executable", f"{directory}/fifo"])
    assert process.said == b"Permission denied\nready\n"


def test_a_fifo_where_the_program_was_is_not_waited_for(alice, root, start, static):
    path = static(lambda elf: None)
    process = start_static(start, alice, path)
    os.unlink(path)
    os.mkfifo(path)
    for user in (alice, root):
        assert environment(ask(user, "GetEnvironment", process)) == STATIC_ENTRIES


#
# Files of static programs, whose symbols are read from the file
#

STATIC_ENTRIES = ["STAYS=1", "NEW=1"]


class Elf:
    """An ELF file of 64 bits that can be damaged where it is not loaded from."""

    def __init__(self, content):
        self.content = bytearray(content)

    def header(self, offset, form, value):
        struct.pack_into(form, self.content, offset, value)

    def _sections(self):
        start, = struct.unpack_from("<Q", self.content, 0x28)
        size, count = struct.unpack_from("<HH", self.content, 0x3A)
        return [start + size * n for n in range(count)]

    def section(self, kind, member, form, value):
        """Sets a member of the section header of a kind."""
        for offset in self._sections():
            if struct.unpack_from("<I", self.content, offset + 4)[0] == kind:
                struct.pack_into(form, self.content, offset + member, value)

    def cut_off(self):
        """Leaves only what is loaded."""
        start, = struct.unpack_from("<Q", self.content, 0x20)
        count, = struct.unpack_from("<H", self.content, 0x38)
        ends = [0]
        for offset in range(start, start + 56 * count, 56):
            kind, = struct.unpack_from("<I", self.content, offset)
            at, = struct.unpack_from("<Q", self.content, offset + 8)
            size, = struct.unpack_from("<Q", self.content, offset + 32)
            ends.append(at + size if kind == 1 else 0)
        del self.content[max(ends):]

    def symbols(self, change):
        """Changes each symbol, given as a list [name, info, other, section, value, size]."""
        for offset in self._sections():
            if struct.unpack_from("<I", self.content, offset + 4)[0] == SYMTAB:
                at, size = struct.unpack_from("<QQ", self.content, offset + 0x18)
                for symbol in range(at, at + size, 24):
                    fields = list(struct.unpack_from("<IBBHQQ", self.content, symbol))
                    change(fields)
                    struct.pack_into("<IBBHQQ", self.content, symbol, *fields)


SYMTAB, STRTAB = 2, 3
OFFSET, SIZE, LINK, ENTRY_SIZE = 0x18, 0x20, 0x28, 0x38


def name_everything_alike(symbol):
    symbol[0] = 1


def name_nothing(symbol):
    symbol[0] = 0xFFFFFFFF


def move(symbol):
    symbol[4] ^= 0x7FFF000000000000


DAMAGES = {
    "cut off behind what is loaded": Elf.cut_off,
    "section headers far away": lambda elf: elf.header(0x28, "<Q", 2**63 - 1),
    "section headers behind the end": lambda elf: elf.header(0x28, "<Q", 2**40),
    "section headers of an odd size": lambda elf: elf.header(0x3A, "<H", 1),
    "more section headers than there are": lambda elf: elf.header(0x3C, "<H", 0xFFFF),
    "no section headers, by their number": lambda elf: elf.header(0x3C, "<H", 0),
    "a symbol table without end": lambda elf: elf.section(SYMTAB, SIZE, "<Q", 2**62),
    "a symbol table far away": lambda elf: elf.section(SYMTAB, OFFSET, "<Q", 2**63),
    "a symbol table with impossible names": lambda elf: elf.section(SYMTAB, LINK, "<I", 0xFFFF),
    "a symbol table that names itself": lambda elf: elf.section(STRTAB, 4, "<I", SYMTAB),
    "symbols of no size": lambda elf: elf.section(SYMTAB, ENTRY_SIZE, "<Q", 0),
    "no names": lambda elf: elf.section(STRTAB, SIZE, "<Q", 0),
    "names far away": lambda elf: elf.section(STRTAB, OFFSET, "<Q", 2**62),
    "names behind the end": lambda elf: elf.symbols(name_nothing),
    "one name for all": lambda elf: elf.symbols(name_everything_alike),
    "symbols out of the program": lambda elf: elf.symbols(move),
}


@pytest.fixture
def static(directory):
    """Makes a copy of a static program, changed: static(change)."""
    path = os.path.join(os.environ["PEKEENV_TARGETS"], "static")
    if not os.path.exists(path):
        pytest.skip("static could not be built here")

    def make(change):
        with open(path, "rb") as file:
            elf = Elf(file.read())
        change(elf)
        changed = f"{directory}/changed"
        with open(changed, "wb") as file:
            file.write(elf.content)
        os.chmod(changed, 0o755)
        return changed

    return make


def start_static(start, user, path):
    script = 'echo ready; read -r _; exec "$0" unset GOES set NEW 1'
    process = start(user, ["/bin/sh", "-c", script, path], {"STAYS": "1", "GOES": "1"})
    process.process.stdin.write(b"\n")
    process.wait_for(b"READY")
    return process


def environment(answer):
    """Without what the shell adds."""
    return answer if isinstance(answer, str) else [entry for entry in answer if not entry.startswith("PWD=")]


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_file_of_a_static_program_that_is_not_right(damage, alice, root, start, static):
    """By its code it may be read all the same."""
    process = start_static(start, alice, static(DAMAGES[damage]))
    for user in (alice, root):
        assert environment(ask(user, "GetEnvironment", process)) in (bus.UNSUPPORTED, STATIC_ENTRIES)


def test_the_file_of_a_static_program_that_is_oversized(alice, root, start, static):
    """A terabyte of symbols, all of them nothing."""

    def change(elf):
        elf.section(SYMTAB, OFFSET, "<Q", 2**30)
        elf.section(SYMTAB, SIZE, "<Q", 2**40)

    path = static(change)
    os.truncate(path, 2**30 + 2**40)
    process = start_static(start, alice, path)
    for user in (alice, root):
        assert environment(ask(user, "GetEnvironment", process)) in (bus.UNSUPPORTED, TIMED_OUT, STATIC_ENTRIES)


#
# What a person is told
#

NASTY = "<b>x<b>&amp;\n\x1b[31m$(user)%s'\"\u202e"


def test_names_can_not_dress_up_what_a_person_is_told(alice, bob, start, program, directory):
    path = f"{directory}/{NASTY}"
    os.rename(program, path)
    process = start(bob, [path, "name"])
    with bus.Watch(f"type='method_call',interface='{polkit.AUTHORITY[2]}',member='CheckAuthorization'") as watch:
        error = alice.is_refused("GetEnvironment", process.pid)
        details = watch.wait_for(member="CheckAuthorization")["payload"]["data"][2]

    assert details["exe"] == (
        f"{directory}/\\x3cb\\x3ex\\x3cb\\x3e\\x26amp;\\n\\x1b[31m$(user)%s'\"\\xe2\\x80\\xae")
    assert error.message.startswith(f"Reading the environment of process {process.pid} of user bob needs")
    assert bob.call("Describe", process.pid)["Executable"] == (
        f"{directory}/<b>x<b>&amp;\\n\\x1b[31m$(user)%s'\"\\xe2\\x80\\xae")


#
# What others notice
#

def time_calls(pid, count):
    """Returns how long each call took, in seconds."""
    connection = bus.connect()
    times = []
    for _ in range(count):
        begun = time.monotonic()
        assert bus.call("GetEnvironment", pid, connection=connection) == target.ENTRIES
        times.append(time.monotonic() - begun)
    return times


def ask_until(stop, pids):
    connection = bus.connect()
    count = 0
    while not os.path.exists(stop):
        for pid in pids:
            outcome("GetEnvironment", pid, connection)
            count += 1
    return count


def milliseconds(times):
    return (f"median {statistics.median(times) * 1000:.2f} ms, longest {max(times) * 1000:.1f} ms")


@pytest.mark.parametrize("what", [LOADERS, LARGE])
def test_nobody_waits_for_them(what, alice, bob, start, hostile, directory):
    mine = start.puppet(bob)
    pids = [hostile(one).pid for one in what]
    stop = f"{directory}/stop"
    without = bob.do(time_calls, mine.pid, 300)

    asking = [alice.begin(ask_until, stop, pids) for _ in range(4)]
    try:
        beside = bob.do(time_calls, mine.pid, 300)
    finally:
        with open(stop, "w"):
            pass
    assert all(count > 0 for count in [one.result() for one in asking])

    print(f"without: {milliseconds(without)}; beside: {milliseconds(beside)}")
    assert statistics.median(beside) < statistics.median(without) + 0.1
    assert max(beside) < 1


def resources(main, zygote):
    """What the service has: descriptors, threads, and memory in KiB, of both processes."""
    return {
        pid: (len(os.listdir(f"/proc/{pid}/fd")), int(target.status(pid, "Threads")),
              0 if service.keeps_freed_memory(pid) else service.resident(pid))
        for pid in (main, zygote)
    }


def ask_about_each(pids, count):
    connection = bus.connect()
    for number in range(count):
        outcome("GetEnvironment", pids[number % len(pids)], connection)


def test_they_leave_nothing_behind(alice, bob, start, hostile):
    mine = start.puppet(bob)
    pids = [hostile(what).pid for what in (*LOADERS, "memory-vanishes")]

    def settle():
        """Returns what the service has when it is at rest."""
        bob.do(time_calls, mine.pid, 20)
        main, zygote, _ = service.processes()
        service.wait_until_at_rest(zygote)
        return main, zygote, resources(main, zygote)

    alice.do(ask_about_each, pids, 50)
    main, zygote, before = settle()
    alice.do(ask_about_each, pids, 200, limit=120)
    assert settle()[:2] == (main, zygote)

    def is_as_before():
        after = resources(main, zygote)
        return all(after[pid][:2] == before[pid][:2] and after[pid][2] <= before[pid][2] + 1024 for pid in before)

    service.wait_until(is_as_before, f"it was {before} and is {resources(main, zygote)}")
    print(f"descriptors, threads, KiB of memory before and after: {before}, {resources(main, zygote)}")
