"""What a plan from a snapshot says of that, in words that every form of it uses."""

from collections.abc import Callable

from reconciler.core.model import Snapshot
from reconciler.core.snapshot import age_text
from reconciler.render.safe import visible


def from_snapshot(snapshot: Snapshot, show: Callable[[str], str] = visible) -> str:
    """What a plan was made from. `show`: how the form shows a text that came from a file."""
    age = age_text(snapshot.age)
    return f"from a snapshot of {show(snapshot.taken_at)}, {age} old: cannot be applied"


def doubt(snapshot: Snapshot) -> str:
    """Why such a plan may say what is true no more; nothing where the snapshot is not old."""
    return "What is live may well have changed since." if snapshot.is_old else ""
