r"""Series in Prometheus' text format, as the textfile collector of its node exporter reads it, and
back: what a run adds to was written by the run before.

    # HELP reconciler_drift_items Items of drift that were last found.
    # TYPE reconciler_drift_items gauge
    reconciler_drift_items{catalog="ads",bucket="spots",direction="duplicate"} 0

In the value of a label `\`, `"` and a newline are escaped. Only what is written here is read back,
and not all that the format allows.
"""

import math
import re
from collections.abc import Iterator
from typing import Final

from reconciler.core.metrics import FAMILIES, Labels, Series

_ESCAPES: Final = {"\\": r"\\", '"': r"\"", "\n": r"\n"}
_MEANT: Final = {escape[1]: char for char, escape in _ESCAPES.items()}
_LABEL: Final = re.compile(r'([a-z_]+)="((?:[^"\\\n]|\\[\\"n])*+)"')
_SAMPLE: Final = re.compile(
    rf"(?P<name>[a-z_]+)\{{(?P<labels>{_LABEL.pattern}(?:,{_LABEL.pattern})*)\}} "
    r"(?P<count>-?[0-9]+(?:\.[0-9]+)?)"
)
_OURS: Final = "reconciler_"


class NotOursError(Exception):
    """Why a text holds no series of ours: what goes on after its name."""


def exposition(series: Series) -> Iterator[str]:
    """The lines, each family's together, its help and its type once before them."""
    for family in FAMILIES.values():
        lines = [
            f"{name}{{{_told(labels)}}} {_number(count)}\n"
            for (name, labels), count in sorted(series.items())
            if name == family.name
        ]
        if lines:
            yield f"# HELP {family.name} {family.help}\n# TYPE {family.name} {family.kind}\n"
            yield from lines


def series_in(text: str) -> Series:
    """The series of a text that `exposition` wrote; those of families that are no more are left
    out. Raises `NotOursError`."""
    if text and not text.endswith("\n"):
        raise NotOursError("its last line has no end")
    found: dict[tuple[str, Labels], float] = {}
    for number, line in enumerate(text.split("\n")[:-1], 1):
        if line.startswith((f"# HELP {_OURS}", f"# TYPE {_OURS}")):
            continue
        sample = _SAMPLE.fullmatch(line)
        if sample is None or not sample["name"].startswith(_OURS):
            raise NotOursError(f"line {number} is none of ours")
        family = FAMILIES.get(sample["name"])
        if family is not None:
            labels, count = tuple(_labels(sample["labels"])), float(sample["count"])
            if tuple(name for name, _ in labels) != family.labels or not math.isfinite(count):
                raise NotOursError(f"line {number} is none of ours")
            found[family.name, labels] = count
    return found


def _labels(text: str) -> Iterator[tuple[str, str]]:
    for label in _LABEL.finditer(text):
        yield label[1], re.sub(r"\\(.)", lambda escape: _MEANT[escape[1]], label[2])


def _told(labels: Labels) -> str:
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in labels)


def _escaped(value: str) -> str:
    return "".join(_ESCAPES.get(char, char) for char in value)


def _number(count: float) -> str:
    """Without an exponent."""
    return str(int(count)) if count == int(count) else f"{count:.3f}"
