"""What a pull takes and leaves, in lines."""

from collections.abc import Iterator, Sequence, Sized

from reconciler.core.model import Entry
from reconciler.core.pull import Left, Taken
from reconciler.render.page import counted


def taken_lines(taken: Sequence[Taken], out: Sequence[Entry]) -> Iterator[str]:
    """A line for each entry that changes."""
    for one in taken:
        fields = [f"{name} (removed)" if name in one.removed else name for name in one.fields]
        yield f"{one.entry.key}: {', '.join(fields)}"
    for entry in out:
        yield f"{entry.key}: taken out, since its file is gone"


def left_line(left: Left) -> str:
    """What was not taken, and what to do about it."""
    return f"{left.key}: {left.why} ({left.what_to_do})"


def summary(taken: Sized, out: Sized, left: Sized, files: Sized, *, dry_run: bool) -> str:
    """The numbers."""
    entries = f"{len(taken):,} {'entry' if len(taken) == 1 else 'entries'} changed"
    written = f"{counted(len(files), 'file')} {'would be written' if dry_run else 'written'}"
    return f"{entries}, {len(out):,} taken out, {len(left):,} left; {written}"
