"""A drift in Markdown, for an issue. It always fits, and says how much it left out."""

from collections import Counter

from reconciler.core.drift import Drift, DriftItem
from reconciler.render.markdown import code, message
from reconciler.render.page import counted

LIMIT = 65_536
"""An issue on GitHub is shorter, by characters; here by bytes, which nobody counts as fewer."""
_KEY = 128
_TITLE = 60


def drift_markdown(drift: Drift, *, limit: int = LIMIT) -> str:
    """The drift in less than `limit` bytes of UTF-8; ends with a newline."""
    most = len(drift.items)
    while len((text := _text(drift, most)).encode()) >= limit and most:
        most //= 2
    return text


def _text(drift: Drift, most: int) -> str:
    counts = Counter(item.direction for item in drift.items)
    said = ", ".join(f"{count:,} {direction}" for direction, count in sorted(counts.items()))
    lines = [f"**{said or 'No drift'}**; {drift.in_sync:,} of {drift.entries:,} entries in sync\n"]
    lines += [_line(item) for item in drift.items[:most]]
    if most < len(drift.items):
        lines.append(f"\n… and {counted(len(drift.items) - most, 'more item')}\n")
    return "\n".join(lines[:1]) + "\n" + "".join(lines[1:])


def _line(item: DriftItem) -> str:
    key = "" if item.key is None else f" {code(item.key, _KEY)}"
    title = "" if item.title is None else f" {code(item.title, _TITLE)}"
    bucket = "" if item.bucket is None else f" in {code(item.bucket, _KEY)}"
    return f"- {item.direction}{key}{title}{bucket}: {message(item.message)}\n"
