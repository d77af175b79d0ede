# SPDX-License-Identifier: LGPL-2.1-or-later
"""What gdb sees of the environments of processes: the oracle. It shares nothing with pekeenv.

As a script of gdb's, with the variable "pids", this attaches to one process after the other and calls nothing in it.
The last line that gdb prints is a JSON object: the PID to the list of entries, each byte a character, or to a text that
says what went wrong.

The variable is the one that gdb finds by the name __environ: it looks through the symbols of the executable (of which a
copy relocation is one) and then of the libraries in the order in which they were loaded. That this is the one that the
program's getenv() reads is proven by the code of getenv(): it takes the variable's address from memory.
"""

import json
import re
import subprocess

LIMIT = 120  # seconds
INSTRUCTIONS = 64  # of getenv(); the address is among the first


def read(pids):
    """Has gdb read the environment of each process: a list of entries, or a text that says why it has not."""
    silent = ["set auto-load off", "set libthread-db-search-path", "set debuginfod enabled off"]
    commands = [f"-ex={command}" for command in (*silent, f"python pids = {list(pids)}")]
    said = subprocess.run(
        ["gdb", "-nx", "-quiet", "-batch", *commands, "-x", __file__],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=LIMIT, check=True).stdout
    seen = json.loads(said.splitlines()[-1])
    return {int(pid): [entry.encode("latin-1") for entry in found] if isinstance(found, list) else found
            for pid, found in seen.items()}


#
# Inside gdb
#


def addresses_in_getenv():
    """Returns the addresses that getenv() takes from memory at an address relative to its own."""
    pointer = gdb.lookup_type("char").pointer().pointer()
    start = int(gdb.parse_and_eval("(unsigned long) &getenv"))
    for instruction in gdb.selected_inferior().architecture().disassemble(start, count=INSTRUCTIONS):
        if taken := re.search(r"^mov .*\(%rip\),%r\w+ +# (0x[0-9a-f]+)", instruction["asm"]):
            yield int(gdb.Value(int(taken[1], 16)).cast(pointer).dereference())


def entries():
    variable = int(gdb.parse_and_eval("(unsigned long) &__environ"))
    if gdb.selected_inferior().architecture().name() == "i386:x86-64" and variable not in addresses_in_getenv():
        raise gdb.error("getenv() does not read the __environ that gdb has found")

    array = gdb.Value(variable).cast(gdb.lookup_type("char").pointer().pointer().pointer()).dereference()
    index = 0
    while array != 0 and array[index] != 0:
        yield array[index].string("latin-1")
        index += 1


def attach_and_read(pid):
    try:
        gdb.execute("file", to_string=True)  # forgets the symbols of the last one
        gdb.execute(f"attach {pid}", to_string=True)
        try:
            return list(entries())
        finally:
            gdb.execute("detach", to_string=True)
    except gdb.error as error:
        return f"gdb: {error}"


if __name__ == "__main__":
    import gdb
    print(json.dumps({pid: attach_and_read(pid) for pid in pids}))  # noqa: F821
