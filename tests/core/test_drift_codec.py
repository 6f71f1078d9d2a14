"""Drift as JSON and back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import jsonschema
import orjson
import pytest

from reconciler.core.codec import Made
from reconciler.core.drift import Direction, DriftItem
from reconciler.core.drift_codec import DriftReport, decode_drift, encode_drift
from reconciler.core.streaming import indented
from reconciler.shipped import schema
from tests.render import stories

if TYPE_CHECKING:
    from reconciler.core.drift import Drift

MADE = Made("2026-01-01T00:00:00+00:00", "reconciler 0.1")
SCHEMA = orjson.loads(schema("drift.schema.json"))


def data_of(drift: Drift) -> bytes:
    return b"".join(indented(encode_drift(DriftReport("radio-ads", drift, MADE))))


def test_drift_as_json_is_exact() -> None:
    told = orjson.loads(data_of(stories.drifted()))
    assert {name: told[name] for name in ("entries", "in_sync", "pending", "unmanaged")} == {
        "entries": 1017,
        "in_sync": 1008,
        "pending": 1,
        "unmanaged": 3,
    }
    assert told["items"][0] == {
        "direction": "changed live",
        "key": "spring-ad-01",
        "bucket": "spots",
        "file_id": 1204,
        "title": "Spring ad 30s",
        "fields": ["title", "user_defined.label", "user_defined.year"],
        "live": {
            "title": "Spring ad!",
            "user_defined": {
                "artist": "Acme",
                "catalog_key": "radio-ads/spring-ad-01",
                "catalog_source": "sha256:5f70bf18a0860070",
                "label": "by hand",
            },
        },
        "desired": {
            "title": "Spring ad 30s",
            "user_defined": {
                "artist": "Acme",
                "catalog_key": "radio-ads/spring-ad-01",
                "catalog_source": "sha256:5f70bf18a0860070",
                "year": 1979,
            },
        },
        "message": "changed in the service since it was last applied",
        "declared_at": "spots/spring.yaml:3:3",
    }
    hostile = next(item for item in told["items"] if item.get("key") == "x")
    assert hostile["title"] == stories.HOSTILE["bidi"]


def test_it_says_what_it_is() -> None:
    told = orjson.loads(data_of(stories.drifted()))
    assert told["format"] == "reconciler/drift/1"
    assert told["catalog"] == {"name": "radio-ads"}
    assert (told["created_at"], told["tool"]) == (MADE.created_at, MADE.tool)


def test_what_was_written_is_read_again() -> None:
    drift = stories.drifted()
    body = orjson.loads(data_of(drift))
    jsonschema.validate(body, SCHEMA)
    assert decode_drift(body) == DriftReport("radio-ads", drift, MADE)


@pytest.mark.parametrize("direction", Direction)
def test_every_direction_is_in_the_schema(direction: Direction) -> None:
    drift = replace(stories.drifted(), items=(DriftItem(direction, "m", None),))
    body = orjson.loads(data_of(drift))
    jsonschema.validate(body, SCHEMA)
    assert decode_drift(body).drift == drift
