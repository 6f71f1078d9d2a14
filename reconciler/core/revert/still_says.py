"""Whether the catalogue's next plan would do again what was taken back, and what to do about it."""

from collections.abc import Mapping, Sequence

from reconciler.core.model import DesiredState, Entry, Key, Mode
from reconciler.core.normal import same
from reconciler.core.plan import Note

_MOST_NAMED = 10


def says_otherwise(
    desired: DesiredState,
    entry: Entry | None,
    back: Entry,
    taken: Sequence[str | None],
    *,
    moved: bool,
) -> bool:
    """Whether the catalogue has the entry otherwise than it is taken back to. `taken`: the names
    of the `user_defined` values that are taken back, None for the title; `moved`: the bucket is."""
    if entry is None:
        return False
    if (moved and entry.bucket != back.bucket) or (None in taken and entry.title != back.title):
        return True
    if back.source is not None and (
        entry.source is None or entry.source.digest != back.source.digest
    ):
        return True
    says, was = entry.user_defined, back.user_defined or {}
    is_merge, compare = desired.rules.mode is Mode.MERGE, desired.rules.compare
    return says is not None and any(
        not same(says.get(name), was.get(name), compare)
        for name in taken
        if name is not None and not (is_merge and name not in says)
    )


def is_pulled(desired: DesiredState, back: Entry) -> bool:
    """Whether `reconciler pull` writes the entry into the catalogue, once it is taken back. It
    makes no entry, and leaves sources as they are."""
    entry = desired.entries.get(back.key)
    if entry is None:
        return False
    digests = [one.source.digest for one in (entry, back) if one.source is not None]
    return len(set(digests)) < 2


def again(keys: Mapping[Key, bool], commit: str | None) -> Note:
    """That the catalogue must be changed, too. `keys`: each with whether it is pulled; `commit`:
    what the run was made from, where its catalogue was as committed."""
    pulled = sorted(key for key, is_pulled in keys.items() if is_pulled)
    others = sorted(keys.keys() - pulled)
    by_hand = [f"{_named(others)} by hand"] if others else []
    by_pull = (
        f"after the apply `reconciler pull {' '.join(pulled[:_MOST_NAMED])}`, which writes into "
        "the catalogue what is live"
    )
    ways = "; ".join([*([by_pull] if pulled else []), *by_hand])
    by_commit = "" if commit is None else f"`git revert {commit[:40]}`, or "
    return Note(
        "catalogue",
        f"it still says what the run did to {_named(sorted(keys))}, so that its next plan would "
        f"do that again. Take it back there too: {by_commit}{ways}",
    )


def _named(keys: Sequence[Key]) -> str:
    more = f" and {len(keys) - _MOST_NAMED:,} more" if len(keys) > _MOST_NAMED else ""
    return f"{', '.join(keys[:_MOST_NAMED])}{more}"
