# SPDX-License-Identifier: LGPL-2.1-or-later
"""The examples of the manual pages, of docs/ and of the README do what is said there.

Run is every block of code right after a comment `run: SETTING`, in Markdown `<!-- run: SETTING -->`, in scdoc
`; run: SETTING`. Lines that begin with `$ ` are commands, those with `> ` go on with one; all others are what the
command says, on standard output or error, where `…` stands for anything.

The setting `demonstration`: process 4711 is tools/demonstration.pl; the files of docs/examples are in the working
directory."""

import os
import pathlib
import re
import shutil

import pytest

import target

MISSING = [program for program in ("jq", "cc", "pkg-config") if not shutil.which(program)]
pytestmark = pytest.mark.skipif(bool(MISSING), reason="missing: " + " ".join(MISSING))

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PAGES = [SOURCE / "README.md", *sorted(SOURCE.glob("docs/**/*.md")), *sorted(SOURCE.glob("docs/man/*.scd*"))]

BLOCK = re.compile(r"^(?:<!-- run: (?P<md>\w+) -->|; run: (?P<scd>\w+))\n```.*\n(?P<lines>(?s:.*?))^```$", re.MULTILINE)
MARK = "---- next ----"


def blocks():
    for page in PAGES:
        text = page.read_text()
        for match in BLOCK.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield pytest.param(match["md"] or match["scd"], match["lines"], id=f"{page.name}:{line}")


def steps(lines):
    """Returns commands, each with what it is to say."""
    found = []
    for line in lines.splitlines(keepends=True):
        if line.startswith("$ "):
            found.append([line[2:], ""])
        elif line.startswith("> "):
            found[-1][0] += line[2:]
        else:
            found[-1][1] += line
    return found


def pattern(said):
    return re.compile(re.escape(said).replace("…", ".*"), re.DOTALL)


@pytest.fixture
def demonstration(alice, directory):
    for example in (SOURCE / "docs/examples").iterdir():
        shutil.copy(example, directory)
    os.chown(directory, alice.uid, alice.gid)
    started = target.demonstration(alice, directory)
    yield started
    started.end()


@pytest.mark.parametrize("setting, lines", blocks())
def test_it_does_what_is_said(alice, demonstration, directory, setting, lines):
    assert setting == "demonstration"

    expected = steps(lines.replace("4711", str(demonstration.pid)))
    script = "".join(f"{command}echo '{MARK}'\n" for command, _ in expected)
    ran = alice.run(
        ["sh", "-c", f"cd {directory} && exec bash --norc 2>&1"], stdin=None, input=script,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": directory},
    )

    said = ran.stdout.split(MARK + "\n")
    for (command, text), got in zip(expected, said):
        assert pattern(text).fullmatch(got), f"{command}said:\n{got}"
    assert len(said) == len(expected) + 1


def test_there_are_some_in_each_kind_of_page():
    names = {block.id.split(":")[0] for block in blocks()}

    assert {"README.md", "clients.md", "pekeenv.1.scd", "org.pekeenv.Inspector.5.scd.in"} <= names
