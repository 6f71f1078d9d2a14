"""Sees every request of the product just before the service does it, and judges it.

It knows the truth from the sandbox, the intents from the ledgers on disk, and the catalogue from
the world; it asks the product for nothing.

| a request that                | must find at that moment                                       |
|-------------------------------|----------------------------------------------------------------|
| writes                        | its intent on its host's ledger, on disk, and not ended (I5)   |
| writes to a file              | the file read shortly before, where and as the intent says     |
|                               | that it was (I13)                                              |
| is the first write of a run   | no limit broken, no entry whose file cannot be told (I14)      |
| creates                       | no file with the mark and the source of the new one (I1), and  |
|                               | no foreign twin                                                |
| deletes, or moves into a      | a mark of ours; and with the entry gone no protection, with    |
| trash                         | the entry there a ready file that stays                        |

What lies in a trash is no file of an entry's, and none that stays.

What happens between a look and the write that rests on it no client can see: `disturbed` says that
something has happened, and what was last looked at before it is not held against the product.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from reconciler.sandbox.faults import Fault, on
from reconciler.sandbox.faults.script import kind_of
from tests.simulation.world import BIN, BUCKETS, CATALOG, IGNORED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.sandbox.faults import Request, Rule
    from tests.simulation.world import Host, Wanted, World

File = dict[str, Any]
Record: TypeAlias = "Mapping[str, Any]"
_JUST_BEFORE = 10.0
"""Seconds for which a look counts."""


@dataclass
class Seen:
    """What was seen of one run."""

    host: Host
    fresh: bool
    """It executes all of a plan of its own."""
    requests: int = 0
    writes: int = 0
    last_write: int = 0
    """The number of the request, as all that follow."""
    listed: int = 0
    looked: dict[int, tuple[int, float]] = field(default_factory=dict)
    """By id: in which request, and when."""
    put: set[int] = field(default_factory=set)
    """Ids of files to which this run has sent an update."""
    disturbed: int = 0

    @property
    def is_disturbed(self) -> bool:
        """Somebody else did something while it was under way."""
        return self.disturbed > 0


class Witness:
    """Watches one world. `wrong` says what went wrong, since it sees it in other threads."""

    def __init__(self, world: World) -> None:
        self.wrong: list[str] = []
        self._world = world
        self._runs: dict[str, Seen] = {}
        self._before: Mapping[int, File] = {}
        self._uploading: Seen | None = None
        self._known = 0

    def rule(self) -> Rule:
        """Plays nothing, and sees everything."""
        return on("any", Fault(), where=self._sees)

    def begins(self, host: Host, *, fresh: bool = True) -> Seen:
        """A run begins."""
        self.look_at_creates()
        self._runs[f"Bearer {host.token}"] = seen = Seen(host, fresh)
        return seen

    def disturbed(self) -> None:
        """Something has happened, or is about to, that no run has done just now."""
        self.look_at_creates()
        for seen in self._runs.values():
            seen.disturbed = seen.requests

    def look_at_creates(self) -> None:
        """What was made since the last look must have been missing then."""
        files = self._files()
        mutations = self._world.sandbox.mutations
        for mutation in mutations[self._known :]:
            if mutation.what == "create":
                for number in mutation.ids:
                    if number in files:
                        self._judge(self._created, files[number])
        self._known = len(mutations)
        self._before = files

    def released(self) -> None:
        """What came late has just come: whatever was made then must have been missing."""
        self._uploading = None
        self.disturbed()

    def _files(self) -> Mapping[int, File]:
        return {int(file["id"]): file for file in self._world.sandbox.files()}

    def _judge(self, judge: Any, *args: Any) -> None:
        try:
            judge(*args)
        except AssertionError as error:
            self.wrong.append(str(error))

    def _sees(self, request: Request) -> bool:
        sent = {name.lower(): value for name, value in request.headers}
        self.look_at_creates()
        seen = self._runs[sent["authorization"]]
        seen.requests += 1
        ids = _ids_of(request)
        match kind_of(request):
            case "list":
                seen.listed = seen.requests
            case "get":
                now = self._world.clock.monotonic()
                seen.looked |= dict.fromkeys(ids, (seen.requests, now))
            case "upload" | "update" | "move" | "delete" as kind:
                self._judge(self._first_write if not seen.writes else self._write, seen, kind, ids)
                seen.writes += 1
                seen.last_write = seen.requests
                if kind == "upload":
                    self._uploading = seen
                if kind == "update":
                    seen.put.update(ids)
            case "bucket":  # which region it is in
                pass
            case other:
                self.wrong.append(f"a request that nobody needs: {other} {request.target}")
        return False

    # What must be so when the service is asked to write.

    def _first_write(self, seen: Seen, kind: str, ids: list[int]) -> None:
        if not seen.is_disturbed and seen.fresh:
            assert not self.helpless(), f"{self.helpless()} cannot be told, and {kind} was sent"
            most = self._world.limits.get("max_deletes")
            count = len(self.orphans())
            assert most is None or count <= most, f"{count} orphans, and {kind} was sent"
        self._write(seen, kind, ids)

    def _write(self, seen: Seen, kind: str, ids: list[int]) -> None:
        intents = self._intents(seen.host, "create" if kind == "upload" else kind)
        if kind == "upload":
            assert intents, "something was uploaded, and no create is on the ledger"
            return
        assert ids, f"{kind} of nothing"
        for number in ids:
            assert number in intents, f"{kind} of {number} is not on the ledger"
            self._rests_on(seen, kind, number, intents[number])
        if kind == "delete" or any(intents[number].get("trash") for number in ids):
            self._may_go(seen, ids, intents)

    def _rests_on(self, seen: Seen, kind: str, number: int, intent: Mapping[str, Any]) -> None:
        request, at = seen.looked.get(number, (0, 0.0))
        assert request, f"{kind} of {number}, which nobody looked at"
        ago = self._world.clock.monotonic() - at
        assert ago <= _JUST_BEFORE, f"{kind} of {number}, {ago} seconds after it was looked at"
        if request <= seen.disturbed:
            return
        file = self._before.get(number)
        assert file is not None, f"{kind} of {number}, which is gone"
        where = intent["from_bucket_id" if kind == "move" else "bucket_id"]
        assert file["bucket_id"] == where, f"{kind} of {number}, which is not in {where}"
        live = content(file)
        sides = [intent["before"]]
        if kind == "update" and number in seen.put:
            # An answer was lost, or the service merges: it may have done some of it.
            sides.append(intent["after"])
        assert _is_of(live, sides), f"{kind} of {number}: it was {live}, and {sides} is believed"

    def _may_go(self, seen: Seen, ids: list[int], intents: Mapping[int, Record]) -> None:
        stay = [file for file in _outside(self._before.values()) if file["id"] not in ids]
        for file in (self._before[number] for number in ids if number in self._before):
            relied_on = self._relied_on(seen.host, intents[file["id"]]) or file["id"]
            if seen.is_disturbed and seen.looked.get(relied_on, (0, 0.0))[0] <= seen.disturbed:
                continue
            key = key_of(file)
            assert key is not None, f"{file} is foreign, and is deleted"
            entry = self.entry_of(key)
            if entry is None:
                protect = file["user_defined"].get("catalog_protect")
                assert protect is None, f"{file} is protected, and is deleted"
                assert self._world.entries, f"{file} is deleted, for an empty catalogue"
            else:
                ready = [one for one in self._files_of(entry, stay) if one["state"] == 1]
                assert ready, f"{file} is deleted, and no ready file of {entry} stays"

    def _created(self, file: File) -> None:
        seen = self._uploading
        if seen is not None and seen.is_disturbed and seen.disturbed >= seen.listed:
            return
        key, digest = key_of(file), file["user_defined"].get("catalog_source")
        assert key is not None, f"{file} was made without a mark"
        own = [one for one in _outside(self._before.values()) if key_of(one) == key]
        same = [one["id"] for one in own if one["user_defined"].get("catalog_source") == digest]
        assert not same, f"{file} was made, and {same} were there"
        if not own and (seen is None or not seen.is_disturbed):
            twins = self.twins(file["bucket_id"], file["title"], digest, self._before.values())
            assert not twins, f"{file} was made beside {twins}"

    # What is true of the world, in a few words of its own.

    def entry_of(self, key: str) -> str | None:
        """The key of the entry whose file a file with this key is."""
        for name, entry in self._world.entries.items():
            if key == name or key in entry.was:
                return name
        return None

    def files_of(self, key: str) -> list[File]:
        """The live files of an entry."""
        return list(self._files_of(key, _outside(self._files().values())))

    def _files_of(self, key: str, files: Iterable[File]) -> Iterator[File]:
        names = {key, *self._world.entries[key].was}
        return (file for file in files if key_of(file) in names)

    def helpless(self) -> list[str]:
        """Entries that have no file, and nothing to make one from."""
        return [
            key
            for key, entry in self._world.entries.items()
            if entry.source is None and not self.files_of(key) and not self._thrown_away(key)
        ]

    def _thrown_away(self, key: str) -> list[File]:
        """What may come back to an entry from the trash."""
        files = [file for file in self._files().values() if file["bucket_id"] == BIN]
        return [file for file in self._files_of(key, files) if file["state"] != -1]

    def leftovers(self) -> list[File]:
        """Files of ours whose key is no entry's own."""
        return [
            file
            for file in _outside(self._files().values())
            if (key := key_of(file)) is not None and key not in self._world.entries
        ]

    def orphans(self) -> list[File]:
        """Files that go with their entry; but for those that a new name may be found for."""
        wanting = {
            entry.digest for key, entry in self._world.entries.items() if not self.files_of(key)
        }
        return [
            file
            for file in self.leftovers()
            if self.entry_of(str(key_of(file))) is None
            and file["user_defined"].get("catalog_source", "") not in wanting
        ]

    def twins_of(self, key: str, entry: Wanted) -> list[File]:
        """Foreign files that stand in the way of an entry's new file."""
        if entry.source is None or self.files_of(key):
            return []
        files = self._files().values()
        return self.twins(BUCKETS[entry.bucket], entry.title, entry.digest, files)

    @staticmethod
    def twins(bucket: int, title: str, digest: str | None, files: Iterable[File]) -> list[File]:
        """The foreign ones of these files that have the title or the source."""
        return [
            file
            for file in files
            if file["bucket_id"] == bucket
            and key_of(file) is None
            and (file["title"] == title or file["user_defined"].get("catalog_source") == digest)
        ]

    def _intents(self, host: Host, action: str) -> Mapping[Any, Record]:
        """What the host's last run has begun and not ended; by id, a create by its key."""
        begun: dict[str, Record] = {}
        for record in self._records(host):
            if record["kind"] == "change.began" and record["action"] == action:
                begun[record["id"]] = record
            elif record["kind"] == "change.ended":
                begun.pop(record["id"], None)
        return {intent.get("file_id", intent["key"]): intent for intent in begun.values()}

    def _relied_on(self, host: Host, delete: Record) -> int | None:
        """The id of the file that stays in the place of the one that goes; None: of none."""
        for record in self._records(host):
            if record["kind"] == "change.ended" and record["id"] == delete.get("after_change"):
                return record.get("file_id")
        return delete.get("keeps")

    def _records(self, host: Host) -> Sequence[Record]:
        """What the host's last run has on its ledger."""
        found: list[Record] = []
        data = self._world.on_disk(host)
        for line in data.rpartition(b"\n")[0].splitlines():
            record = json.loads(line)
            if record["kind"] == "run.began":
                found.clear()
            found.append(record)
        return found


def _outside(files: Iterable[File]) -> Iterator[File]:
    """Those that do not lie in the trash."""
    return (file for file in files if file["bucket_id"] != BIN)


def key_of(file: Mapping[str, Any]) -> str | None:
    """The key on its mark; None: it is foreign."""
    catalog, _, key = str(file["user_defined"].get("catalog_key") or "").partition("/")
    return key if catalog == CATALOG and key else None


def content(file: Mapping[str, Any]) -> dict[str, Any]:
    """A file's title and values, as far as they are the catalogue's business."""
    values = {
        name: value
        for name, value in file["user_defined"].items()
        if name not in IGNORED and value is not None
    }
    return {"title": file["title"], "user_defined": values}


def _is_of(live: Mapping[str, Any], sides: list[Mapping[str, Any]]) -> bool:
    """Whether title and each value are those of one of the sides."""
    names = {name for side in (live, *sides) for name in side["user_defined"]}
    return any(live["title"] == side["title"] for side in sides) and all(
        any(live["user_defined"].get(name) == side["user_defined"].get(name) for side in sides)
        for name in names
    )


_IDS = re.compile(r"/files/([0-9,]+)(?:/move)?$")


def _ids_of(request: Request) -> list[int]:
    found = _IDS.search(request.path)
    return [] if found is None else [int(number) for number in found[1].split(",") if number]
