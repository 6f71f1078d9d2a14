"""Small worlds: a catalogue and a service full of what can go wrong between them.

The alphabets are small, so that keys, titles, sources and pins collide all the time. Each thing
is drawn as a few bytes, and each byte is a choice, which is quick, even, and shrinks well: the
first of the possibilities is the plainest.

The properties run 700 examples each, the same in every run. `RECONCILER_EXAMPLES=50000` in the
environment runs as many, other ones each time.
"""

from __future__ import annotations

import itertools
import json
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

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
    Key,
    Limits,
    LiveBucket,
    LiveState,
    MarkFormat,
    Mode,
    Place,
    Prune,
    Rules,
)
from reconciler.core.normal import normal_title, normal_user_defined
from reconciler.core.plan import Options, Plan
from reconciler.core.planner import make_plan
from tests.core.scenario import digest_of, source_of
from tests.core.service_model import BROKEN, PENDING, READY, Names, Service, Stored

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_EXAMPLES = os.environ.get("RECONCILER_EXAMPLES")

searched = settings(
    max_examples=int(_EXAMPLES or 700),
    derandomize=_EXAMPLES is None,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
"""How thoroughly the properties are looked at."""

T = TypeVar("T")

ENTRIES = ("a", "b", "8")
FORMER = ("x", "y")
PINS = ("pin1", "pin2")
_KEYS = (*ENTRIES, "gone", *FORMER, "z")
_BUCKETS = ("spots", "archive", "news")
_STATES = {READY: FileState.READY, PENDING: FileState.PENDING, BROKEN: FileState.BROKEN}


class Dice:
    """A few bytes, of which each makes one choice."""

    def __init__(self, faces: bytes) -> None:
        self._faces = itertools.cycle(faces)

    def pick(self, of: Sequence[T]) -> T:
        return of[next(self._faces) % len(of)]


def dice(choices: int) -> st.SearchStrategy[Dice]:
    """As many choices; after that they come again."""
    return st.binary(min_size=choices, max_size=choices).map(Dice)


@dataclass(frozen=True)
class World:
    """What should be and what is."""

    desired: DesiredState
    service: Service
    retry_broken: bool

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What Hypothesis shows of an example: a line for each thing."""
        desired = self.desired
        regions = self.service.regions
        parts: list[object] = [desired.identity, desired.rules]
        parts += [f"{bucket} {regions[bucket.id]}" for bucket in desired.buckets.values()]
        for entry in desired.entries.values():
            source = entry.source and (entry.source.digest or "?")
            parts.append(
                f"{entry.key} in {entry.bucket}: {entry.title} {source} {entry.user_defined} "
                f"{entry.acr_id} was={entry.was} protect={entry.protect}"
            )
        parts += [*desired.absent.values(), *self.service.files.values()]
        parts.append(f"retry_broken={self.retry_broken}")
        printer.text("\n    ".join(["World", *map(str, parts)]))

    @property
    def trashes(self) -> frozenset[int]:
        """The buckets into which others throw away."""
        buckets = self.desired.buckets.values()
        named = {bucket.trash for bucket in buckets}
        return frozenset(bucket.id for bucket in buckets if bucket.name in named)

    @property
    def names(self) -> Names:
        identity = self.desired.identity
        return Names(
            (self.desired.catalog, *identity.former_names), identity.format is MarkFormat.KEY
        )

    def plan(self, service: Service | None = None, *, only: tuple[str, ...] = ()) -> Plan:
        options = Options(only=only, retry_broken=self.retry_broken)
        return make_plan(self.desired, self.live(service), options)

    def live(
        self,
        service: Service | None = None,
        order: Callable[[list[File]], Sequence[File]] = lambda files: files,
    ) -> LiveState:
        """A listing of the service (another than this world's, where one is given)."""
        service = service or self.service
        names = {bucket.id: name for name, bucket in self.desired.buckets.items()}
        buckets = {}
        for bucket_id, region in service.regions.items():
            stored = [file for file in service.files.values() if file.bucket == bucket_id]
            stored.sort(key=lambda file: file.id)
            files = [_listed(file, names[bucket_id]) for file in stored]
            buckets[names[bucket_id]] = LiveBucket(bucket_id, order(files), region)
        return LiveState("https://api-v2.acrcloud.com/api", buckets)


def _listed(file: Stored, bucket: str) -> File:
    return File(
        FileId(file.id),
        file.acr_id,
        bucket,
        normal_title(file.title),
        normal_user_defined(file.user_defined),
        _STATES[file.state],
    )


_PRUNES = (Prune.OWNED, Prune.OWNED, Prune.ALL, Prune.NONE)
_REGIONS: tuple[tuple[str | None, ...], ...] = (
    (None, None, None),
    (None, None, None),
    ("eu", "us", "eu"),
)
_SOURCES = ("s1", "s1", "s2", "s2", "s?", None)
_TITLES = ("T1", "T2", "T3")
_WANTED: tuple[dict[str, Any] | None, ...] = (None, {}, {"x": 1}, {"x": "1", "y": [1, {"z": 2}]})
_IGNORE = (("from",), ("fr*", "cat*"), ())
_LIVE_TITLES = ("T1", "T2", "T3", " T1 ", "Cafe\u0301")
_CARRIED: tuple[dict[str, Any], ...] = (
    {},
    {"x": 1},
    {"x": "1", "y": [1, {"z": 2}]},
    {"x": 2, "from": "w", "cats": 1},
    {"from": "v", "note": "n", "x": None},
    {"y": [1, {"z": 3}], "note": {"p": None}},
)
_MARKS = (
    *("a", "a", "a", "b", "b", "8", "gone", "x", "y", "z", "z"),
    *("", "", "", "other/a", "old/a", "radio/not a key", "opaque"),
)
_LIVE_SOURCES = ("s1", "s1", "s2", "s2", "s3", None)
_LIVE_STATES = (
    (READY, READY, READY, PENDING, BROKEN),
    (READY, READY, READY, PENDING, BROKEN),
    (BROKEN, BROKEN, BROKEN, PENDING, READY),
)
_ACRS = ("", "", *PINS)


_TRASHES: tuple[tuple[str | None, ...], ...] = (
    (None, None, None),
    (None, None, None),
    ("bin", "bin", "bin"),
    ("bin", "bin", None),
)
"""Of each bucket, its trash."""
_THROWN = (11, 13, *(6 for _ in ENTRIES))
"""How many choices are made of how things are, of what is whose, and of each entry."""
_HEADS = st.binary(min_size=sum(_THROWN), max_size=sum(_THROWN))  # in one draw, which is quick
_FILES = st.lists(st.binary(min_size=9, max_size=9), max_size=6)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Up to three entries and an absent one, and up to six files, in two or three buckets,
    and perhaps a trash."""
    head = iter(draw(_HEADS))
    how, pools, *of_entries = (Dice(bytes(itertools.islice(head, count))) for count in _THROWN)
    count = how.pick((3, 2))
    identity = Identity(
        adopt=how.pick((Adopt.NONE, Adopt.TITLE)),
        format=how.pick((MarkFormat.CATALOG_KEY,) * 3 + (MarkFormat.KEY,)),
        source_field=how.pick(("catalog_source",) * 7 + (None,)),
        former_names=how.pick(((), ("old",))),
    )
    rules = Rules(
        mode=how.pick((Mode.EXACT, Mode.MERGE)),
        ignore=how.pick(_IGNORE),
        compare=how.pick((Compare.LOOSE, Compare.STRICT)),
    )
    retry_broken = how.pick((False, False, True))
    regions = how.pick(_REGIONS)
    states = how.pick(_LIVE_STATES)
    names = _BUCKETS[:count]
    buckets = {
        name: Bucket(name, index, pools.pick(_PRUNES), protect=pools.pick((False,) * 4 + (True,)))
        for index, name in enumerate(names, 1)
    }
    holders = ("", "a", "b", "8", "gone")
    former = {name: pools.pick(holders) for name in FORMER}
    pins = {pin: pools.pick(holders) for pin in PINS}
    has_absent = pools.pick((True, False, False, False))
    trashes, bin_region = pools.pick(_TRASHES), pools.pick(regions)
    entries = {
        key: _entry(of_entry, key, names, former, pins)
        for key, of_entry in zip(ENTRIES, of_entries, strict=True)
    }
    absent = AbsentEntry(Key("gone"), Place("c.yaml", 9, 1), *_claims("gone", former, pins))
    regions = regions[:count]
    if any(trashes):
        count += 1
        regions = (*regions, bin_region)
        buckets = {
            name: replace(bucket, trash=trash)
            for (name, bucket), trash in zip(buckets.items(), trashes, strict=False)
        }
        buckets["bin"] = Bucket("bin", count)
    desired = DesiredState(
        catalog="radio",
        digest="sha256:" + "0" * 64,
        base_url="https://api-v2.acrcloud.com",
        buckets=buckets,
        entries={Key(key): entry for key, entry in entries.items() if entry is not None},
        absent={Key("gone"): absent} if has_absent else {},
        identity=identity,
        rules=rules,
        limits=Limits(None, None, None, None, None),
    )
    marks = (identity.field, identity.source_field, "catalog_protect")
    service = Service(dict(enumerate(regions, 1)), rules.ignore, marks)
    for file_id, thrown in enumerate(draw(_FILES), 1):
        service.files[file_id] = _file(Dice(thrown), file_id, count, identity, states)
    return World(desired, service, retry_broken)


def _claims(
    key: str, former: dict[str, str], pins: dict[str, str]
) -> tuple[str | None, tuple[Key, ...]]:
    """The pin and the former keys that are this entry's."""
    pin = next((pin for pin, holder in pins.items() if holder == key), None)
    return pin, tuple(Key(name) for name, holder in former.items() if holder == key)


def _entry(
    of_entry: Dice,
    key: str,
    buckets: Sequence[str],
    former: dict[str, str],
    pins: dict[str, str],
) -> Entry | None:
    bucket, source = of_entry.pick(buckets), of_entry.pick(_SOURCES)
    title, wanted = of_entry.pick(_TITLES), of_entry.pick(_WANTED)
    protect, there = of_entry.pick((False,) * 4 + (True,)), of_entry.pick((True,) * 5 + (False,))
    if not there:
        return None
    return Entry(
        Key(key),
        title,
        bucket,
        Place("c.yaml", ENTRIES.index(key) + 1, 1),
        wanted,
        None if source is None else source_of(source),
        *_claims(key, former, pins),
        protect,
    )


def _file(
    of_file: Dice, file_id: int, buckets: int, identity: Identity, states: Sequence[int]
) -> Stored:
    bucket, mark = of_file.pick(range(1, buckets + 1)), of_file.pick(_MARKS)
    source, state, title = (
        of_file.pick(_LIVE_SOURCES),
        of_file.pick(states),
        of_file.pick(_LIVE_TITLES),
    )
    carried = dict(of_file.pick(_CARRIED))
    spelling, protect = (
        of_file.pick((_as_it_is, _as_it_is, _as_it_is, json.dumps)),
        of_file.pick(range(5)),
    )
    acr_id = of_file.pick(_ACRS) or f"acr{file_id}"
    if mark == "opaque":
        return Stored(file_id, acr_id, bucket, title, [1], state)
    if mark:
        whole = mark if "/" in mark or identity.format is MarkFormat.KEY else f"radio/{mark}"
        carried["catalog_key"] = 8 if whole == "8" else whole
    if source is not None and (mark or file_id % 3 == 0):
        carried["catalog_source"] = digest_of(source)
    if mark and not protect:
        carried["catalog_protect"] = "true"
    return Stored(file_id, acr_id, bucket, title, spelling(carried) if carried else [], state)


def _as_it_is(value: Any) -> Any:
    return value
