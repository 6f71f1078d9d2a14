"""A plot as SVG: panels side by side, both axes logarithmic, each line named where it ends.

It is drawn on nothing: the page shows through, and the text follows the reader's light or dark.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT = 450, 330
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 140, 44, 46
_BETWEEN_NAMES = 16
_COLORS = ("#3b82f6", "#c8641b", "#2a9d63", "#9a62d4")
"""Each is seen on white and on black alike."""
_STYLE = """\
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-size: 14px; font-weight: 600 }
.grid { stroke: #8c959f; stroke-opacity: .35 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } }"""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a panel: how much, against how many, both above zero."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Panel:
    """One of the plots, with a point at least."""

    title: str
    unit: str
    along: str
    """What is counted along the x axis."""
    lines: Sequence[Line]


def drawn(title: str, panels: Sequence[Panel]) -> str:
    """The whole picture. The nth line of every panel has the same colour."""
    width = _WIDTH * len(panels)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_HEIGHT}" '
        f'width="{width}" height="{_HEIGHT}" role="img" aria-label="{escape(title)}">',
        f"<title>{escape(title)}</title>",
        f"<style>\n{_STYLE}\n</style>",
    ]
    for number, panel in enumerate(panels):
        parts += [f'<g transform="translate({number * _WIDTH} 0)">', *_panel(panel), "</g>"]
    return "\n".join([*parts, "</svg>"]) + "\n"


@dataclass(frozen=True, slots=True)
class _Axis:
    """Whole decades, from one end of the picture to the other."""

    first: int
    last: int
    start: float
    end: float

    def place(self, value: float) -> float:
        """Where the value stands."""
        share = (math.log10(value) - self.first) / (self.last - self.first)
        return self.start + share * (self.end - self.start)

    def decades(self) -> Sequence[float]:
        """The values that have a line of the grid."""
        return [10.0**power for power in range(self.first, self.last + 1)]


def _axis(values: Sequence[float], start: float, end: float) -> _Axis:
    first = math.floor(math.log10(min(values)))
    last = math.ceil(math.log10(max(values)))
    return _Axis(first, max(last, first + 1), start, end)


def _panel(panel: Panel) -> Iterator[str]:
    points = [point for line in panel.lines for point in line.points]
    across = _axis([count for count, _ in points], _LEFT, _WIDTH - _RIGHT)
    up = _axis([value for _, value in points], _HEIGHT - _BOTTOM, _TOP)
    yield f'<text class="title" x="{_LEFT}" y="22">{escape(panel.title)}</text>'
    for count in across.decades():
        x = across.place(count)
        yield f'<path class="grid" d="M{x:.1f} {up.start}V{up.end}"/>'
        yield (
            f'<text x="{x:.1f}" y="{up.start + 18}" text-anchor="middle">{escape(_told(count))}'
            "</text>"
        )
    for value in up.decades():
        y = up.place(value)
        yield f'<path class="grid" d="M{across.start} {y:.1f}H{across.end}"/>'
        yield (
            f'<text x="{across.start - 8}" y="{y + 4:.1f}" text-anchor="end">'
            f"{escape(_told(value))}</text>"
        )
    middle = (across.start + across.end) / 2
    yield (
        f'<text x="{middle}" y="{up.start + 38}" text-anchor="middle">{escape(panel.along)}</text>'
    )
    ends = [line.points[-1] for line in panel.lines]
    places = _apart([(across.place(count), up.place(value)) for count, value in ends])
    for line, color, place in zip(panel.lines, _COLORS, places, strict=False):
        yield from _line(line, color, across, up)
        count, value = line.points[-1]
        named = f"{line.name}, {_told(value)} {panel.unit}"
        yield (
            f'<text x="{across.place(count) + 9:.1f}" y="{place + 4:.1f}" style="fill: {color}">'
            f"{escape(named)}</text>"
        )


def _line(line: Line, color: str, across: _Axis, up: _Axis) -> Iterator[str]:
    places = [(across.place(count), up.place(value)) for count, value in line.points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    yield f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>'
    for (x, y), (count, value) in zip(places, line.points, strict=True):
        yield (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{color}">'
            f"<title>{escape(line.name)}, {_told(count)}: {_told(value)}</title></circle>"
        )


def _apart(ends: Sequence[tuple[float, float]]) -> Sequence[float]:
    """How high the names stand of lines that end there: moved down so far that none is on
    another."""
    moved = [y for _, y in ends]
    lowest: dict[float, float] = {}
    for number, (x, y) in sorted(enumerate(ends), key=lambda one: one[1]):
        moved[number] = lowest[x] = max(y, lowest.get(x, -math.inf) + _BETWEEN_NAMES)
    return moved


def _told(value: float) -> str:
    """With two figures that count, and thousands marked."""
    if value >= 10:
        return f"{value:,.0f}"
    return f"{value:.2g}"
