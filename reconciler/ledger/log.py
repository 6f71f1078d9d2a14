"""What a ledger says was done, run by run, and which part of it was asked for. Pure but for
`read_log`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from reconciler.core.change_codec import decode_content
from reconciler.core.content import Content
from reconciler.core.lineage import lives
from reconciler.core.log import About, Deed, End, Ending, Run
from reconciler.core.model import FileId, Key
from reconciler.errors import LedgerError
from reconciler.ledger.chain import Record, anchor_of, tail
from reconciler.ledger.places import Place
from reconciler.ledger.reading import checked, read, understood


@dataclass(frozen=True, slots=True)
class Log:
    """A ledger, as far as it holds."""

    place: Place
    records: tuple[Record, ...]
    runs: tuple[Run, ...]
    is_there: bool
    error: LedgerError | None
    """Why it is told no further."""
    is_torn: bool
    """The last line has no end, and is passed over."""

    @property
    def deeds(self) -> Sequence[Deed]:
        """All changes, in the order in which the ledger first speaks of them."""
        return sorted((deed for run in self.runs for deed in run.deeds), key=lambda each: each.seq)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: of each kind any, of all kinds all. Nothing: everything."""

    keys: tuple[Key, ...] = ()
    files: tuple[FileId, ...] = ()
    actors: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    since: float | None = None
    """Seconds since 1970: what ended then or later."""
    until: float | None = None
    """What ended before."""


def read_log(place: Place) -> Log:
    """What the ledger in its place says. Raises `LedgerError` where it cannot be read at all."""
    kept = read(place)
    if kept is None:
        return Log(place, (), (), is_there=False, error=None, is_torn=False)
    records: list[Record] = []
    telling = _Telling()
    error = None
    try:
        for record in checked(kept):
            with understood(record, place):
                telling.note(record)
            records.append(record)
    except LedgerError as found:
        error = found
    is_torn = error is None and bool(tail(kept.data))
    runs = telling.runs()
    return Log(place, tuple(records), runs, is_there=True, error=error, is_torn=is_torn)


def selected(log: Log, wanted: Wanted) -> Sequence[Run]:
    """The runs with those of their changes that are asked for. A run of which none is left is left
    out, unless it had none and none was asked for by key or file."""
    kept = _by_key(log.deeds, wanted.keys)
    found: list[Run] = []
    for run in log.runs:
        if wanted.actors and run.about.actor not in wanted.actors:
            continue
        if wanted.runs and run.about.run not in wanted.runs:
            continue
        deeds = tuple(deed for deed in run.deeds if _is_wanted(deed, wanted, kept))
        is_empty = not (run.deeds or wanted.keys or wanted.files)
        last = run.about.at if run.end is None else run.end.at
        if deeds or (is_empty and _is_in_time(last, wanted)):
            found.append(replace(run, deeds=deeds))
    return found


def run_of(log: Log, catalog: str, run: str | None, commit: str) -> Run | None:
    """The last run of a catalogue for a commit, or the one that is named; None where there is
    none."""
    every = [each for each in log.runs if each.about.catalog == catalog]
    if run is not None:
        found = [each for each in every if each.about.run == run]
    else:
        found = [each for each in every if each.about.commit == commit]
    return found[-1] if found else None


def records_of(log: Log, runs: Iterable[Run]) -> Iterator[Record]:
    """The records that speak of these runs and changes, as they stand on the ledger."""
    told = {run.about.run: {deed.id for deed in run.deeds} for run in runs}
    for record in log.records:
        changes = told.get(record["run"])
        if changes is not None and ("id" not in record or record["id"] in changes):
            yield record


def _by_key(deeds: Sequence[Deed], keys: Sequence[Key]) -> frozenset[int] | None:
    """The first records of the changes that belong to these keys; None: of all."""
    if not keys:
        return None
    return frozenset(deed.seq for key in keys for life in lives(deeds, key) for deed in life)


def _is_wanted(deed: Deed, wanted: Wanted, kept: frozenset[int] | None) -> bool:
    if kept is not None and deed.seq not in kept:
        return False
    if wanted.files and not any(file in wanted.files for _, file in deed.files):
        return False
    return _is_in_time(deed.until, wanted)


def _is_in_time(at: str, wanted: Wanted) -> bool:
    if wanted.since is None and wanted.until is None:
        return True
    moment = datetime.fromisoformat(at).timestamp()
    is_early = wanted.since is not None and moment < wanted.since
    is_late = wanted.until is not None and moment >= wanted.until
    return not is_early and not is_late


class _Telling:
    """Records, put together."""

    def __init__(self) -> None:
        self._runs: list[_Open] = []
        self._current: dict[str, _Open] = {}

    def note(self, record: Record) -> None:
        """Raises `KeyError`, `TypeError` or `ValueError` where a record lacks what one of its kind
        has."""
        datetime.fromisoformat(record["at"])
        if record["kind"] == "run.began":
            opened = _Open(_about(record))
            self._runs.append(opened)
            self._current[record["run"]] = opened
            return
        run = self._current[record["run"]]
        match record["kind"]:
            case "change.began":
                run.deeds[record["id"]] = _begun(run.about, record)
            case "change.ended":
                run.deeds[record["id"]] = _ended(run.about, record, run.deeds.get(record["id"]))
            case "run.ended":
                run.end = _end(record)
            case _:
                return

    def runs(self) -> tuple[Run, ...]:
        return tuple(Run(run.about, tuple(run.deeds.values()), run.end) for run in self._runs)


class _Open:
    def __init__(self, about: About) -> None:
        self.about = about
        self.deeds: dict[str, Deed] = {}
        self.end: End | None = None


def _about(record: Record) -> About:
    catalog = record["catalog"]
    dirty = record.get("dirty")
    return About(
        run=record["run"],
        at=record["at"],
        catalog=str(catalog["name"]),
        origin=_text(record, "origin") or "",
        catalog_digest=_text(catalog, "digest"),
        plan=_text(record, "plan"),
        actor=_text(record, "actor"),
        host=_text(record, "host"),
        commit=_text(record, "commit"),
        dirty=None if dirty is None else bool(dirty),
        pull_request=_text(record, "pull_request"),
        ci_run=_text(record, "ci_run"),
        tool=_text(record, "tool"),
        revert=_text(record.get("revert") or {}, "run"),
        purge=_text(record.get("purge") or {}, "before"),
    )


def _begun(by: About, record: Record) -> Deed:
    source = record.get("source") or {}
    replaces, keeps = record.get("replaces"), record.get("keeps")
    return Deed(
        by=by,
        seq=record["seq"],
        at=record["at"],
        until=record["at"],
        id=str(record["id"]),
        action=str(record["action"]),
        key=_key(record),
        bucket=str(record["bucket"]),
        reason=_text(record, "reason") or "",
        file_id=_file_id(record.get("file_id")),
        acr_id=_text(record, "acr_id"),
        before=_content(record.get("before")),
        after=_content(record.get("after")),
        fields=tuple(map(str, record.get("fields", ()))),
        source=_text(source, "sha256") or _text(source, "digest"),
        from_bucket=_text(record, "from_bucket"),
        replaces=_file_id(replaces),
        keeps=_file_id(keeps),
        after_change=_text(record, "after_change"),
        trash=record.get("trash") is True,
    )


def _ended(by: About, record: Record, begun: Deed | None) -> Deed:
    """`begun`: None where it was not sent, and the end says what there is to say."""
    deed = begun or _begun(by, {**record, "file_id": _planned_file(str(record["id"]))})
    return replace(
        deed,
        until=record["at"],
        ending=Ending(record["outcome"]),
        already=bool(record.get("already", False)),
        why=_text(record, "why") or "",
        live=_content(record.get("live")),
        file_id=_file_id(record.get("file_id")) or deed.file_id,
        acr_id=_text(record, "acr_id") or deed.acr_id,
    )


def _planned_file(change: str) -> int | None:
    """The file of a change that names it: `update:1204`."""
    action, _, rest = change.partition(":")
    return int(rest) if action != "create" and rest.isascii() and rest.isdigit() else None


def _end(record: Record) -> End:
    names = ("applied", "stale", "failed", "unknown", "left")
    return End(
        at=record["at"],
        counts={name: int(record.get(name, 0)) for name in names},
        converged=record.get("converged") is True,
        error=_text(record, "error"),
        anchor=str(anchor_of(record)),
    )


def _text(told: Mapping[str, Any], name: str) -> str | None:
    if not isinstance(told, Mapping):
        raise TypeError(f"what has the {name} is no object")
    value = told.get(name)
    return None if value is None else str(value)


def _key(record: Record) -> Key | None:
    key = _text(record, "key")
    return None if key is None else Key(key)


def _file_id(value: Any) -> FileId | None:
    return None if value is None else FileId(int(value))


def _content(told: Any) -> Content | None:
    if told is None:
        return None
    content = decode_content(told)
    return Content(str(content.title), dict(content.user_defined))
