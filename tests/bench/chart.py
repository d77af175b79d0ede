# SPDX-License-Identifier: LGPL-2.1-or-later

"""A line chart as an SVG file, to be read on light and on dark pages."""

import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 84, 40, 64, 62

STYLE = """
.page { fill: #ffffff; stroke: #d0d7de; }
text { fill: #1f2328; font: 13px system-ui, sans-serif; }
.title { font-size: 16px; font-weight: 600; }
.tick { fill: #59636e; font-size: 12px; }
.grid { stroke: #d8dee4; }
.axis { stroke: #59636e; }
.line { fill: none; stroke-width: 2; }
.s0 { stroke: #0969da; } .f0 { fill: #0969da; }
.s1 { stroke: #bc4c00; stroke-dasharray: 6 4; } .f1 { fill: #bc4c00; }
@media (prefers-color-scheme: dark) {
  .page { fill: #0d1117; stroke: #3d444d; }
  text { fill: #f0f6fc; }
  .tick { fill: #9198a1; }
  .grid { stroke: #262c36; }
  .axis { stroke: #9198a1; }
  .s0 { stroke: #4493f8; } .f0 { fill: #4493f8; }
  .s1 { stroke: #f0883e; } .f1 { fill: #f0883e; }
}
"""


def decades(low, high):
    return [10.0**e for e in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]


def steps(high):
    """About five round numbers from 0 on, the last of them not below high."""
    size = 10.0 ** math.floor(math.log10(high / 5))
    size = next(size * factor for factor in (1, 2, 5, 10) if size * factor * 5 >= high)
    return [i * size for i in range(math.ceil(high / size) + 1)]


def number(value):
    return f'{value:,.0f}' if value >= 1 or value == 0 else f'{value:g}'


class Axis:
    def __init__(self, values, logarithmic, start, end):
        self.ticks = decades(min(values), max(values)) if logarithmic else steps(max(values))
        self.scale = math.log10 if logarithmic else float
        self.start, self.end = start, end

    def place(self, value):
        low, high = self.scale(self.ticks[0]), self.scale(self.ticks[-1])
        return self.start + (self.scale(value) - low) / (high - low) * (self.end - self.start)


def line(css, x1, y1, x2, y2):
    return f'<line class="{css}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def text(css, x, y, anchor, content, more=''):
    return f'<text class="{css}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{escape(content)}</text>'


def draw_axes(x, y, x_label, y_label):
    for tick in x.ticks:
        yield line('grid', x.place(tick), TOP, x.place(tick), HEIGHT - BOTTOM)
        yield text('tick', x.place(tick), HEIGHT - BOTTOM + 18, 'middle', number(tick))
    for tick in y.ticks:
        yield line('grid', LEFT, y.place(tick), WIDTH - RIGHT, y.place(tick))
        yield text('tick', LEFT - 8, y.place(tick) + 4, 'end', number(tick))

    yield line('axis', LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM)
    yield line('axis', LEFT, TOP, LEFT, HEIGHT - BOTTOM)
    yield text('label', (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 18, 'middle', x_label)
    middle = (TOP + HEIGHT - BOTTOM) / 2
    yield text('label', 20, middle, 'middle', y_label, f' transform="rotate(-90 20 {middle:.1f})"')


def draw_series(i, name, points, x, y):
    places = [(x.place(a), y.place(b)) for a, b in points]
    yield f'<polyline class="line s{i}" points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in places)}"/>'
    for a, b in places:
        yield f'<circle class="f{i}" cx="{a:.1f}" cy="{b:.1f}" r="3.5"/>'

    top = TOP + 18 + 20 * i
    yield line(f'line s{i}', LEFT + 14, top - 4, LEFT + 44, top - 4)
    yield text('label', LEFT + 52, top, 'start', name)


def chart(title, x_label, y_label, series, logarithmic):
    """series: {name: [(x, y), …]}, two at most."""
    points = [p for s in series.values() for p in s]
    x = Axis([p[0] for p in points], logarithmic, LEFT, WIDTH - RIGHT)
    y = Axis([p[1] for p in points], logarithmic, HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"',
        f'     role="img" aria-label="{escape(title)}">',
        f'<style>{STYLE}</style>',
        f'<rect class="page" x="0.5" y="0.5" width="{WIDTH - 1}" height="{HEIGHT - 1}" rx="8"/>',
        text('title', LEFT, 36, 'start', title),
        *draw_axes(x, y, x_label, y_label),
    ]
    for i, (name, its_points) in enumerate(series.items()):
        parts += draw_series(i, name, its_points, x, y)

    return '\n'.join(parts) + '\n</svg>\n'
