"""Small changes, and whole runs of them on a ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.core.content import Content
from reconciler.core.model import FileId, Key, Place, SourceKind
from reconciler.core.outcome import Applied, Failed, Outcome, Stale, Unknown
from reconciler.core.plan import Create, Delete, Move, PlannedSource, Update
from reconciler.ledger import Ledger
from tests.apply.fake_clock import FakeClock

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.core.plan import Change

PLACE = Place("catalog.yaml", 7, 3)
T1, T2 = Content("One", {"x": 1}), Content("Two", {"x": 2})
DONE = Applied(FileId(7), "acr7")


def create(key: str = "a", **fields: Any) -> Create:
    source = PlannedSource(SourceKind.AUDIO, "sha256:0123456789abcdef")
    return Create(Key(key), "spots", 1, T1, source, "missing", PLACE, **fields)


def update(file_id: int = 7, key: str = "a", after: Content = T2) -> Update:
    names = ("title", "user_defined.x")
    return Update(Key(key), FileId(file_id), "acr7", "spots", 1, T1, after, names, "drifted", PLACE)


def move(file_id: int = 7, key: str = "a") -> Move:
    return Move(Key(key), FileId(file_id), "acr7", "spots", 1, "archive", 2, T1, "misplaced", PLACE)


def delete(file_id: int = 7, key: str | None = "a", **fields: Any) -> Delete:
    named = None if key is None else Key(key)
    return Delete(named, FileId(file_id), "acr7", "spots", 1, T1, "orphaned", **fields)


def run(
    path: Path,
    *ends: tuple[Change, Outcome | None],
    clock: FakeClock | None = None,
    name: str = "run-1",
    catalog: str = "radio",
    converged: bool = True,
    **about: Any,
) -> None:
    """One run: all changes begin, and those with an outcome end. `about`: what its beginning says
    beside the catalogue."""
    with Ledger(path, clock or FakeClock(), name) as ledger:
        ledger.run_began({"catalog": {"name": catalog}, **about})
        for change, outcome in ends:
            ledger.began([change])
            if outcome is not None:
                ledger.ended([(change, outcome)])
        ledger.run_ended({"converged": converged})


def twenty_records(path: Path, names: tuple[str, str] = ("run-1", "run-2")) -> bytes:
    """The ledger of two runs with changes of every kind, which ended in every way."""
    run(path, (create(), DONE), (update(), Failed("422")), (move(), Stale("gone", T2)),
        (delete(), DONE), name=names[0])  # fmt: skip
    run(path, *[(create(f"k{n}"), Unknown("lost")) for n in range(1, 5)], name=names[1])
    data = path.read_bytes()
    assert data.count(b"\n") == 20
    return data
