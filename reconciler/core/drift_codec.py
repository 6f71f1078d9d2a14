"""Drift as JSON and back."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from reconciler.core.change_codec import decode_content, decode_place, encode_content, place_of
from reconciler.core.codec import Made
from reconciler.core.drift import (
    Acceptance,
    Accepted,
    Direction,
    Drift,
    DriftItem,
    Recalled,
    Said,
    Sides,
)
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
    counts = Counter(item.direction for item in drift.items)
    recalled = drift.recalled
    return {
        "format": FORMAT,
        "catalog": {"name": report.catalog},
        "entries": drift.entries,
        "in_sync": drift.in_sync,
        "pending": drift.pending,
        "unmanaged": drift.unmanaged,
        "files": drift.files,
        "owned": drift.owned,
        "coverage": drift.coverage,
        "only": list(drift.only),
        "ledger": {
            "known": recalled.known,
            "catalogs": list(recalled.catalogs),
            "torn": recalled.torn,
        },
        "directions": {str(direction): counts[direction] for direction in Direction},
        "items": map(_encode_item, drift.items),
        "accepted": map(_encode_accepted, drift.accepted),
        "expired": [_encode_acceptance(one) for one in drift.expired],
        "idle": [_encode_acceptance(one) for one in drift.idle],
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
        files=body.get("files", 0),
        owned=body.get("owned", 0),
        only=tuple(body.get("only", ())),
        recalled=_decode_recalled(body.get("ledger", {})),
        accepted=tuple(map(_decode_accepted, body.get("accepted", ()))),
        expired=tuple(map(_decode_acceptance, body.get("expired", ()))),
        idle=tuple(map(_decode_acceptance, body.get("idle", ()))),
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
        "sides": None if item.sides is None else _encode_sides(item.sides),
    }
    return {name: value for name, value in every.items() if value is not None}


def _encode_sides(sides: Sides) -> Json:
    return {"live": list(sides.live), "desired": list(sides.desired)}


def _encode_accepted(accepted: Accepted) -> dict[str, Json]:
    return {"item": _encode_item(accepted.item), "by": _encode_acceptance(accepted.by)}


def _encode_acceptance(one: Acceptance) -> dict[str, Json]:
    every: dict[str, Json] = {
        "key": one.key,
        "file": one.file_id,
        "field": one.field,
        "direction": None if one.direction is None else str(one.direction),
    }
    said = {name: value for name, value in every.items() if value is not None}
    live = {} if one.live is None else {"live": one.live.value}
    where = {"reason": one.reason, "until": one.until, "declared_at": str(one.place)}
    return {**said, **live, **where}


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
        _decode_sides(told["sides"]) if "sides" in told else None,
    )


def _decode_sides(told: Mapping[str, Any]) -> Sides:
    return Sides(tuple(told["live"]), tuple(told["desired"]))


def _decode_recalled(told: Mapping[str, Any]) -> Recalled:
    known, torn = told.get("known", True), told.get("torn", False)
    return Recalled(known, tuple(told.get("catalogs", ())), torn)


def _decode_accepted(told: Mapping[str, Any]) -> Accepted:
    return Accepted(_decode_item(told["item"]), _decode_acceptance(told["by"]))


def _decode_acceptance(told: Mapping[str, Any]) -> Acceptance:
    key, file_id, direction = told.get("key"), told.get("file"), told.get("direction")
    return Acceptance(
        None if key is None else Key(key),
        None if file_id is None else FileId(file_id),
        told["reason"],
        told["until"],
        place_of(told["declared_at"]),
        told.get("field"),
        Said(told["live"]) if "live" in told else None,
        None if direction is None else Direction(direction),
    )
