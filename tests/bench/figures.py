# SPDX-License-Identifier: LGPL-2.1-or-later

"""What the benchmark programs say, and how the page shows it."""

import collections
import statistics
import subprocess
import sys

Time = collections.namedtuple('Time', 'median p99')  # nanoseconds


def thirty():
    entries = {f'VARIABLE_{i}': f'/usr/local/share/some/value/of/a/usual/length/{i}' for i in range(2, 31)}
    return entries | {'LC_ALL': 'C.UTF-8'}


def say(what):
    print(what, file=sys.stderr, flush=True)


def run(*command, **options):
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, text=True, **options)
    if done.returncode != 0:
        sys.exit(f'{command[0]} failed: {" ".join(str(c) for c in command)}')
    return done.stdout


def parse(output):
    """Lines of a name and one number, or of a name and two: a time."""
    result = {}
    for words in map(str.split, output.splitlines()):
        if len(words) == 3:
            result[words[0]] = Time(int(words[1]), int(words[2]))
        elif len(words) == 2:
            result[words[0]] = int(words[1])
    return result


def spread(ratios, digits=1):
    low, middle, high = (f'{x:.{digits}f}' for x in (min(ratios), statistics.median(ratios), max(ratios)))
    return f'{middle} × ({low} – {high})'


def verdict(good):
    return 'met' if good else 'missed'


def table(head, rows):
    lines = ['| ' + ' | '.join(head) + ' |', '|' + '---|' * len(head)]
    return '\n'.join(lines + ['| ' + ' | '.join(row) + ' |' for row in rows])
