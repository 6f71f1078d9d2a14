"""A catalogue and its live buckets, made by number: the same every time.

Of the entries 1 % were changed since the last apply (half of them in their title, half in their
metadata), 0.5 % are new in the catalogue, and 0.5 % are gone from it. An entry is some 320 bytes
of YAML, a live file some 400 bytes of JSON.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BUCKET = 8891
ARCHIVE = 8892
CATALOG = "bench"
_ENTRIES_A_FILE = 10_000

HEAD = """\
version: 1
catalog: {catalog}
api: {{base_url: {url}}}
buckets:
  tracks: {{id: {bucket}}}
  archive: {{id: {archive}}}
defaults: {{bucket: tracks}}
limits: {{max_deletes: null, max_delete_percent: null, max_update_percent: null,
          max_removed_values: null}}
"""


@dataclass(frozen=True, slots=True)
class Track:
    """One recording, as the catalogue has it or as it was last applied."""

    number: int
    title: str
    artist: str

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


def tracks(count: int) -> Iterator[tuple[Track | None, Track | None]]:
    """Of each recording what is desired and what is live; None: it is not there."""
    for number in range(count):
        title = f"Recording {number} of the bench, take {number % 7}"
        live = Track(number, title, f"Artist {number % 1000}")
        match number % 200:
            case 50:
                yield Track(number, f"{title} (remastered)", live.artist), live
            case 100:
                yield Track(number, title, f"{live.artist} and friends"), live
            case 150:
                yield live, None
            case 199:
                yield None, live
            case _:
                yield live, live


def yaml_entry(track: Track, indent: str = "  ") -> str:
    """An entry as people write it."""
    return (
        f"{indent}{track.key}:\n"
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


def live_file(track: Track, *, mark: bool = True) -> dict[str, object]:
    """A file as the service lists it: the fields and types of the API page."""
    user_defined: dict[str, str | int] = track.metadata()
    if mark:
        user_defined |= {
            "catalog_key": f"{CATALOG}/{track.key}",
            "catalog_source": f"sha256:{track.sha256[:16]}",
        }
    return {
        "id": track.number + 1,
        "uid": 1,
        "audio_id": "",
        "bucket_id": BUCKET,
        "title": track.title,
        "duration": 180.5 + track.number % 100,
        "state": 1,
        "acr_id": track.sha256[:32],
        "user_defined": user_defined,
        "created_at": "2026-01-01T00:00:00.000000Z",
        "updated_at": "2026-01-01T00:00:00.000000Z",
    }


def write_catalog(folder: Path, count: int, url: str, *, form: str = "yaml", whole: bool) -> None:
    """A catalogue in one file, or its entries in files of 10,000 beside the head; `form`: yaml or
    jsonl."""
    folder.mkdir(parents=True, exist_ok=True)
    head = HEAD.format(catalog=CATALOG, url=url, bucket=BUCKET, archive=ARCHIVE)
    desired = (wanted for wanted, _ in tracks(count) if wanted is not None)
    if whole:
        with (folder / "catalog.yaml").open("w", encoding="utf-8") as file:
            file.write(f"{head}files:\n")
            file.writelines(map(yaml_entry, desired))
        return
    (folder / "catalog.yaml").write_text(f"{head}include: [tracks/*.{form}]\n", "utf-8")
    (folder / "tracks").mkdir(exist_ok=True)
    for part in range(-(-count // _ENTRIES_A_FILE)):
        of_part = (track for _, track in zip(range(_ENTRIES_A_FILE), desired, strict=False))
        with (folder / "tracks" / f"{part:04}.{form}").open("w", encoding="utf-8") as file:
            if form == "yaml":
                file.write("files:\n")
                file.writelines(map(yaml_entry, of_part))
            else:
                for track in of_part:
                    line = {"key": track.key, **json_entry(track)}
                    file.write(f"{json.dumps(line, separators=(',', ':'))}\n")


def write_live(path: Path, count: int) -> None:
    """The live files, one object a line."""
    with path.open("w", encoding="utf-8") as file:
        for _, live in tracks(count):
            if live is not None:
                file.write(f"{json.dumps(live_file(live), separators=(',', ':'))}\n")
