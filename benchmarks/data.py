"""A catalogue and its live buckets, made by number: the same every time.

An entry is some 300 bytes of YAML, a live file some 430 bytes of JSON. What they differ in is one
of four things: see `Differing`.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice
from pathlib import Path

BUCKET = 8891
ARCHIVE = 8892
CATALOG = "bench"
ENTRIES_A_FILE = 10_000

_HEAD = f"""\
version: 1
catalog: {CATALOG}
buckets:
  tracks: {{id: {BUCKET}}}
  archive: {{id: {ARCHIVE}}}
defaults: {{bucket: tracks}}
limits: {{max_deletes: null, max_delete_percent: null, max_update_percent: null,
          max_removed_values: null}}
"""


class Differing(StrEnum):
    """How what is live differs from the catalogue."""

    FEW = "few"
    """1 % were changed since the last apply, half of them in their title and half in their
    metadata; 0.5 % are new in the catalogue, and 0.5 % are gone from it."""
    TITLES = "titles"
    """Every entry has another title: that many updates."""
    BUCKETS = "buckets"
    """Every entry belongs in the archive: that many moves."""
    GONE = "gone"
    """No entry is left but one besides: that many deletes."""


class Layout(StrEnum):
    """How the catalogue lies on the disk."""

    FILES = "YAML in files of 10,000"
    WHOLE = "one YAML file"
    JSONL = "JSON Lines"


@dataclass(frozen=True, slots=True)
class Track:
    """One recording, as the catalogue has it or as it was last applied."""

    number: int
    title: str
    artist: str
    archived: bool = False

    @property
    def key(self) -> str:
        """The entry's key."""
        return f"track-{self.number:07}"

    @property
    def sha256(self) -> str:
        """The digest of its audio, which lies on another machine."""
        return hashlib.sha256(self.key.encode()).hexdigest()

    def metadata(self) -> dict[str, str | int]:
        """Its `user_defined` values."""
        return {
            "artist": self.artist,
            "isrc": f"DE-A12-26-{self.number:07}",
            "label": f"Label {self.number % 97}",
            "year": 1960 + self.number % 66,
        }


Pair = tuple[Track | None, Track | None]
"""What is desired and what is live; None: it is not there."""


def pairs(differing: Differing, count: int) -> Iterator[Pair]:
    """Of each recording what is desired and what is live: `count` of them, and of what is gone
    one more, which stays."""
    make = _PAIRS[differing]
    return (make(number) for number in range(count + (differing is Differing.GONE)))


def shares(count: int) -> tuple[int, int, int]:
    """How many of so many, where a `FEW` differ, are new, changed, and gone."""
    new, title, artist, gone = (len(range(first, count, 200)) for first in (150, 50, 100, 199))
    return new, title + artist, gone


def _live(number: int) -> Track:
    title = f"Recording {number} of the bench, take {number % 7}"
    return Track(number, title, f"Artist {number % 1000}")


def _few(number: int) -> Pair:
    live = _live(number)
    match number % 200:
        case 50:
            return replace(live, title=f"{live.title} (remastered)"), live
        case 100:
            return replace(live, artist=f"{live.artist} and friends"), live
        case 150:
            return live, None
        case 199:
            return None, live
        case _:
            return live, live


def _titles(number: int) -> Pair:
    live = _live(number)
    return replace(live, title=f"{live.title} (remastered)"), live


def _buckets(number: int) -> Pair:
    live = _live(number)
    return replace(live, archived=True), live


def _gone(number: int) -> Pair:
    live = _live(number)
    return (live if number == 0 else None), live


_PAIRS: dict[Differing, Callable[[int], Pair]] = {
    Differing.FEW: _few,
    Differing.TITLES: _titles,
    Differing.BUCKETS: _buckets,
    Differing.GONE: _gone,
}


def yaml_entry(track: Track, indent: str = "  ") -> str:
    """An entry as people write it."""
    bucket = f"{indent}  bucket: archive\n" if track.archived else ""
    return (
        f"{indent}{track.key}:\n{bucket}"
        f"{indent}  title: {track.title}\n"
        f"{indent}  source: {{audio: audio/{track.number // 1000:04}/{track.key}.flac, "
        f"sha256: {track.sha256}}}\n"
        f"{indent}  user_defined:\n"
        + "".join(f"{indent}    {name}: {value}\n" for name, value in track.metadata().items())
    )


def json_entry(track: Track) -> dict[str, object]:
    """An entry as a line of JSON Lines, without its key."""
    source = {
        "audio": f"audio/{track.number // 1000:04}/{track.key}.flac",
        "sha256": track.sha256,
    }
    return {"title": track.title, "source": source, "user_defined": track.metadata()}


def marked(track: Track) -> dict[str, str | int]:
    """Its `user_defined` with the catalogue's mark."""
    return track.metadata() | {
        "catalog_key": f"{CATALOG}/{track.key}",
        "catalog_source": f"sha256:{track.sha256[:16]}",
    }


def live_file(track: Track) -> dict[str, object]:
    """A file as the service lists it: the fields and types of the API page."""
    return {
        "id": track.number + 1,
        "uid": 1,
        "audio_id": "",
        "bucket_id": BUCKET,
        "title": track.title,
        "duration": 180.5 + track.number % 100,
        "state": 1,
        "acr_id": track.sha256[:32],
        "user_defined": marked(track),
        "created_at": "2026-01-01T00:00:00.000000Z",
        "updated_at": "2026-01-01T00:00:00.000000Z",
    }


def write_catalog(folder: Path, made: Iterable[Pair], layout: Layout) -> None:
    """The catalogue, in one file or with its entries in files of 10,000 beside the head."""
    desired = (track for track, _ in made if track is not None)
    folder.mkdir(parents=True, exist_ok=True)
    if layout is Layout.WHOLE:
        _write_yaml(folder / "catalog.yaml", _HEAD, desired)
        return
    ending = "jsonl" if layout is Layout.JSONL else "yaml"
    head = f"{_HEAD}include: [tracks/*.{ending}]\n"
    (folder / "catalog.yaml").write_text(head, "utf-8")
    (folder / "tracks").mkdir(exist_ok=True)
    number = 0
    while part := list(islice(desired, ENTRIES_A_FILE)):
        path = folder / "tracks" / f"{number:04}.{ending}"
        if layout is Layout.JSONL:
            _write_lines(path, ({"key": track.key, **json_entry(track)} for track in part))
        else:
            _write_yaml(path, "", part)
        number += 1


def write_live(path: Path, made: Iterable[Pair]) -> None:
    """The live files, one object a line."""
    _write_lines(path, (live_file(live) for _, live in made if live is not None))


def write_floor(folder: Path, made: Iterable[Pair]) -> None:
    """Both sides as JSON: `desired.json`, an object of entries by the key that the mark has, each
    with the `user_defined` that its file should have; `live.json`, an array of files."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        (folder / "desired.json").open("w", encoding="utf-8") as desired,
        (folder / "live.json").open("w", encoding="utf-8") as live,
    ):
        before_entry, before_file = "{", "["
        for wanted, file in made:
            if wanted is not None:
                entry = json_entry(wanted) | {"user_defined": marked(wanted)}
                key = _compact(f"{CATALOG}/{wanted.key}")
                desired.write(f"{before_entry}{key}:{_compact(entry)}")
                before_entry = ","
            if file is not None:
                live.write(f"{before_file}{_compact(live_file(file))}")
                before_file = ","
        desired.write("}")
        live.write("]")


def _write_yaml(path: Path, head: str, desired: Iterable[Track]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(f"{head}files:\n")
        file.writelines(map(yaml_entry, desired))


def _write_lines(path: Path, values: Iterable[object]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{_compact(value)}\n" for value in values)


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
