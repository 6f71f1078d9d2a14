"""What a ledger needs of the place where it is kept."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeAlias, assert_never

from reconciler.core.model import Json
from reconciler.core.ports import Clock
from reconciler.ledger.chain import Anchor, Record
from reconciler.ledger.places import Branch, Place

Note: TypeAlias = Callable[[Record], None]
"""What is done with each record of others, those that were there first, in their order."""


class Store(Protocol):
    """A ledger that is open for more records. One thread at a time appends."""

    @property
    def end(self) -> Anchor:
        """The last record that is known to be kept."""
        ...

    def gather(self) -> None:
        """Wait for more records to come, where keeping them takes long. Called before each
        `append`, whose records are still open then."""
        ...

    def append(self, records: Sequence[Mapping[str, Json]]) -> None:
        """Chain the records to the last one and keep them. Raises `LedgerError` where they are
        not known to be kept: then nothing may be appended any more."""
        ...

    def close(self) -> None:
        """Let the ledger go."""
        ...


def opened(place: Place, clock: Clock, note: Note) -> Store:
    """The ledger in its place, made where there is none; every record that it has is noted.

    Raises `LedgerError`, also where it is damaged, or `LockHeld`.
    """
    match place:
        case Path():
            from reconciler.ledger.in_file import FileStore

            return FileStore(place, note)
        case Branch():
            from reconciler.ledger.on_branch import BranchStore

            return BranchStore(place, clock, note)
        case _:
            assert_never(place)
