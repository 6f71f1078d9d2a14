"""One catalogue and one service that differ in every way that a plan can have a change for, and
what must be true of both whenever a run was killed, and after the next.

The updates are all in one bucket: batches of several buckets are read at the same time, and a run
would not pass its points in the same order every time.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import wave
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.server import running

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from reconciler.sandbox.console import Sandbox
    from tests.zygote import Ended, Running, Zygote

SPOTS, ARCHIVE = 8891, 8892

CATALOG = """\
version: 1
catalog: radio-ads
buckets:
  spots: {id: 8891}
  archive: {id: 8892}
limits: {max_update_percent: null, max_delete_percent: null}
defaults: {bucket: spots}
files:
  new-audio: {title: New, source: {audio: audio/new.wav}, user_defined: {artist: Acme}}
  new-acrid: {title: By acrid, source: {acrid: 0123456789abcdef0123456789abcdef}}
  outdated: {title: Outdated, source: {audio: audio/outdated.wav}, user_defined: {year: 1979}}
  moved: {title: Moved, bucket: archive}
  moved-on: {title: Moved on, bucket: archive, user_defined: {season: winter}}
  retitled: {title: New title, bucket: archive, user_defined: {artist: Acme}}
  stripped: {title: Stripped, bucket: archive, user_defined: {artist: Acme}}
  twice: {title: Twice}
  same: {title: Same, bucket: archive, user_defined: {count: 8}}
"""

WANTED: Mapping[str, tuple[int, str, Mapping[str, Any]]] = {
    "new-audio": (SPOTS, "New", {"artist": "Acme"}),
    "new-acrid": (SPOTS, "By acrid", {}),
    "outdated": (SPOTS, "Outdated", {"year": 1979, "played_duration": 8}),
    "moved": (ARCHIVE, "Moved", {}),
    "moved-on": (ARCHIVE, "Moved on", {"season": "winter"}),
    "retitled": (ARCHIVE, "New title", {"artist": "Acme", "from": "ucf"}),
    "stripped": (ARCHIVE, "Stripped", {"artist": "Acme"}),
    "twice": (SPOTS, "Twice", {}),
    "same": (ARCHIVE, "Same", {"count": 8}),
}

OLD_SOURCE = "sha256:00000000000000aa"

LIVE: Mapping[int, tuple[int, str, str, Mapping[str, Any]]] = {
    101: (SPOTS, "moved", "Moved", {}),
    102: (SPOTS, "moved-on", "Moved on", {"season": "summer"}),
    103: (SPOTS, "nobody", "Orphan", {"catalog_source": OLD_SOURCE}),
    104: (SPOTS, "twice", "Twice", {"catalog_source": OLD_SOURCE}),
    105: (SPOTS, "twice", "Twice", {"catalog_source": OLD_SOURCE}),
    106: (
        SPOTS,
        "outdated",
        "Outdated",
        {"catalog_source": OLD_SOURCE, "year": 1979, "played_duration": 8},
    ),
    201: (ARCHIVE, "retitled", "Old title", {"artist": "Acme", "from": "ucf"}),
    202: (ARCHIVE, "stripped", "Stripped", {"artist": "Acme", "gone": {"a": [1]}}),
    204: (ARCHIVE, "same", "Same", {"count": "8"}),
}

FOREIGN: Mapping[int, tuple[int, str, Mapping[str, Any]]] = {
    107: (SPOTS, "Somebody's", {}),
    108: (SPOTS, "Another catalogue's", {"catalog_key": "other/retitled"}),
    203: (ARCHIVE, "Moved on, by somebody", {"season": "winter"}),
}

Doing = tuple[str, str]
"""A verb, and the key, or for a file that goes its id."""

PLANNED: Counter[Doing] = Counter(
    [
        ("create", "new-audio"),
        ("create", "new-acrid"),
        ("create", "outdated"),
        ("move", "moved"),
        ("move", "moved-on"),
        ("update", "moved-on"),
        ("update", "retitled"),
        ("update", "stripped"),
        ("delete", "103"),
        ("delete", "105"),
        ("delete", "106"),
    ]
)

EVERYTHING = bool(os.environ.get("RECONCILER_EXAMPLES"))
"""Whether to leave out nothing: the long run."""

APPLY = ("apply", "--yes", "--settle", "0s", "--concurrency", "1")


@dataclass
class ServiceClock:
    """The sandbox's clock: `ahead` of ours by so many seconds, or standing still."""

    ahead: float = 0.0
    stands_at: float | None = None

    def __call__(self) -> float:
        """The epoch's seconds, there."""
        return (time.time() if self.stands_at is None else self.stands_at) + self.ahead

    def stand(self) -> None:
        """Let no more time pass there than `ahead` says."""
        self.stands_at = time.time()


@dataclass
class Scene:
    """A folder with the catalogue, and a sandbox with the files, which are an hour old."""

    folder: Path
    sandbox: Sandbox
    clock: ServiceClock
    zygote: Zygote
    url: str = field(init=False)
    bystanders: Mapping[int, Any] = field(init=False)

    def __post_init__(self) -> None:
        """Remember what must not change."""
        self.bystanders = {number: self.sandbox.file(number) for number in (*FOREIGN, 204)}
        self.url = self.sandbox.url

    @property
    def ledger(self) -> Path:
        """Where the command keeps it."""
        return self.folder / ".reconciler" / "ledger.jsonl"

    @property
    def journal(self) -> Path:
        """Where the points of the run before are written."""
        return self.folder / "points.txt"

    def start(
        self, *arguments: str, instruments: Sequence[tuple[str, Mapping[str, Any]]] = ()
    ) -> Running:
        """Start the command."""
        env = {
            "PATH": str(self.folder),  # without git, which would be asked for the commit
            "HOME": str(self.folder),
            "RECONCILER_BASE_URL": self.url,
            "ACRCLOUD_ACCESS_TOKEN": "a-token-of-the-sandbox",
        }
        return self.zygote.start(*arguments, folder=self.folder, env=env, instruments=instruments)

    def apply(self, *instruments: tuple[str, Mapping[str, Any]], more: Sequence[str] = ()) -> Ended:
        """One apply by one worker, to its end or its death."""
        ended = self.start(*APPLY, *more, instruments=instruments).wait()
        assert "Traceback" not in ended.err, ended.err
        if ended.code == 0:
            self.is_as_wanted()
        return ended

    def apply_dying(self, *, more: Sequence[str] = (), **points: Any) -> tuple[Ended, list[str]]:
        """One apply under `Points`; how it ended, and the points that it passed."""
        self.journal.unlink(missing_ok=True)
        made_with = {"ledger": str(self.ledger), "journal": str(self.journal), "die": "kill"}
        ended = self.apply(("tests.crashing.points:Points", {**made_with, **points}), more=more)
        return ended, self.journal.read_text("utf-8").splitlines()

    # What must be true at any moment.

    def nothing_was_done_but_what_was_planned(self, *, repeated: Sequence[Doing] = ()) -> None:
        """I1, I2, I5: no key has more files than it should; nobody else's file was touched; and
        what was done is a part of the plan, nothing of it twice, and all of it on the ledger."""
        done = self.done()
        again = done - PLANNED
        assert set(again) <= set(repeated), f"done, and not planned: {again}"
        began = self.began()
        assert set(done) <= began, f"done, and not on the ledger: {set(done) - began}"
        for number, before in self.bystanders.items():
            assert self.sandbox.file(number) == before

    def done(self) -> Counter[Doing]:
        """What was done to the service."""
        done: Counter[Doing] = Counter()
        for mutation in self.sandbox.mutations:
            for number in mutation.ids:
                done[mutation.what, self._name(mutation.what, number)] += 1
        return done

    def began(self) -> set[Doing]:
        """What is on the ledger as begun."""
        return {
            (
                record["action"],
                str(record["file_id"]) if record["action"] == "delete" else record["key"],
            )
            for record in self.records()
            if record["kind"] == "change.began"
        }

    def records(self) -> list[dict[str, Any]]:
        """The ledger's whole lines."""
        return [json.loads(line) for line in self._whole_lines()]

    def ledger_bytes(self) -> bytes:
        """The ledger as it is; nothing where there is none."""
        return self.ledger.read_bytes() if self.ledger.exists() else b""

    def _whole_lines(self) -> list[bytes]:
        whole, _, _torn = self.ledger_bytes().rpartition(b"\n")
        return whole.splitlines()

    def _name(self, what: str, number: int) -> str:
        if what == "delete":
            return str(number)
        file = self.sandbox.file(number)
        if file is None:
            # It has another id now, or is gone.
            return LIVE[number][1] if number in LIVE else str(number)
        return str(file["user_defined"]["catalog_key"]).partition("/")[2]

    # What must be true in the end.

    def is_as_wanted(self) -> None:
        """By the truth, and by nothing that the product has in it."""
        owned: dict[str, list[Any]] = {}
        for file in self.sandbox.files():
            catalog, _, key = str(file["user_defined"].get("catalog_key", "")).partition("/")
            if catalog == "radio-ads":
                owned.setdefault(key, []).append(file)
        assert {key: len(files) for key, files in owned.items()} == dict.fromkeys(WANTED, 1)
        for key, (bucket, title, values) in WANTED.items():
            [file] = owned[key]
            shown = {
                name: value
                for name, value in file["user_defined"].items()
                if not name.startswith("catalog_") and value is not None
            }
            if key == "same":
                shown = {name: int(value) for name, value in shown.items()}
            assert (file["bucket_id"], file["title"], shown) == (bucket, title, values), key
        for key, name in (("new-audio", "new.wav"), ("outdated", "outdated.wav")):
            digest = hashlib.sha256((self.folder / "audio" / name).read_bytes()).hexdigest()
            assert owned[key][0]["sha256"] == digest

    def is_repaired_by_the_next_run(
        self, *, repeated: Sequence[Doing] = (), more: Sequence[str] = ()
    ) -> None:
        """I1-I6: the next run does the rest of what was planned, each once; the chain holds; and
        one more finds nothing, sends nothing and writes nothing."""
        left = self.ledger_bytes()
        ended = self.apply(more=more)
        assert ended.code == 0, (ended.out, ended.err)
        self.nothing_was_done_but_what_was_planned(repeated=repeated)
        assert not PLANNED - self.done()
        self.chain_holds()
        written = self.ledger_bytes()
        # A torn last line is healed by the next run that has something to write.
        assert written == left or written.endswith(b"\n")
        self.sandbox.forget()
        assert self.apply().code == 0
        assert self.sandbox.mutations == []
        assert self.ledger_bytes() == written

    def chain_holds(self) -> None:
        """I6, by what the ledger's documentation says, and not by the product."""
        before = "sha256:" + "0" * 64
        for number, line in enumerate(self._whole_lines(), start=1):
            record = json.loads(line)
            body, mark, _ = line.rpartition(b',"hash":')
            assert mark
            assert record["hash"] == f"sha256:{hashlib.sha256(body).hexdigest()}", number
            assert (record["seq"], record["prev"]) == (number, before), number
            before = record["hash"]


@contextmanager
def scene(folder: Path, zygote: Zygote, **service: Any) -> Iterator[Scene]:
    """The scene, as long as the block runs. `service`: what the sandbox is made with."""
    (folder / ".reconciler").mkdir(parents=True)
    (folder / "catalog.yaml").write_text(CATALOG, "utf-8")
    for level, name in enumerate(("new.wav", "outdated.wav"), start=1):
        _write_audio(folder / "audio" / name, level)
    clock = ServiceClock(ahead=-3600.0)
    with running(clock=clock, **service) as sandbox:
        for number, name in ((SPOTS, "spots"), (ARCHIVE, "archive")):
            sandbox.add_bucket(name, id=number)
            sandbox.add_files(number, _files_of(number))
        clock.ahead = 0.0
        yield Scene(folder, sandbox, clock, zygote)


def _files_of(bucket: int) -> Iterator[dict[str, Any]]:
    for number, (place, key, title, values) in LIVE.items():
        if place == bucket:
            mark = {"catalog_key": f"radio-ads/{key}"}
            yield {
                "id": number,
                "acr_id": f"{number:032x}",
                "title": title,
                "user_defined": {**mark, **values},
            }
    for number, (place, title, values) in FOREIGN.items():
        if place == bucket:
            yield {"id": number, "title": title, "user_defined": values}


def _write_audio(path: Path, level: int) -> None:
    path.parent.mkdir(exist_ok=True)
    with wave.open(str(path), "wb") as audio:
        audio.setnchannels(1)
        audio.setsampwidth(1)
        audio.setframerate(8000)
        audio.writeframes(bytes([128 + level]) * 400)
