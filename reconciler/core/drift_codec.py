"""Drift as JSON and back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from reconciler.core.change_codec import decode_content, decode_place, encode_content
from reconciler.core.codec import Made
from reconciler.core.drift import Direction, Drift, DriftItem
from reconciler.core.model import FileId, Json, Key
from reconciler.core.streaming import Streamed

FORMAT: Final = "reconciler/drift/1"


@dataclass(frozen=True, slots=True)
class DriftReport:
    """A drift, and of which catalogue, and when it was looked for."""

    catalog: str
    drift: Drift
    made: Made


def encode_drift(report: DriftReport) -> Streamed:
    """The drift for `--format json`: values are exact, and what does not apply is left out."""
    drift, made = report.drift, report.made
    return {
        "format": FORMAT,
        "catalog": {"name": report.catalog},
        "entries": drift.entries,
        "in_sync": drift.in_sync,
        "pending": drift.pending,
        "unmanaged": drift.unmanaged,
        "items": map(_encode_item, drift.items),
        "created_at": made.created_at,
        "tool": made.tool,
    }


def decode_drift(body: Mapping[str, Any]) -> DriftReport:
    """The drift of a file. `body`: its JSON, whose structure was checked against
    `schemas/drift.schema.json`."""
    drift = Drift(
        items=tuple(map(_decode_item, body["items"])),
        unmanaged=body["unmanaged"],
        pending=body["pending"],
        entries=body["entries"],
        in_sync=body["in_sync"],
    )
    return DriftReport(body["catalog"]["name"], drift, Made(body["created_at"], body["tool"]))


def _encode_item(item: DriftItem) -> dict[str, Json]:
    every: dict[str, Json] = {
        "direction": str(item.direction),
        "key": item.key,
        "bucket": item.bucket,
        "file_id": item.file_id,
        "title": item.title,
        "fields": list(item.fields) or None,
        "live": None if item.before is None else encode_content(item.before),
        "desired": None if item.wanted is None else encode_content(item.wanted),
        "message": item.message,
        "declared_at": None if item.declared_at is None else str(item.declared_at),
    }
    return {name: value for name, value in every.items() if value is not None}


def _decode_item(told: Mapping[str, Any]) -> DriftItem:
    key, file_id = told.get("key"), told.get("file_id")
    return DriftItem(
        Direction(told["direction"]),
        told["message"],
        None if key is None else Key(key),
        told.get("bucket"),
        None if file_id is None else FileId(file_id),
        told.get("title"),
        tuple(told.get("fields", ())),
        decode_content(told["live"]) if "live" in told else None,
        decode_content(told["desired"]) if "desired" in told else None,
        decode_place(told),
    )
