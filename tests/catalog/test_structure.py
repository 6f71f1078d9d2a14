# ruff: noqa: E501 - a table reads better with a case on each line
"""The schema that editors use and the loader goes by."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler import shipped
from reconciler.catalog.structure import entry_form, head_form
from tests.catalog.conftest import searched

SCHEMA = json.loads(shipped.schema("catalog.schema.json"))
WHOLE = jsonschema.Draft202012Validator(SCHEMA)
WHOLE_FAST = jsonschema_rs.Draft202012Validator(SCHEMA)


def properties(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        for name, value in schema.items():
            if name == "properties" and "if" not in path.split("/"):
                for inner, described in value.items():
                    yield f"{path}/{inner}", described
            yield from properties(value, f"{path}/{name}")


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref", "").removeprefix("#/$defs/")
    return {**SCHEMA["$defs"].get(reference, {}), **schema}


EVERY = sorted(properties(SCHEMA))


@pytest.mark.parametrize(("path", "schema"), EVERY, ids=[path for path, _ in EVERY])
def test_every_property_is_described_and_has_examples(path: str, schema: dict[str, Any]) -> None:
    assert len(schema["description"]) > 10
    assert schema["examples"]
    validator = jsonschema.Draft202012Validator({**schema, "$defs": SCHEMA["$defs"]})
    for example in schema["examples"]:
        validator.validate(example)
    if "default" in schema:
        validator.validate(schema["default"])


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert len(EVERY) > 30


def test_what_it_says_of_the_whole_document() -> None:
    document = {
        "version": 1, "catalog": "c", "buckets": {"s": {"id": 1}},
        "files": {"a": {"title": 1979}, "b": {"absent": True}},
    }  # fmt: skip
    WHOLE.validate(document)
    for wrong in ({"a b": {"title": "T"}}, {"a": {}}, {"a": {"title": "T", "x": 1}}):
        assert not WHOLE.is_valid({**document, "files": wrong})


LEAVES = (
    st.none() | st.booleans() | st.integers(-2, 10) | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "a", "spots", "owned", "a b", "0" * 32, "0" * 64, "a\n", "é", "catalog/key", "title"])
)  # fmt: skip
ENTRY_NAMES = [*SCHEMA["$defs"]["entry"]["properties"], "titel"]
SOURCE_NAMES = [*SCHEMA["$defs"]["source"]["properties"], "x"]
ANY = (
    LEAVES
    | st.lists(LEAVES, max_size=3)
    | st.dictionaries(st.sampled_from(SOURCE_NAMES), LEAVES, max_size=3)
)
ENTRIES = st.dictionaries(st.sampled_from(ENTRY_NAMES), ANY, max_size=5) | ANY


@searched
@given(ENTRIES)
def test_an_entry_that_is_accepted_is_valid(entry: Any) -> None:
    form = entry_form()
    slow = jsonschema.Draft202012Validator({"$ref": "#/$defs/entry", "$defs": SCHEMA["$defs"]})
    if form.accepts(entry):
        assert slow.is_valid(entry)
        assert form.refusals(entry) == []
    else:
        assert form.refusals(entry)


HEADS = st.dictionaries(
    st.sampled_from([*SCHEMA["properties"], "x"]),
    ANY
    | st.dictionaries(
        st.sampled_from(
            ["spots", "id", "prune", "field", "mode", "ignore", "base_url", "max_deletes"]
        ),
        ANY,
        max_size=3,
    ),
    max_size=6,
)


@searched
@given(HEADS)
def test_a_head_that_is_accepted_is_valid(head: Any) -> None:
    head = {"version": 1, "catalog": "c", "buckets": {"s": {"id": 1}}, **head}
    form = head_form()
    if form.accepts(head):
        assert WHOLE.is_valid(head)
    else:
        assert form.refusals(head)
    assert not WHOLE_FAST.is_valid(head) or WHOLE.is_valid(head)


def test_shipped_things_are_found() -> None:
    assert (shipped.schemas_folder() / "catalog.schema.json").is_file()
    assert shipped.quickstart_folder().name == "quickstart"
