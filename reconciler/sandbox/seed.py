"""Fills a sandbox with the buckets of a catalogue and with the files that it pins.

Reads YAML by itself: an emulator that shared a parser with the reconciler would share its
mistakes. Of the catalogue only `buckets`, `defaults` and `files` are looked at, and of `files`
only the entries with an `acr_id`; includes are not followed. What is there already is kept.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.records import NewBucket, NewFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.sandbox.buckets import Buckets
    from reconciler.sandbox.records import JsonValue
    from reconciler.sandbox.store import Store

_LARGEST_CATALOGUE = 64 << 20
_LARGEST_ID = 2**31 - 1
_MOST_NODES = 10_000


@dataclass(frozen=True, slots=True)
class Seed:
    """What a catalogue asks for: buckets, and (bucket id, file) pairs."""

    buckets: tuple[NewBucket, ...]
    files: tuple[tuple[int, NewFile], ...]


class _PlainLoader(yaml.SafeLoader):
    """SafeLoader whose numbers are those that read back the same: 00123, 12:30 and NO stay text."""


_PlainLoader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"true|false", "tf"),
    ("int", r"0|-?[1-9][0-9]{0,17}", "-0123456789"),
    ("float", r"-?(0|[1-9][0-9]*)\.[0-9]+", "-0123456789"),
    ("null", r"~|null|", ["~", "n", ""]),
    ("merge", r"<<", "<"),
):
    _PlainLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first)
    )


def read(path: Path) -> Seed:
    """Reads a catalogue; anything wrong with it is a `SandboxError` of one line."""
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST_CATALOGUE + 1)
        return _seed(_PlainLoader(_bounded(text).decode("utf-8-sig")).get_single_data())
    except OSError as error:
        raise SandboxError(f"{path}: {error.strerror or error}") from error
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        words = " ".join(str(error).split())
        raise SandboxError(f"{path}: cannot be read as a catalogue: {words}") from error


def plant(seed: Seed, buckets: Buckets, store: Store, *, now: float) -> None:
    """Makes what is missing: a bucket by its id, a file by its acr_id."""
    for bucket in seed.buckets:
        if bucket.id is not None and buckets.region(bucket.id) is None:
            buckets.add(bucket, now=now, log=False)
    for bucket_id, file in seed.files:
        if file.acr_id is not None and store.live_file(file.acr_id) is None:
            store.add(bucket_id, [file], now=now, log=False)


def _seed(document: object) -> Seed:
    catalogue = _mapping(document, "the catalogue")
    buckets = {
        str(name): _bucket(str(name), _mapping(value, f"buckets.{name}"))
        for name, value in _mapping(catalogue.get("buckets"), "buckets").items()
    }
    defaults = _mapping(catalogue.get("defaults") or {}, "defaults")
    entries = _mapping(catalogue.get("files") or {}, "files")
    files = []
    for key, value in entries.items():
        entry = _mapping(value or {}, f"files.{key}")
        if entry.get("acr_id") is not None:
            files.append(_file(str(key), entry, defaults, buckets))
    return Seed(tuple(buckets.values()), tuple(files))


def _bucket(name: str, value: dict[Any, Any]) -> NewBucket:
    bucket_id = value.get("id")
    if not isinstance(bucket_id, int) or not 1 <= bucket_id <= _LARGEST_ID:
        raise ValueError(f"buckets.{name}.id: expected a number from 1 to {_LARGEST_ID}")
    return NewBucket(name=name, id=bucket_id)


def _file(
    key: str, entry: dict[Any, Any], defaults: dict[Any, Any], buckets: dict[str, NewBucket]
) -> tuple[int, NewFile]:
    acr_id = str(entry["acr_id"])
    if not re.fullmatch(r"[0-9a-fA-F]{32}", acr_id):
        raise ValueError(f"files.{key}.acr_id: expected 32 hex digits")
    only = next(iter(buckets)) if len(buckets) == 1 else None
    name = entry.get("bucket", defaults.get("bucket", only))
    if name is None or str(name) not in buckets:
        raise ValueError(f"files.{key}.bucket: {name} is none of {', '.join(buckets)}")
    metadata = {
        **_mapping(defaults.get("user_defined") or {}, "defaults.user_defined"),
        **_mapping(entry.get("user_defined") or {}, f"files.{key}.user_defined"),
    }
    nodes = itertools.count()
    new = NewFile(
        title=str(entry.get("title", key)),
        user_defined={str(field): _json(value, nodes) for field, value in metadata.items()},
        acr_id=acr_id.lower(),
    )
    return buckets[str(name)].id or 0, new


def _bounded(text: bytes) -> bytes:
    if len(text) > _LARGEST_CATALOGUE:
        raise ValueError(f"larger than {_LARGEST_CATALOGUE >> 20} MiB")
    return text


def _mapping(value: object, where: str) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"{where}: expected a mapping")
    return value


def _json(value: object, nodes: Iterator[int]) -> JsonValue:
    """`nodes` counts the values of one entry: aliases can make many of few."""
    if next(nodes) > _MOST_NODES:
        raise ValueError(f"more than {_MOST_NODES} values in one user_defined")
    if isinstance(value, dict):
        return {str(key): _json(child, nodes) for key, child in value.items()}
    if isinstance(value, list):
        return [_json(child, nodes) for child in value]
    if isinstance(value, (str, bool, int, float)) or value is None:
        return value
    raise ValueError(f"{value!r} has no form in JSON")
