"""A life as JSON. Values are exact, and what does not apply is left out."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Final

from reconciler.core.life import Event, FieldChange, Known, Life
from reconciler.core.log import About, Deed
from reconciler.core.model import Json
from reconciler.core.streaming import Streamed

FORMAT: Final = "reconciler/history/1"


def encode_lives(lives: Sequence[Life], ledger: str) -> Streamed:
    """The lives of one key, one for each catalogue that has it."""
    return {"format": FORMAT, "ledger": ledger, "lives": map(_encode_life, lives)}


def _encode_life(life: Life) -> dict[str, Json]:
    return {
        "key": life.key,
        "catalog": life.catalog,
        "origin": life.origin,
        "fields": [_encode_known(known) for known in life.fields],
        "events": [_encode_event(event) for event in life.events],
    }


def _encode_known(known: Known) -> dict[str, Json]:
    event = _encode_event(known.event)
    return {
        "name": known.name,
        "value": known.value,
        **{name: event[name] for name in ("what", "at", "since", "by", "change") if name in event},
    }


def _encode_event(event: Event) -> dict[str, Json]:
    every: dict[str, Json] = {
        "what": str(event.what),
        "at": event.at,
        "since": event.since,
        "by": None if event.deed is None else _encode_about(event.deed.by),
        "change": None if event.deed is None else _encode_deed(event.deed),
    }
    fields: Json = [_encode_field(change) for change in event.fields]
    return {**_said(every), "fields": fields}


def _encode_about(about: About) -> Mapping[str, Json]:
    return _said({name: item for name, item in asdict(about).items() if item != ""})


def _encode_deed(deed: Deed) -> Mapping[str, Json]:
    return _said(
        {
            "seq": deed.seq,
            "id": deed.id,
            "action": deed.action,
            "key": deed.key,
            "outcome": str(deed.ending),
            "why": deed.why or None,
            "reason": deed.reason or None,
            "file_id": deed.file_id,
        }
    )


def _encode_field(change: FieldChange) -> dict[str, Json]:
    sides = (("before", change.before), ("after", change.after))
    return {
        "name": change.name,
        **{side: held.value for side, held in sides if held is not None},
    }


def _said(every: Mapping[str, Json]) -> dict[str, Json]:
    return {name: item for name, item in every.items() if item is not None}
