"""`catalog.schema.json` and the code say the same: editors show one, commands do the other."""

import re
from collections.abc import Iterator
from dataclasses import MISSING, fields
from enum import Enum
from typing import Any, get_args, get_type_hints

import orjson
import pytest

from reconciler import shipped
from reconciler.catalog import base_url
from reconciler.core.marks import KEY_FORM
from reconciler.core.model import Bucket, Identity, Limits, Rules

SCHEMA: dict[str, Any] = orjson.loads(shipped.schema("catalog.schema.json"))
GROUPS = [
    (SCHEMA["properties"]["identity"], Identity),
    (SCHEMA["properties"]["user_defined"], Rules),
    (SCHEMA["properties"]["limits"], Limits),
    (SCHEMA["$defs"]["bucket"], Bucket),
]


def plain(value: object) -> object:
    """A default as JSON has it."""
    match value:
        case Enum():
            return value.value
        case tuple():
            return list(value)
        case _:
            return value


def defaults() -> Iterator[tuple[str, object, object]]:
    for group, kind in GROUPS:
        for field in fields(kind):
            if field.default is not MISSING:
                shown = group["properties"][field.name]
                if field.default is None and "null" not in str(shown.get("type")):
                    continue  # what is not named is not there
                assert "default" in shown, field.name
                yield field.name, shown["default"], plain(field.default)


@pytest.mark.parametrize(("name", "shown", "real"), list(defaults()))
def test_the_defaults_shown_are_the_codes(name: str, shown: object, real: object) -> None:
    assert shown == real


def test_the_address_shown_is_the_codes() -> None:
    shown = SCHEMA["properties"]["api"]["properties"]["base_url"]["default"]
    assert shown == base_url.DEFAULT


@pytest.mark.parametrize(
    ("group", "name", "kind"),
    [
        (group, field.name, get_type_hints(kind)[field.name])
        for group, kind in GROUPS
        for field in fields(kind)
        if "enum" in group["properties"].get(field.name, {})
    ],
)
def test_the_choices_shown_are_the_codes(group: dict[str, Any], name: str, kind: Any) -> None:
    assert not get_args(kind)
    assert sorted(group["properties"][name]["enum"]) == sorted(member.value for member in kind)


def test_a_key_looks_the_same_to_both() -> None:
    assert re.sub(r"[\^$]", "", SCHEMA["$defs"]["key"]["pattern"]) == KEY_FORM.pattern
