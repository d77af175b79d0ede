#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Measures the service on a bus of its own, which tests/system/run makes: load.py BUILD [--full]

Prints tables in Markdown."""

import argparse
import os
import pathlib
import shlex
import shutil
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'system'))

import bus  # noqa: E402
import polkit  # noqa: E402
import service  # noqa: E402
import target  # noqa: E402
import users  # noqa: E402
from figures import Time, parse, run, say, spread, table, thirty, verdict  # noqa: E402

DIRECTORY = pathlib.Path(os.environ['PEKEENV_TEST_DIR'])
CALLERS = ('caller-1', 'caller-2', 'caller-3', 'caller-4')

CLIENTS = {1: 400, 8: 600, 64: 1000, 512: 2000}  # and for how many milliseconds they call in a round
ROUNDS = 3
MANY = 10**7  # calls: as many as there is time for

POLICY = """<busconfig>
  <policy user="pekeenv"><allow own="org.pekeenv.Bench"/></policy>
  <policy context="default"><allow send_destination="org.pekeenv.Bench"/></policy>
</busconfig>
"""
RULE = 'action.lookup("method") == "GetEnvironment" && /^caller-/.test(subject.user)'

# The queue of the journal's socket is as long as systemd makes it, which is a setting of the network namespace.
JOURNAL = """
import os, socket
with open("/proc/sys/net/unix/max_dgram_qlen", "w") as file:
    file.write("512")
journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
journal.bind("/run/systemd/journal/socket")
os.chmod("/run/systemd/journal/socket", 0o666)
print("READY", flush=True)
entry = bytearray(65536)
while True:
    journal.recv_into(entry)
"""

# What is measured: (service, method, of whose process, the method that it is compared with, the goal)
METHODS = {
    '`Empty`': ('Bench', 'Empty', 'own', None, None),
    '`Credentials`': ('Bench', 'Credentials', 'own', None, None),
    '`Process`': ('Bench', 'Process', 'own', None, None),
    '**own process**': ('Inspector', 'GetEnvironment', 'own', '`Credentials`', 1.5),
    '`Authorize`': ('Bench', 'Authorize', 'stranger', None, None),
    '**stranger’s process**': ('Inspector', 'GetEnvironment', 'stranger', '`Authorize`', 1.15),
}

# And how often each is executed in a round.
COMMANDS = {
    'cat /proc/PID/environ': 200,
    'pekeenv get PID': 200,
    'ps eww -p PID': 100,
    'gdb -q -batch -p PID -ex "print ((char **) environ)[0]@30"': 5,
}


class Stage:
    """The users and programs that are needed."""

    def __init__(self, build):
        self.build = build
        self.started = []
        for program in ('bench/bench-calls', 'bench/bench-service', 'bench/bench-spawn', 'targets/copy-pie'):
            shutil.copy(build / 'tests' / program, DIRECTORY)  # where everybody may execute it

        self.start(['unshare', '--net', sys.executable, '-c', JOURNAL])
        self.subjects = {'own': [], 'stranger': []}
        self.processes = [self.start_target(name) for name in CALLERS]
        for i, name in enumerate(CALLERS):
            self.subjects['own'].append(f'{name}:{self.processes[i].pid}')
            self.subjects['stranger'].append(f'{name}:{self.processes[i - 1].pid}')

        pathlib.Path('/etc/dbus-1/system.d/org.pekeenv.Bench.conf').write_text(POLICY)
        bus.call_bus('ReloadConfig', signature='')
        with bus.watch_owners() as watch:
            self.start([DIRECTORY / 'bench-service', service.READER], user=users.User('pekeenv'), greeting=None)
            watch.wait_for_owner('org.pekeenv.Bench', present=True)
        bystander = self.start_target('bob')
        bystander.uid = users.User('bob').uid
        polkit.Rules(bystander).allow(RULE)

    def start(self, command, user=None, greeting='READY', **options):
        start = user.start if user else subprocess.Popen
        process = start(
            [str(c) for c in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options
        )
        self.started.append(process)
        if greeting and process.stdout.readline() != greeting + '\n':
            sys.exit(f'{command[0]} does not start')
        return process

    def start_target(self, name):
        if name in CALLERS:
            run('useradd', '--no-create-home', '--user-group', name)
        return self.start([DIRECTORY / 'copy-pie', 'set', 'VARIABLE_30', 'set'], users.User(name), env=thirty())

    def end(self):
        for process in self.started:
            process.kill()
            process.wait()

    def command(self, name, clients, calls=MANY, milliseconds=600000, subjects=None):
        to, method, whose, _, _ = METHODS[name]
        return [DIRECTORY / 'bench-calls', to, method, clients, calls, milliseconds, *(subjects or self.subjects[whose])]

    def call(self, *arguments, **named):
        result = parse(run(*self.command(*arguments, **named)))
        if result['failed'] > 0:
            sys.exit(f'{result["failed"]} of {result["calls"]} calls have failed')
        return result


def milliseconds(nanoseconds):
    return f'{nanoseconds / 1e6:,.2f} ms'


#
# Clients
#


def measure_clients(stage):
    """For each number of clients and each method: the results of the rounds."""
    results = {}
    for clients, duration in CLIENTS.items():
        results[clients] = {name: [] for name in METHODS}
        for n in range(ROUNDS):
            for name in METHODS:
                say(f'{clients} clients, round {n + 1}: {name}')
                results[clients][name].append(stage.call(name, clients, milliseconds=duration))
    return results


def goal_of(rounds, name):
    _, _, _, baseline, goal = METHODS[name]
    if not baseline:
        return ''
    ratios = [mine['call'].median / other['call'].median for mine, other in zip(rounds[name], rounds[baseline])]
    return f'{spread(ratios, 2)} {baseline}; goal ≤ {goal} × ({verdict(statistics.median(ratios) <= goal)})'


def row_of_clients(clients, rounds, name):
    def middle(of):
        return statistics.median(of(r) for r in rounds[name])

    return [
        str(clients),
        name,
        f'{middle(lambda r: r["calls"] / r["nanoseconds"] * 1e9):,.0f}',
        milliseconds(middle(lambda r: r['call'].median)),
        milliseconds(middle(lambda r: r['call'].p99)),
        goal_of(rounds, name),
    ]


def table_of_clients(results):
    return table(
        ['clients', '', 'calls per second', 'p50', 'p99', 'p50 to p50, median of rounds (range)'],
        [row_of_clients(clients, rounds, name) for clients, rounds in results.items() for name in METHODS],
    )


#
# Commands
#


def measure_commands(stage):
    """Whole commands, from start to end, of a user about a process of his own, in turns."""
    results = {command: [] for command in COMMANDS if shutil.which(command.split()[0])}
    for n in range(ROUNDS):
        for command in results:
            say(f'commands, round {n + 1}: {command}')
            words = shlex.split(command.replace('PID', str(stage.processes[0].pid)))
            spawn = [f'{DIRECTORY}/bench-spawn', str(COMMANDS[command]), *words]
            results[command].append(parse(users.User(CALLERS[0]).run(spawn, check=True).stdout)['spawn'])
    return results


def table_of_commands(results):
    return table(
        ['the whole command, by the user whose process it is', 'median', 'p99'],
        [
            [f'`{command}`', *(milliseconds(statistics.median(times)) for times in zip(*rounds))]
            for command, rounds in results.items()
        ],
    )


#
# Start, memory, and who is in whose way
#


def measure_start(stage):
    times = []
    for _ in range(21):
        service.stop()
        times.append(stage.call('**own process**', 1, calls=1)['call'].median)
    times.sort()
    return Time(times[10], times[-1])


def memory_of(pid):
    with open(f'/proc/{pid}/smaps_rollup') as file:
        fields = {words[0][:-1]: int(words[1]) for words in map(str.split, file) if words[-1] == 'kB'}
    return fields


def measure_memory():
    """Of the service when it is idle: KiB. After a second it gives back what it does not need."""
    time.sleep(2)
    main, zygote, readers = service.processes()
    _, names = service.zygotes(main)
    all_of_it = [memory_of(pid) for pid in (main, zygote, *readers, names, *service.children(names))]
    return {
        'main': main,
        'readers': len(readers),
        'rss': all_of_it[0]['Rss'],
        'most': int(target.status(main, 'VmHWM').split()[0]),
        'pss': sum(m['Pss'] for m in all_of_it),
        'private': sum(m['Private_Clean'] + m['Private_Dirty'] for m in all_of_it),
        'descriptors': len(os.listdir(f'/proc/{main}/fd')),
    }


def measure_growth(stage, count):
    service.stop()
    stage.call('**own process**', 64, calls=900)
    stage.call('**stranger’s process**', 64, calls=100)
    before = measure_memory()
    say(f'{count} requests')
    stage.call('**own process**', 64, calls=count - count // 20)
    stage.call('**stranger’s process**', 64, calls=count // 20)
    after = measure_memory()
    if before['main'] != after['main']:
        sys.exit('the service has been started anew')
    return before, after


def measure_neighbour(stage):
    """One user's calls, alone and while another one makes as many as may be under way, and more."""
    subjects = stage.subjects['own']
    results = {'nobody': stage.call('**own process**', 1, milliseconds=2000, subjects=subjects[:1])}
    for what in ('**own process**', '**stranger’s process**'):
        flooding = stage.subjects[METHODS[what][2]][2:3]
        flood = stage.start(stage.command(what, 250, subjects=flooding), greeting='connected')
        results[what] = stage.call('**own process**', 1, milliseconds=2000, subjects=subjects[:1])
        flood.kill()
    return results


def table_of_costs(start, before, after, count, neighbour):
    def kib(n):
        return f'{n:,} KiB'

    def waits(name):
        return f'{milliseconds(neighbour[name]["call"].median)} ({milliseconds(neighbour[name]["call"].p99)})'

    longer = max(neighbour[name]['call'].p99 for name in neighbour) - neighbour['nobody']['call'].p99
    rss, pss = (max(before[key], after[key]) for key in ('rss', 'pss'))
    return table(
        ['', '', 'goal'],
        [
            [
                'from a call to the answer if the bus has to start the service: median of 21 (the longest)',
                f'{milliseconds(start.median)} ({milliseconds(start.p99)})',
                f'≤ 50 ms ({verdict(start.median <= 50e6)})',
            ],
            [
                f'resident memory of the process on the bus when idle, after 1,000 requests and after {count:,} more',
                f'{kib(before["rss"])}, {kib(after["rss"])}',
                f'≤ 4,096 KiB ({verdict(rss <= 4096)})',
            ],
            ['the most it ever was, with 64 requests at a time', kib(after['most']), ''],
            [
                f'PSS of the whole service when idle, {after["readers"]} readers that wait among it; at these times',
                f'{kib(before["pss"])}, {kib(after["pss"])}',
                f'≤ 2,048 KiB ({verdict(pss <= 2048)})',
            ],
            [
                'of it shared with nobody',
                f'{kib(before["private"])}, {kib(after["private"])}',
                '',
            ],
            [
                'descriptors of the process on the bus',
                f'{before["descriptors"]}, {after["descriptors"]}',
                f'flat ({verdict(after["descriptors"] <= before["descriptors"])})',
            ],
            ['one user’s calls, one after the other: p50 (p99)', waits('nobody'), ''],
            [
                'the same while 250 clients of another user call for their own process',
                waits('**own process**'),
                '',
            ],
            [
                'the same while 250 clients of another user call for a stranger’s process',
                waits('**stranger’s process**'),
                f'p99 ≤ 100 ms longer ({verdict(longer <= 100e6)})',
            ],
        ],
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('build', type=pathlib.Path, help='directory of the build')
    parser.add_argument('--full', action='store_true', help='make 100,000 requests between the looks at memory')
    arguments = parser.parse_args()

    stage = Stage(arguments.build)
    count = 100000 if arguments.full else 10000
    try:
        for name in METHODS:
            stage.call(name, 1, calls=20)
        clients = table_of_clients(measure_clients(stage))
        commands = table_of_commands(measure_commands(stage))
        costs = table_of_costs(measure_start(stage), *measure_growth(stage, count), count, measure_neighbour(stage))
    finally:
        stage.end()

    print(clients, commands, costs, sep='\n\n')


if __name__ == '__main__':
    main()
