# ruff: noqa: E501 - a table reads better with a case on each line
"""The users' own schema, checked on every entry, and never fetched from anywhere."""

import json
import socket
from typing import Any

import pytest

SCHEMA = {
    "type": "object",
    "required": ["isrc"],
    "properties": {"isrc": {"type": "string", "pattern": "^[A-Z]{2}"}, "year": {"type": "integer"}},
    "additionalProperties": False,
}
HEAD = """\
version: 1
catalog: c
buckets: {s: {id: 1}}
user_defined: {schema: schemas/spot.json}
defaults: {bucket: s, user_defined: {isrc: DE1}}
"""


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("something asked for the network")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def use(folder: Any, schema: object, **others: object) -> None:
    folder.write("schemas/spot.json", json.dumps(schema))
    for name, other in others.items():
        folder.write(f"schemas/{name}.json", json.dumps(other))


def test_it_sees_the_entry_over_its_defaults(folder: Any) -> None:
    use(folder, SCHEMA)
    assert folder.load("files: {a: {title: T}, b: {absent: true}}", head=HEAD)
    assert folder.problems(
        "files:\n  a: {title: T, user_defined: {isrc: null}}\n  b: {title: T, user_defined: {isrc: 7, yaer: 1}}\n"
        "  c: {title: T, user_defined: {isrc: de}}\n  d: {title: T, user_defined: {}}\n",
        head=HEAD,
    ) == [
        "catalog.yaml:7:17: files.a.user_defined: isrc is missing (from the schema in user_defined.schema)",
        "catalog.yaml:8:38: files.b.user_defined.isrc: expected a text, found 7 (quote it to make it a text)",
        "catalog.yaml:8:41: files.b.user_defined.yaer: unknown property (did you mean year?)",
        'catalog.yaml:9:38: files.c.user_defined.isrc: "de" does not match the pattern "^[A-Z]{2}" (from the schema in user_defined.schema)',
        "catalog.yaml:10:17: files.d.user_defined: isrc is missing (from the schema in user_defined.schema)",
    ]  # fmt: skip


def test_references_inside_the_folder(folder: Any) -> None:
    use(
        folder,
        {
            "properties": {"a": {"$ref": "other.json#/$defs/x"}, "b": {"$ref": "#/$defs/y"}},
            "$defs": {"y": {"type": "string"}},
        },
        other={"$defs": {"x": {"$ref": "third.json"}}},
        third={"type": "integer"},
    )
    assert folder.load("files: {a: {title: T, user_defined: {a: 1, b: x}}}", head=HEAD)
    found = folder.problems("files: {a: {title: T, user_defined: {a: x, b: 1}}}", head=HEAD)
    assert 'user_defined.a: expected a whole number, found "x"' in found[0]
    assert "user_defined.b: expected a text, found 1" in found[1]


@pytest.mark.parametrize(
    "reference",
    ["https://evil.example/x.json", "http://169.254.169.254/x", "file:///etc/passwd", "../../secret.json",
     "/../../../secret.json", "missing.json", "link.json", "//evil.example/x", "data:,{}", "#/$defs/nothing"],
)  # fmt: skip
def test_references_that_lead_elsewhere(folder: Any, reference: str) -> None:
    folder.write("../secret.json", "{}")
    use(folder, {"properties": {"a": {"$ref": reference}}})
    (folder.path / "schemas/link.json").symlink_to("../../secret.json")
    found = folder.problem("files: {a: {title: T, user_defined: {a: 1}}}", head=HEAD)
    assert found.startswith(
        'catalog.yaml:4:24: user_defined.schema: "schemas/spot.json" cannot be used'
    )


def test_an_id_on_the_network_is_not_followed(folder: Any) -> None:
    use(
        folder,
        {"$id": "https://example.com/spot.json", "properties": {"a": {"$ref": "other.json"}}},
    )
    assert "not in the catalogue's folder, and nothing is fetched" in folder.problem("", head=HEAD)
    use(
        folder,
        {
            "$id": "https://example.com/spot.json",
            "properties": {"a": {"$ref": "#/$defs/x"}},
            "$defs": {"x": {"type": "string"}},
        },
    )
    assert "expected a text" in folder.problem(
        "files: {a: {title: T, user_defined: {a: 1}}}", head=HEAD
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "schemas/spot.json:1:2: not readable as JSON"),
        (b"[]", "is not a JSON Schema: expected an object"),
        (b'{"type": "nothing"}', "is not a JSON Schema"),
        (b'{"pattern": "("}', "schemas/spot.json"),
        (b'{"a": "\xff"}', "schemas/spot.json:1:8: is not UTF-8"),
        (None, "there is no such file"),
    ],
)
def test_what_is_no_schema(folder: Any, content: bytes | None, message: str) -> None:
    if content is not None:
        folder.write("schemas/spot.json", content)
    assert message in folder.problem("files: {a: {title: T, user_defined: {a: x}}}", head=HEAD)


def test_a_schema_outside_the_folder(folder: Any) -> None:
    folder.write("../spot.json", "{}")
    head = HEAD.replace("schemas/spot.json", "../spot.json")
    assert "leads outside the catalogue's folder" in folder.problem("", head=head)


def test_an_older_draft(folder: Any) -> None:
    use(
        folder,
        {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "definitions": {"x": {"type": "string"}},
            "additionalProperties": {"$ref": "#/definitions/x"},
        },
    )
    assert folder.load("files: {a: {title: T}}", head=HEAD)
    assert "expected a text" in folder.problem(
        "files: {a: {title: T, user_defined: {a: 1}}}", head=HEAD
    )


def test_where_the_two_validators_disagree_the_stricter_rules(folder: Any) -> None:
    use(folder, {"additionalProperties": {"pattern": "^a$"}})
    text = 'files: {a: {title: T, user_defined: {isrc: "a\\n"}}}'
    assert "files.a.user_defined.isrc" in folder.problem(text, head=HEAD)
