"""A small model of the service, and of an apply that sends a plan's changes to it one by one.

It shares nothing with the planner but the values that changes and buckets are: what a mark is,
what is ignored and when two contents are the same, it says in its own few words. A change that
does not hold is not done, as the design says of apply; it stands in `stale`.
"""

from __future__ import annotations

import copy
import json
import re
import unicodedata
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, TypeAlias

from reconciler.core.plan import Change, ChangeId, Create, Delete, Move, Update

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from reconciler.core.content import Content

READY, PENDING, BROKEN = 1, 0, -1
State: TypeAlias = int


@dataclass
class Stored:
    """One file, as the service keeps it: `user_defined` in whatever spelling it came."""

    id: int
    acr_id: str
    bucket: int
    title: str
    user_defined: Any
    state: State


@dataclass
class Service:
    """The files, and what may be done to them. `regions`: each bucket's."""

    regions: dict[int, str | None]
    ignore: tuple[str, ...] = ()
    marks: tuple[str | None, ...] = ("catalog_key", "catalog_source", "catalog_protect")
    files: dict[int, Stored] = field(default_factory=dict)
    stale: list[Change] = field(default_factory=list)
    made: dict[ChangeId, int] = field(default_factory=dict)
    """Which file each create of this run has made."""

    def copy(self) -> Service:
        return copy.deepcopy(self)

    def apply(
        self,
        changes: Iterable[Change],
        upload: Callable[[], State] = lambda: READY,
        before_delete: Callable[[Service, Stored], None] = lambda service, file: None,
    ) -> None:
        """One run. `upload`: what becomes of each new file. `before_delete`: a witness."""
        self.made, self.stale = {}, []
        for change in changes:
            if not self._done(change, upload, before_delete):
                self.stale.append(change)

    def settle(self, outcome: Callable[[], State]) -> None:
        """Time passes: each file that was pending is so no more, or still is."""
        for file in self.files.values():
            if file.state == PENDING:
                file.state = outcome()

    def _done(
        self,
        change: Change,
        upload: Callable[[], State],
        before_delete: Callable[[Service, Stored], None],
    ) -> bool:
        match change:
            case Create():
                self._create(change, upload())
                return True
            case Move():
                file = self._as_planned(change.file_id, change.from_bucket_id, change.before)
                if file is not None and change.trash:
                    if not self._may_go(change):
                        return False
                    before_delete(self, file)
                if file is not None:
                    assert self.regions[file.bucket] == self.regions[change.bucket_id]
                    file.bucket = change.bucket_id
            case Update():
                file = self._as_planned(change.file_id, change.bucket_id, change.before)
                if file is not None:
                    file.title = change.after.title
                    file.user_defined = {**change.after.user_defined, **self._ignored(file)}
            case Delete():
                file = self._as_planned(change.file_id, change.bucket_id, change.before)
                if file is not None and self._may_go(change):
                    before_delete(self, file)
                    del self.files[file.id]
                else:
                    file = None
        return file is not None

    def _create(self, change: Create, state: State) -> None:
        file_id = max(self.files, default=100) + 1
        user_defined: dict[str, Any] = dict(change.after.user_defined)
        if change.replaces is not None:
            user_defined |= self._ignored(self.files[change.replaces])
            assert self.files[change.replaces].bucket == change.from_bucket_id
        self.files[file_id] = Stored(
            file_id, f"new{file_id}", change.bucket_id, change.after.title, user_defined, state
        )
        self.made[change.id] = file_id

    def _may_go(self, change: Delete | Move) -> bool:
        if change.keeps is not None:
            kept = self.files.get(change.keeps)
            if kept is None or kept.bucket != change.keeps_bucket_id or kept.state != READY:
                return False
        if change.after_change is not None:
            new = self.files.get(self.made.get(change.after_change, -1))
            return new is not None and new.state == READY
        return True

    def _as_planned(self, file_id: int, bucket: int, before: Content) -> Stored | None:
        file = self.files.get(file_id)
        if file is None or file.bucket != bucket or clean_title(file.title) != before.title:
            return None
        values = object_of(file.user_defined)
        assert values is not None, "nothing is ever planned for a file that cannot be read"
        seen = {key: value for key, value in values.items() if not self.is_ignored(key)}
        return file if seen == before.user_defined else None

    def _ignored(self, file: Stored) -> dict[str, Any]:
        values = object_of(file.user_defined) or {}
        return {key: value for key, value in values.items() if self.is_ignored(key)}

    def is_ignored(self, key: str) -> bool:
        return key not in self.marks and any(fnmatchcase(key, glob) for glob in self.ignore)


def clean_title(title: str) -> str:
    return unicodedata.normalize("NFC", title).strip()


def object_of(raw: Any) -> dict[str, Any] | None:
    """What a `user_defined` means; None where it means no object."""
    if isinstance(raw, str) and raw:
        raw = json.loads(raw)
    if raw in (None, "", []):
        return {}
    return _without_nulls(raw) if isinstance(raw, dict) else None


def _without_nulls(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: _without_nulls(item) for key, item in value.items() if item is not None}


@dataclass(frozen=True)
class Names:
    """By what the model tells whose a file is."""

    catalogs: tuple[str, ...]
    key_only: bool

    def whose(self, file: Stored) -> tuple[str, str]:
        """`("ours", KEY)`, `("another's", MARK)`, `("nobody's", "")` or `("opaque", "")`."""
        values = object_of(file.user_defined)
        if values is None:
            return "opaque", ""
        mark = str(values.get("catalog_key", ""))
        if not mark:
            return "nobody's", ""
        name, _, key = ("", "", mark) if self.key_only else mark.partition("/")
        known = self.key_only or name in self.catalogs
        ours = known and re.fullmatch(r"[\w./:@-]{1,128}", key, re.ASCII) is not None
        return ("ours", key) if ours else ("another's", mark)
