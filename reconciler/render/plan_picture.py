"""A plan as a picture: what goes where.

On the left where files come from, on the right where they end: new above the buckets, deleted
below them, each bucket beside itself. Bands are as wide as their number of files, but never so
narrow that one delete beside 90,000 updates is not seen. What stays as it is has one width.

An SVG without scripts, links and fonts of others: readable in light and dark, and by a screen
reader by its title and description. The same plan makes the same bytes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from reconciler.core.plan import Plan
from reconciler.render.change_text import CREATE, DELETE, MOVE, UPDATE, Verb
from reconciler.render.flows import NEW, STAY, Band, Flows, Node, flows_of
from reconciler.render.html import element, escaped
from reconciler.render.page import counted
from reconciler.render.plan_words import doing
from reconciler.render.values import clipped

MOST_NODES = 12
"""More buckets are summed up."""

_SANS: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"
_MONO: Final = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
STYLE: Final = f"""
.plan text {{ font: 12px {_SANS}; fill: #1c2128 }}
.plan .name {{ font: 600 12.5px {_MONO} }}
.plan .dim {{ fill: #59636e }}
.plan .count {{ font-weight: 600; font-variant-numeric: tabular-nums }}
.plan .paper {{ fill: #ffffff }}
.plan .bar {{ fill: #6e7781 }}
.plan path {{ fill-opacity: .5 }}
.plan .create {{ fill: #1a7f37 }}
.plan .move {{ fill: #0a63c9 }}
.plan .update {{ fill: #8a5a00 }}
.plan path.update {{ fill: #d29922 }}
.plan .delete {{ fill: #c4222d }}
.plan .stay {{ fill: #59636e }}
.plan path.stay {{ fill: #8c959f; fill-opacity: .3 }}
@media (prefers-color-scheme: dark) {{
.plan text {{ fill: #e6eaf0 }}
.plan .dim, .plan text.stay, .plan tspan.stay {{ fill: #9aa5b1 }}
.plan .paper {{ fill: #10141a }}
.plan .bar {{ fill: #8b949e }}
.plan .create {{ fill: #4cc46a }}
.plan .move {{ fill: #6cb0ff }}
.plan .update, .plan path.update {{ fill: #dcae3b }}
.plan .delete {{ fill: #ff7f78 }}
}}
"""
"""Without variables, which not every viewer of pictures knows."""


@dataclass(frozen=True, slots=True)
class Frame:
    """How wide the picture is, in pixels, and its parts."""

    width: int
    side: int
    """What names have on each side."""
    name: int
    """The columns of a name."""
    legend: int
    """How many words of the legend stand in a line."""


WIDE: Final = Frame(width=880, side=226, name=26, legend=5)
NARROW: Final = Frame(width=340, side=112, name=13, legend=2)
"""For a phone."""

_EDGE = 14
_BAR = 6
_GAP = 20
_LINE = 16
_LABEL = 3 * _LINE
_BANDS = 260
"""Pixels that the bands of the fuller side take together, about."""
_ONE = 12
"""A single file is no wider."""
_LEAST = 4
_STAY = 8


def plan_svg(plan: Plan) -> str:
    """The picture as a file of its own; ends with a newline."""
    flows = flows_of(plan, MOST_NODES)
    return "".join(chain(_svg(plan, flows, WIDE, "plan", f"<style>{STYLE}</style>\n"), "\n"))


def drawing(plan: Plan, flows: Flows, frame: Frame, name: str) -> str:
    """The picture for a page that has `STYLE`. `name`: the page's own, for its ids."""
    return "".join(_svg(plan, flows, frame, name, ""))


def node_name(node: Node, room: int) -> str:
    """A bucket's name, visible, or what the rest is called."""
    if node.name is None:
        return f"{node.buckets:,} more buckets"
    return clipped(node.name, room)


def band_words(flows: Flows, band: Band, room: int) -> str:
    """What a band says: `2 files move from spots to archive`."""
    nodes = {at: node_name(node, room) for at, node in enumerate(flows.nodes)}
    files = counted(band.files, "file")
    s = "s" if band.files == 1 else ""
    match band.verb:
        case _ if band.verb is CREATE:
            return f"{counted(band.files, 'new file')} in {nodes[band.end]}"
        case _ if band.verb is MOVE:
            also = f", {band.updated:,} of them updated as well" if band.updated else ""
            return f"{files} move{s} from {nodes[band.start]} to {nodes[band.end]}{also}"
        case _ if band.verb is UPDATE:
            return f"{files} updated in {nodes[band.start]}"
        case _ if band.verb is DELETE:
            return f"{files} deleted from {nodes[band.start]}"
        case _:
            return f"{files} in {nodes[band.start]} stay{s} as {'it is' if s else 'they are'}"


def _svg(plan: Plan, flows: Flows, frame: Frame, name: str, style: str) -> Iterator[str]:
    layout = _Layout(flows, frame)
    legend = list(_legend(flows.bands, frame, layout.height))
    height = layout.height + _LINE * -(-len(legend) // frame.legend)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="plan" viewBox="0 0 {frame.width} {height}"'
        f' width="{frame.width}" height="{height}" role="img"'
        f' aria-labelledby="{name}-title {name}-desc">\n'
    )
    said = clipped(plan.catalog, 100)
    yield element("title", f"What the plan for {said} does with which files", id=f"{name}-title")
    words = [f"{doing(plan.summary)}."]
    words += [f"{band_words(flows, band, 60)}." for band in flows.bands]
    yield element("desc", " ".join(words), id=f"{name}-desc")
    yield f'\n{style}<rect class="paper" width="{frame.width}" height="{height}" rx="8"/>\n'
    yield from layout.drawn()
    yield from legend
    yield "</svg>"


class _Layout:
    """Where everything is: a row for new files, one for each node, and one for those deleted."""

    def __init__(self, flows: Flows, frame: Frame) -> None:
        self._flows = flows
        self._frame = frame
        moving = sum(band.files for band in flows.bands if band.verb is not STAY)
        self._scale = min(_ONE, _BANDS / max(1, moving))
        self._tops: dict[int, float] = {}
        top = float(_EDGE)
        for row in self._rows():
            self._tops[row] = top
            top += max(_LABEL, self._tall(row, left=True), self._tall(row, left=False)) + _GAP
        self.height = round(top)

    def drawn(self) -> Iterator[str]:
        """Bands, bars and labels."""
        yield from self._bands()
        for row in self._rows():
            yield from self._side(row, left=True)
            yield from self._side(row, left=False)

    def _rows(self) -> Iterator[int]:
        verbs = {band.verb for band in self._flows.bands}
        if CREATE in verbs:
            yield NEW
        yield from range(len(self._flows.nodes))
        if DELETE in verbs:
            yield self._flows.gone

    def _at(self, row: int, *, left: bool) -> Sequence[Band]:
        """The bands of one end of a row, from top to bottom."""
        mine = [band for band in self._flows.bands if (band.start if left else band.end) == row]
        return sorted(mine, key=lambda band: band.end if left else band.start)

    def _tall(self, row: int, *, left: bool) -> float:
        return sum(map(self._wide, self._at(row, left=left)))

    def _wide(self, band: Band) -> float:
        return _STAY if band.verb is STAY else max(_LEAST, band.files * self._scale)

    def _bands(self) -> Iterator[str]:
        starts = {id(band): y for row in self._rows() for band, y in self._stack(row, left=True)}
        ends = {id(band): y for row in self._rows() for band, y in self._stack(row, left=False)}
        x0, x1 = self._frame.side + _BAR, self._frame.width - self._frame.side - _BAR
        middle = (x0 + x1) / 2
        for band in self._flows.bands:
            wide, y0, y1 = self._wide(band), starts[id(band)], ends[id(band)]
            path = (
                f"M{x0} {_px(y0)}C{_px(middle)} {_px(y0)} {_px(middle)} {_px(y1)} {x1} {_px(y1)}"
                f"v{_px(wide)}C{_px(middle)} {_px(y1 + wide)} {_px(middle)} {_px(y0 + wide)}"
                f" {x0} {_px(y0 + wide)}z"
            )
            words = element("title", band_words(self._flows, band, 60))
            yield f'<path class="{band.verb.word}" d="{path}">{words}</path>\n'

    def _stack(self, row: int, *, left: bool) -> Iterator[tuple[Band, float]]:
        top = self._tops[row]
        for band in self._at(row, left=left):
            yield band, top
            top += self._wide(band)

    def _side(self, row: int, *, left: bool) -> Iterator[str]:
        if (row == NEW and not left) or (row == self._flows.gone and left):
            return
        frame, top = self._frame, self._tops[row]
        tall = max(self._tall(row, left=left), 2)
        bar = frame.side if left else frame.width - frame.side - _BAR
        yield f'<rect class="bar" x="{bar}" y="{_px(top)}" width="{_BAR}" height="{_px(tall)}"/>\n'
        x = bar - 10 if left else bar + _BAR + 10
        anchor = ' text-anchor="end"' if left else ""
        for line, (look, text) in enumerate(self._label(row, left=left)):
            y = _px(top + 10 + line * _LINE)
            yield f'<text class="{look}" x="{x}" y="{y}"{anchor}>{text}</text>\n'

    def _label(self, row: int, *, left: bool) -> Iterator[tuple[str, str]]:
        """The lines beside a bar: how they look, and what they say."""
        if row == NEW:
            yield "count", "New files"
        elif row == self._flows.gone:
            yield "count", "Deleted"
        else:
            node = self._flows.nodes[row]
            yield "name", escaped(node_name(node, self._frame.name))
            files = node.files if left else node.after
            yield "dim", f"{self._number(files)} file{'' if files == 1 else 's'}"
        # An update is told where it ends: it goes nowhere.
        told = [
            band
            for band in self._at(row, left=left)
            if band.verb is not STAY and not (left and band.verb is UPDATE)
        ]
        totals = _totals(told)
        if totals:
            yield (
                "count",
                " ".join(
                    element("tspan", f"{verb.typeset} {self._number(count)}", class_=verb.word)
                    for verb, count in totals.items()
                ),
            )

    def _number(self, count: int) -> str:
        return f"{count:,}" if self._frame is WIDE else _short(count)


def _legend(bands: Sequence[Band], frame: Frame, top: int) -> Iterator[str]:
    """Every kind of band that there is: its sign, its word, and how many files."""
    step = (frame.width - 2 * _EDGE) / frame.legend
    for at, (verb, count) in enumerate(_totals(bands).items()):
        x = _px(_EDGE + step * (at % frame.legend))
        y = top + _LINE * (at // frame.legend)
        also = sum(band.updated for band in bands) if verb is MOVE else 0
        words = "stay as they are" if verb is STAY else f"to {verb.word}"
        words += f" ({also:,} updated)" if also else ""
        sign = element("tspan", verb.typeset, class_=f"count {verb.word}")
        yield f'<text x="{x}" y="{y}">{sign} {count:,} {words}</text>\n'


def _totals(bands: Sequence[Band]) -> Mapping[Verb, int]:
    """The files of each kind that there is, in the order of the verbs."""
    kinds = (CREATE, MOVE, UPDATE, DELETE, STAY)
    totals = {kind: sum(band.files for band in bands if band.verb is kind) for kind in kinds}
    return {kind: count for kind, count in totals.items() if count}


def _short(count: int) -> str:
    """A number in at most four characters, for where there is little room: `1.2k`, `90k`."""
    for size, unit in ((1_000_000, "M"), (1000, "k")):
        if count >= size:
            return f"{count / size:.1f}{unit}" if count < 9.95 * size else f"{count // size}{unit}"
    return str(count)


def _px(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
