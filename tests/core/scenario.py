"""A catalogue and its live files as text, and facts and changes as text: tests read like tables.

    bucket  NAME ID [prune=all] [protect] [region=eu] [incomplete=WHY] [trash=OTHER]
    catalog [adopt=title] [mode=merge] [compare=strict] [format=key] [former=OLD] [sources=off]
    entry   KEY BUCKET [s1 | s? | u1] [title=T] [NAME=VALUE ...] [{}] [was=K,K] [acr=7] [protect]
    absent  KEY [was=K,K] [acr=7]
    file    ID BUCKET MARK [s1] [ready | pending | broken] [title=T] [NAME=VALUE ...] [acr=7]

`s1` is a source by its digest, `s?` one that nobody has verified, and an entry with neither has
none. A MARK is a key of ours, `-` for none, `opaque`, or anything with a slash as it stands.
Without a title, an entry and the files with its mark have the same. `acr=7` is the acr_id that
file 7 has. Without a `bucket` line there are `spots` and `archive`.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field, replace
from textwrap import dedent
from typing import TYPE_CHECKING

import orjson

from reconciler.core.diff import diff
from reconciler.core.facts import (
    Broken,
    Drifted,
    Duplicate,
    Expired,
    Fact,
    Foreign,
    Misplaced,
    Missing,
    Orphaned,
    Outdated,
    Pending,
    Unresolved,
    Unwanted,
)
from reconciler.core.matching import Found
from reconciler.core.model import (
    AbsentEntry,
    Adopt,
    Bucket,
    Compare,
    DesiredState,
    Entry,
    File,
    FileId,
    FileState,
    Identity,
    Json,
    Key,
    Limits,
    LiveBucket,
    LiveState,
    MarkFormat,
    Mode,
    Opaque,
    Place,
    Prune,
    Rules,
    Source,
    SourceKind,
)
from reconciler.core.plan import Change, Create, Delete, Move, Options, Plan, Removal, Update
from reconciler.core.planner import make_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_STATES = {
    "ready": FileState.READY,
    "pending": FileState.PENDING,
    "broken": FileState.BROKEN,
}
_NO_LIMITS = Limits(None, None, None, None, None)


def digest_of(word: str) -> str | None:
    """The source digest that a word like `s1` stands for; None for `s?`."""
    return None if word == "s?" else f"sha256:{word[1:]:0>16}"


def source_of(word: str, *, duration: float | None = None) -> Source:
    """The source that a word like `s1` stands for."""
    sha256 = None if word == "s?" else f"{word[1:]:0>16}".ljust(64, "f")
    return Source(
        SourceKind.AUDIO,
        f"/audio/{word}.mp3",
        digest_of(word),
        sha256=sha256,
        size=None if word == "s?" else 1000,
        duration=duration,
    )


@dataclass
class Words:
    """One line: its plain words, its options, and the user_defined that is left."""

    plain: list[str]
    options: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, line: str) -> Words:
        words = cls([])
        for word in shlex.split(line):
            name, equals, value = word.partition("=")
            if equals:
                words.options[name] = value
            else:
                words.plain.append(word)
        return words

    def take(self, word: str) -> bool:
        if word in self.plain:
            self.plain.remove(word)
            return True
        return False

    def source(self) -> str | None:
        for word in self.plain[2:]:
            if word[0] == "s" and (word[1:].isdigit() or word[1:] == "?"):
                self.plain.remove(word)
                return word
        return None

    def list(self, name: str) -> tuple[str, ...]:
        return tuple(filter(None, self.options.pop(name, "").split(",")))

    def user_defined(self) -> dict[str, Json]:
        values: dict[str, Json] = {}
        for name, text in self.options.items():
            try:
                values[name] = orjson.loads(text)
            except ValueError:
                values[name] = text
        return values


class _Reader:
    """Gathers what the lines say."""

    def __init__(self) -> None:
        self.buckets: dict[str, Bucket] = {}
        self.regions: dict[str, str | None] = {}
        self.incomplete: dict[str, str] = {}
        self.entries: dict[Key, Entry] = {}
        self.absent: dict[Key, AbsentEntry] = {}
        self.files: list[File] = []
        self.identity = Identity()
        self.rules = Rules()

    def bucket(self, words: Words) -> None:
        protect = words.take("protect")
        name, bucket_id = words.plain
        prune = Prune(words.options.get("prune", "owned"))
        self.buckets[name] = Bucket(
            name, int(bucket_id), prune, protect, words.options.get("trash")
        )
        self.regions[name] = words.options.get("region")
        if "incomplete" in words.options:
            self.incomplete[name] = words.options["incomplete"]

    def catalog(self, words: Words) -> None:
        options = words.options
        self.identity = Identity(
            format=MarkFormat(options.get("format", "catalog/key")),
            source_field=None if options.get("sources") == "off" else "catalog_source",
            former_names=words.list("former"),
            adopt=Adopt(options.get("adopt", "none")),
        )
        self.rules = replace(
            self.rules,
            mode=Mode(options.get("mode", "exact")),
            compare=Compare(options.get("compare", "loose")),
        )

    def entry(self, words: Words) -> None:
        source, protect, empty = words.source(), words.take("protect"), words.take("{}")
        key, bucket = words.plain
        title = words.options.pop("title", f"T-{key}")
        was, acr = words.list("was"), words.options.pop("acr", None)
        seconds = words.options.pop("seconds", None)
        duration = None if seconds is None else float(seconds)
        self.entries[Key(key)] = Entry(
            key=Key(key),
            title=title,
            bucket=bucket,
            place=Place("catalog.yaml", len(self.entries) + 1, 3),
            user_defined=words.user_defined() or ({} if empty else None),
            source=None if source is None else source_of(source, duration=duration),
            acr_id=None if acr is None else f"acr{acr}",
            was=tuple(map(Key, was)),
            protect=protect,
        )

    def absent_entry(self, words: Words) -> None:
        (key,) = words.plain
        acr, was = words.options.get("acr"), words.list("was")
        self.absent[Key(key)] = AbsentEntry(
            key=Key(key),
            place=Place("catalog.yaml", 100 + len(self.absent), 3),
            acr_id=None if acr is None else f"acr{acr}",
            was=tuple(map(Key, was)),
        )

    def file(self, words: Words) -> None:
        protect, source = words.take("protect"), words.source()
        state = next((state for state in _STATES if words.take(state)), "ready")
        file_id, bucket, mark = words.plain
        title = words.options.pop("title", f"T-{mark}")
        acr = words.options.pop("acr", file_id)
        seconds = words.options.pop("seconds", None)
        carried = words.user_defined()
        if mark not in ("-", "opaque"):
            ours = self.identity.format is MarkFormat.KEY or "/" in mark
            carried[self.identity.field] = mark if ours else f"radio/{mark}"
        if source is not None:
            carried["catalog_source"] = digest_of(source)
        if protect:
            carried["catalog_protect"] = "true"
        self.files.append(
            File(
                id=FileId(int(file_id)),
                acr_id=f"acr{acr}",
                bucket=bucket,
                title=title,
                user_defined=Opaque("[1]") if mark == "opaque" else carried,
                state=_STATES[state],
                duration=None if seconds is None else float(seconds),
            )
        )


def given(text: str, *, limits: Limits = _NO_LIMITS) -> tuple[DesiredState, LiveState]:
    """What the text says should be, and what it says there is."""
    reader = _Reader()
    how: Mapping[str, Callable[[Words], None]] = {
        "bucket": reader.bucket,
        "catalog": reader.catalog,
        "entry": reader.entry,
        "absent": reader.absent_entry,
        "file": reader.file,
    }
    for line in lines(text):
        kind, _, rest = line.partition(" ")
        how[kind](Words.of(rest))
    if not reader.buckets:
        reader.bucket(Words.of("spots 1"))
        reader.bucket(Words.of("archive 2"))
    desired = DesiredState(
        catalog="radio",
        digest="sha256:" + "0" * 64,
        base_url="https://api-v2.acrcloud.com",
        buckets=reader.buckets,
        entries=reader.entries,
        absent=reader.absent,
        identity=reader.identity,
        rules=reader.rules,
        limits=limits,
    )
    live = LiveState(
        "https://api-v2.acrcloud.com/api",
        {
            name: LiveBucket(
                bucket.id,
                sorted((f for f in reader.files if f.bucket == name), key=lambda f: f.id),
                reader.regions[name],
                reader.incomplete.get(name),
            )
            for name, bucket in reader.buckets.items()
        },
    )
    return desired, live


def lines(text: str) -> list[str]:
    """The lines that say something."""
    return [line.strip() for line in dedent(text).splitlines() if line.strip()]


def facts_of(text: str, *, retry_broken: bool = False) -> list[str]:
    """The facts about what the text says, each as a line."""
    return [fact_line(fact) for fact in diff(*given(text), retry_broken=retry_broken).facts]


def plan_of(text: str, options: Options | None = None, *, limits: Limits = _NO_LIMITS) -> Plan:
    """The plan for what the text says."""
    return make_plan(*given(text, limits=limits), options or Options())


def changes_of(text: str, options: Options | None = None) -> list[str]:
    """The changes for what the text says, each as a line, in order."""
    return [change_line(change) for change in plan_of(text, options).changes]


def fact_line(fact: Fact) -> str:
    """A fact in words."""
    match fact:
        case Missing():
            line = f"missing {fact.entry.key}" + _ids("twins", fact.twins)
        case Drifted():
            found = "" if fact.found is Found.MARK else f" by {fact.found.name}"
            marks = " marks" if fact.marks_only else ""
            removed = f" removed {','.join(fact.removed)}" if fact.removed else ""
            assumed = " assumed" if fact.assumed else ""
            names = ",".join(name.removeprefix("user_defined.") for name in fact.fields)
            line = f"drifted {fact.entry.key} {fact.file.id} {names}"
            line += f"{found}{marks}{removed}{assumed}"
        case Outdated():
            others = _ids("and", tuple(file.id for file in fact.others))
            line = f"outdated {fact.entry.key} {fact.file.id}{others}: {fact.why}"
        case Orphaned():
            deletable = " deletable" if fact.deletable else ""
            keeps = f" keeps {fact.successor.id}" if fact.successor else ""
            waits = " waits" if fact.waits else ""
            line = f"orphaned {fact.key} {fact.file.id}{deletable}{keeps}{waits}"
        case Unwanted() | Expired():
            line = f"{type(fact).__name__.lower()} {fact.key} {fact.file.id}"
        case Foreign():
            line = f"foreign {fact.file.id}" + (" deletable" if fact.deletable else "")
        case Pending():
            waits = f": {fact.waits}" if fact.waits else ""
            line = f"pending {fact.entry.key} {fact.file.id}{waits}"
        case Unresolved():
            line = f"unresolved {fact.key}{_ids('of', fact.candidates)}: {fact.why}"
        case Misplaced() | Broken() | Duplicate():
            line = f"{type(fact).__name__.lower()} {fact.entry.key} {fact.file.id}"
            line += f" keeps {fact.keeper.id}" if isinstance(fact, Duplicate) else ""
            line += " in the trash" if isinstance(fact, Misplaced) and fact.in_trash else ""
    return line


def change_line(change: Change) -> str:
    """A change in words."""
    match change:
        case Create():
            line = f"create {change.key} in {change.bucket}"
            if change.replaces is not None:
                line += f" replaces {change.replaces} in {change.from_bucket}"
        case Move():
            line = f"move {change.file_id} {change.from_bucket} > {change.bucket}"
            line += " (trash)" if change.trash else ""
            line += _waits(change)
        case Update():
            names = ",".join(name.removeprefix("user_defined.") for name in change.fields)
            line = f"update {change.file_id} in {change.bucket}: {names}"
            line += f" after {change.after_change}" if change.after_change else ""
        case Delete():
            line = f"delete {change.file_id} in {change.bucket}{_waits(change)}"
    return line


def _waits(change: Removal) -> str:
    keeps = f" keeps {change.keeps} in {change.keeps_bucket_id}" if change.keeps else ""
    return keeps + (f" after {change.after_change}" if change.after_change else "")


def _ids(word: str, ids: tuple[FileId, ...]) -> str:
    return f" {word} {','.join(map(str, ids))}" if ids else ""
