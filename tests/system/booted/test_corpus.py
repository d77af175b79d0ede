# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every process of the machine, and those of usual services at work: what pekeenv tells is what others find."""

import os
import subprocess

import pytest

import corpus as corpora
import service
import services as everyday

PROCESSES = [
    "cron", "cron, a job's", "a job's shell",
    "nginx", "nginx, a worker",
    "php-fpm", "php-fpm, a worker", "php-fpm, in a script",
    "postgres", "postgres, a session's", "psql",
    "redis",
    "sshd", "sshd, a session's", "sshd, its user's", "a login shell", "ssh",
]
# Who write what they are doing over the memory in which they got their environment, for ps to show it.
RETITLED = [
    "nginx", "nginx, a worker", "php-fpm", "php-fpm, a worker", "php-fpm, in a script", "postgres, a session's",
    "redis", "sshd", "sshd, a session's", "sshd, its user's",
]
MARKED = [*RETITLED, "cron", "cron, a job's", "postgres"]
CHANGED = ["a job's shell", "nginx, a worker", "php-fpm, in a script", "psql", "a login shell"]


@pytest.fixture(scope="module")
def services():
    directory = os.environ["PEKEENV_TEST_DIR"] + "/services"
    os.mkdir(directory, mode=0o755)
    running = everyday.Services(directory)
    yield running
    running.end()


@pytest.fixture(scope="module")
def zombie():
    process = subprocess.Popen(["true"])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    yield process.pid
    process.wait()


@pytest.fixture(scope="module")
def corpus(services, zombie):
    service.start()
    service.processes()
    return corpora.Corpus(services.shells)


@pytest.fixture
def process(corpus, services):
    """Finds what came out for a part of a service."""
    return lambda name: corpus.find(services.processes[name])


def mark_of(name):
    return f"{everyday.MARK}={name.partition(',')[0]}"


def was_started_with(process, entry):
    with open(f"/proc/{process.pid}/environ", "rb") as file:
        return entry.encode() in file.read()


def test_no_answer_is_wrong(corpus, capsys):
    with capsys.disabled():
        print("", *corpus.processes, "", sep="\n")

    assert [str(process) for process in corpus.among(corpora.DIFFERENT)] == []


def test_every_answer_was_compared(corpus):
    assert [str(process) for process in corpus.among(corpora.NOT_COMPARED)] == []


def is_reader(process):
    """Where it is statically linked, it has in it all the marks by which other programs are known, and is refused."""
    return process.name in ("pekeenv-reader", "pekeenv-zygote")


def test_none_of_them_is_refused(corpus):
    assert [str(process) for process in corpus.among(corpora.REFUSED) if not is_reader(process)] == []


def test_a_zombie_has_no_environment(corpus, zombie):
    assert corpus.find(zombie).verdict == corpora.NO_MEMORY


@pytest.mark.parametrize("name", PROCESSES)
def test_among_those_compared_was(process, name):
    assert process(name).verdict == corpora.SAME, process(name)


def test_the_service_itself_was_compared_too(corpus):
    main, _, _ = service.processes()
    _, names = service.zygotes(main)

    assert corpus.find(main).verdict == corpora.SAME
    assert corpus.find(names).verdict == corpora.SAME


@pytest.mark.parametrize("name", MARKED)
def test_what_its_unit_or_configuration_gave_it_is_there(process, name):
    assert process(name).has(mark_of(name))


@pytest.mark.parametrize("name", RETITLED)
def test_it_is_there_where_a_title_was_written_over_the_first_environment(process, name):
    assert not was_started_with(process(name), mark_of(name))
    assert process(name).has(mark_of(name))


@pytest.mark.parametrize("name", CHANGED)
def test_what_has_come_since_the_start_is_there(process, name):
    assert not was_started_with(process(name), everyday.ADDED)
    assert process(name).has(everyday.ADDED)


def test_what_a_script_of_php_changes_is_changed_until_it_ends(process):
    names = [{entry.partition(b"=")[0] for entry in process(name).environment}
             for name in ("php-fpm, a worker", "php-fpm, in a script")]

    assert names[0] - names[1] == {b"HOME"}
    assert names[1] - names[0] == {b"CORPUS_ADDED"}
