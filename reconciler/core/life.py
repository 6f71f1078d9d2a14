"""The life of one key, from the changes that the ledger has of it: what each did to which field,
and what happened in between that no apply did. Pure.

| the ledger says of a change          | what is told                                              |
|--------------------------------------|-----------------------------------------------------------|
| applied                              | it set what differs from what was known                   |
| applied, and saw another file before | before that: changed outside, between the last time that  |
| than the last one left               | it was seen as known and then                             |
| ended as unknown, or has no end      | an attempt; where a later change sees what it was to make,|
|                                      | it was done after all                                     |
| stale, failed                        | an attempt; what was live instead was changed outside     |
| applied already                      | found done, by an attempt before or outside               |

A field that the first change of all saw, and did not set, was there before: nobody is known to have
set it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from reconciler.core.content import Content, Contents, Held
from reconciler.core.describe import field_of
from reconciler.core.log import Deed, Ending
from reconciler.core.model import DesiredState, Json, Key, LiveState
from reconciler.core.normal import canonical

_State: TypeAlias = Mapping[str, Json]


class What(StrEnum):
    """What happened."""

    FIRST_SEEN = "first seen"
    """It was there before the ledger begins."""
    CREATED = "created"
    REPLACED = "replaced"
    """A new file has taken the place of the old one."""
    UPDATED = "updated"
    MOVED = "moved"
    THROWN_AWAY = "thrown away"
    """Moved into the trash."""
    DELETED = "deleted"
    OTHER = "another file of it"
    """A file that another had taken the place of, or a duplicate, or one that lay in a trash, was
    deleted or moved."""
    OUTSIDE = "changed outside"
    GONE = "gone"
    """It was no longer there, and no apply had deleted it."""
    DONE = "done after all"
    """What an attempt was to do."""
    ATTEMPTED = "attempted"
    FOUND = "found done"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """What became of one field. None: it is not there."""

    name: str
    before: Held | None
    after: Held | None


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened."""

    what: What
    at: str
    """When it was done; of what happened outside, by when."""
    fields: tuple[FieldChange, ...] = ()
    deed: Deed | None = None
    """The change that did it; None: no apply did."""
    since: str | None = None
    """Of what happened outside: after when."""


@dataclass(frozen=True, slots=True)
class Known:
    """A field as it was known last, and what made it so."""

    name: str
    value: Json
    event: Event


@dataclass(frozen=True, slots=True)
class Live:
    """The file as it is now."""

    at: str
    state: _State | None
    """Its fields by their names; None: it is not there."""


@dataclass(frozen=True, slots=True)
class Life:
    """All that is known of one key in one catalogue."""

    key: str
    catalog: str
    origin: str
    fields: tuple[Known, ...]
    """None where it is gone, or nothing was ever made of it."""
    events: tuple[Event, ...]
    """The oldest first."""


def life_of(deeds: Sequence[Deed], live: Live | None = None) -> Life:
    """The life that these changes tell, at least one, the oldest first. `live`: what is there now,
    where somebody looked."""
    telling = _Telling()
    for deed in deeds:
        telling.tell(deed)
    if live is not None:
        telling.look(live)
    last = deeds[-1]
    key = telling.state.get("key", last.key)
    fields = tuple(
        Known(name, telling.state[name], telling.set_by[name])
        for name in sorted(telling.state, key=_rank)
        if name != "key"
    )
    return Life(str(key), last.by.catalog, last.by.origin, fields, tuple(telling.events))


def live_of(life: Life, desired: DesiredState, live: LiveState, at: str) -> Live | None:
    """What is live of the file that is known last; None where that is none of this catalogue's, or
    no file is known."""
    known = {field.name: field.value for field in life.fields}
    if life.origin != live.origin or life.catalog not in desired.names or "file_id" not in known:
        return None
    contents = Contents(desired)
    for bucket in live.buckets.values():
        for file in bucket.files:
            if file.id == known["file_id"]:
                place: _State = {"bucket": file.bucket, "file_id": file.id, "acr_id": file.acr_id}
                return Live(at, {**content_state(contents.of(file)), **place})
    return Live(at, None)


def content_state(content: Content) -> dict[str, Json]:
    """The fields of a content, by the names that plans give them."""
    return {
        "title": content.title,
        **{field_of(name): value for name, value in content.user_defined.items()},
    }


_ORDER: Final = ("title", "user_defined", "bucket", "source", "file_id", "acr_id")


def _rank(name: str) -> tuple[int, str]:
    group = "user_defined" if name.startswith("user_defined") else name
    return (_ORDER.index(group) if group in _ORDER else len(_ORDER), name)


class _Entry:
    """What is known of an entry's file at some point of the telling."""

    def __init__(self) -> None:
        self.state: dict[str, Json] = {}
        self.set_by: dict[str, Event] = {}
        self.seen: str | None = None
        """When it was last known to be as in `state`."""
        self.maybe: list[Deed] = []
        """Attempts since then of which nobody knows whether they were done."""


class _Telling:
    def __init__(self) -> None:
        self.events: list[Event] = []
        self._entry = _Entry()
        """The one that is spoken of."""
        self._key: Key | None = None
        self._others: dict[Key | None, _Entry] = {}
        """The files that had, or have, another key, and are part of the life: by that key."""

    @property
    def state(self) -> dict[str, Json]:
        return self._entry.state

    @property
    def set_by(self) -> dict[str, Event]:
        return self._entry.set_by

    def _turn_to(self, deed: Deed) -> None:
        """Speak of the entry that the change is of. A file that had another key comes along with
        all that is known of it."""
        key = self._key if deed.key is None else deed.key
        is_there = deed.action != "create" and deed.file_id is not None
        if self._key is None or (is_there and self.state.get("file_id") == deed.file_id):
            self._key = key
            return
        if key == self._key and self.state:
            return
        self._others[self._key] = self._entry
        has_file = (
            had
            for had, entry in self._others.items()
            if is_there and entry.state.get("file_id") == deed.file_id
        )
        self._entry = self._others.pop(next(has_file, key), _Entry())
        self._key = key

    def tell(self, deed: Deed) -> None:
        self._turn_to(deed)
        if deed.ending is not Ending.APPLIED:
            self._attempted(deed)
        elif self._is_other(deed):
            self._of_another_file(deed)
        elif deed.already:
            self._found_done(deed)
        elif deed.action == "delete":
            self._observe(_before(deed), deed.at)
            self._forget(Event(What.DELETED, deed.until, (), deed))
            self._entry.seen = deed.until
        else:
            self._done(deed)

    def look(self, live: Live) -> None:
        if live.state is not None:
            self._observe(live.state, live.at)
        elif self.state:
            self._vanished(live.at)

    def _done(self, deed: Deed) -> None:
        if deed.action != "create":
            self._observe(_before(deed), deed.at)
        elif deed.replaces is None and self.state:
            self._vanished(deed.at)
        kind = {"update": What.UPDATED, "move": What.MOVED}.get(deed.action, What.CREATED)
        kind = What.REPLACED if deed.replaces is not None else kind
        kind = What.THROWN_AWAY if deed.trash else kind
        result = _result(deed)
        self._set(Event(kind, deed.until, self._changes(result), deed), result)
        self._entry.seen = deed.until
        self._entry.maybe.clear()

    def _attempted(self, deed: Deed) -> None:
        if deed.live is not None:
            self._observe(content_state(deed.live), deed.until)
        is_made = deed.action == "create" and deed.file_id is not None
        if deed.ending in (Ending.UNKNOWN, Ending.OPEN) or is_made:
            self._entry.maybe.append(deed)
        self.events.append(Event(What.ATTEMPTED, deed.until, (), deed))

    def _found_done(self, deed: Deed) -> None:
        if deed.action == "delete":
            if self.state:
                self._vanished(deed.at)
        else:
            self._observe(_result(deed), deed.at)
        self.events.append(Event(What.FOUND, deed.until, (), deed))

    def _is_other(self, deed: Deed) -> bool:
        """Whether it concerns a file that has, or is to have, another in its place. A purge deletes
        what went into a trash before, and the key may have a file again."""
        if deed.action not in ("delete", "move"):
            return False
        if deed.keeps is not None:
            return True
        is_apart = deed.file_id != self.state.get("file_id")
        return is_apart and (
            deed.after_change is not None
            or (deed.by.purge is not None and self._entry.seen is not None)
        )

    def _of_another_file(self, deed: Deed) -> None:
        self.events.append(Event(What.OTHER, deed.until, (), deed))
        if deed.keeps is not None and deed.file_id == self.state.get("file_id"):
            self._observe({"file_id": deed.keeps}, deed.at)

    def _vanished(self, at: str) -> None:
        """The file that was known is gone, by an attempt or otherwise."""
        by = next((deed for deed in reversed(self._entry.maybe) if deed.action == "delete"), None)
        if by is None:
            self._forget(Event(What.GONE, at, since=self._entry.seen))
        else:
            self._forget(Event(What.DONE, by.until, (), by))
        self._entry.seen = at

    def _observe(self, seen: _State, at: str) -> None:
        """Somebody saw it so: what differs from what was known happened in between."""
        changes = self._changes(seen)
        if changes and self._entry.seen is None and not self._entry.maybe:
            self._set(Event(What.FIRST_SEEN, at, changes), seen)
            changes = ()
        for deed in reversed(self._entry.maybe):
            done = [change for change in changes if _explains(deed, change)]
            if any(change.name not in ("file_id", "acr_id") for change in done):
                self._set(Event(What.DONE, deed.until, tuple(done), deed), seen)
                changes = tuple(change for change in changes if change not in done)
        if changes:
            self._set(Event(What.OUTSIDE, at, changes, since=self._entry.seen), seen)
        self._entry.seen = at
        self._entry.maybe.clear()

    def _changes(self, new: _State) -> tuple[FieldChange, ...]:
        """What is new in it. Where it has a title it is the whole content."""
        gone = [name for name in self.state if _is_content(name) and name not in new]
        names = [*new, *(gone if "title" in new else ())]
        return tuple(
            FieldChange(name, _held(self.state, name), _held(new, name))
            for name in sorted(names, key=_rank)
            if _is_new(self.state, new, name) and (name != "key" or "key" in self.state)
        )

    def _set(self, event: Event, new: _State) -> None:
        for change in event.fields:
            if change.after is None:
                del self.state[change.name], self.set_by[change.name]
            else:
                self.state[change.name] = change.after.value
                self.set_by[change.name] = event
        if "key" in new:
            self.state["key"] = new["key"]
        self.events.append(event)

    def _forget(self, event: Event) -> None:
        self.state.clear()
        self.set_by.clear()
        self.events.append(event)
        self._entry.maybe.clear()


def _explains(deed: Deed, change: FieldChange) -> bool:
    """Whether an attempt would have done that."""
    if deed.action == "create" and change.name in ("file_id", "acr_id"):
        return True
    result = _result(deed)
    if change.after is None:
        return "title" in result and _is_content(change.name) and change.name not in result
    return change.name in result and _is_equal(result[change.name], change.after.value)


def _before(deed: Deed) -> _State:
    """What the change saw, as it was sent."""
    content = {} if deed.before is None else content_state(deed.before)
    return {**content, "bucket": deed.from_bucket or deed.bucket, **_ids(deed)}


def _result(deed: Deed) -> _State:
    """What the change makes, as far as it says."""
    content = {} if deed.after is None else content_state(deed.after)
    source = {} if deed.source is None else {"source": deed.source}
    key = {} if deed.key is None else {"key": deed.key}
    return {**content, "bucket": deed.bucket, **source, **_ids(deed), **key}


def _ids(deed: Deed) -> _State:
    ids: dict[str, Json | None] = {"file_id": deed.file_id, "acr_id": deed.acr_id}
    return {name: value for name, value in ids.items() if value is not None}


def _is_content(name: str) -> bool:
    return name == "title" or name.startswith("user_defined")


def _held(state: _State, name: str) -> Held | None:
    return Held(state[name]) if name in state else None


def _is_new(old: _State, new: _State, name: str) -> bool:
    if name not in old or name not in new:
        return True
    return not _is_equal(old[name], new[name])


def _is_equal(one: Json, other: Json) -> bool:
    return canonical(one) == canonical(other)
