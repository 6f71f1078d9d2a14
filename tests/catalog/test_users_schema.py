# ruff: noqa: E501 - a table reads better with a case on each line
"""The users' own schema, checked on every entry, and never fetched from anywhere."""

import json
import socket
from typing import Any

import pytest

from reconciler.catalog.problems import Findings
from reconciler.catalog.structure import MOST_REFUSALS
from reconciler.catalog.users_schema import users_form
from tests.catalog.test_effort import doubled

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


SLOW = "a" * 60 + "b"
"""Python's `re` would need more steps for it than there are atoms."""


def said(folder: Any, schema: object, user_defined: object) -> list[str]:
    use(folder, schema)
    text = f"files: {{a: {{title: T, user_defined: {json.dumps(user_defined)}}}}}"
    head = HEAD.replace(", user_defined: {isrc: DE1}", "")
    return [one.split(": ", 1)[1] for one in folder.problems(text, head=head)]


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (
            {"properties": {"x": {"pattern": "^(a+)+$"}}},
            'files.a.user_defined.x: "aaa',
        ),
        (
            {"patternProperties": {"^(a+)+$": {}}, "additionalProperties": False},
            f"files.a.user_defined.{SLOW}: unknown property",
        ),
        (
            {"patternProperties": {"^(a+)+$": {}}, "additionalProperties": {"type": "array"}},
            f"files.a.user_defined.{SLOW}: expected a list",
        ),
        (
            {"allOf": [{"patternProperties": {"^(a+)+$": {}}}], "unevaluatedProperties": False},
            "files.a.user_defined: Unevaluated properties are not allowed",
        ),
        ({"propertyNames": {"pattern": "^(a+)+$"}}, "files.a.user_defined: "),
    ],
    ids=["pattern", "patternProperties", "additional", "unevaluated", "names"],
)
def test_a_pattern_that_goes_back_and_forth_takes_no_time(
    folder: Any, schema: object, expected: str
) -> None:
    """T14: matched in one pass, by the validator that accepts and by the one that explains."""
    found = said(folder, schema, {SLOW: SLOW, "x": SLOW})
    assert any(one.startswith(expected) for one in found), found


def test_a_pattern_that_cannot_be_matched_in_one_pass_is_given_up(folder: Any) -> None:
    schema = {"properties": {"x": {"pattern": r"^(?=a)((a|aa)+)\1$"}}}
    (found,) = said(folder, schema, {"x": SLOW})
    assert found.startswith("files.a.user_defined.x: takes more than 10,000 steps to match the")
    assert "make it simpler" in found


def test_what_patterns_may_hold(folder: Any) -> None:
    """ECMA's, as JSON Schema has it: also what Python's `re` does not know."""
    schema = {"properties": {"a": {"pattern": r"^(?!x)\p{Lu}"}}}
    use(folder, schema)
    assert folder.load("files: {a: {title: T, user_defined: {a: Élan}}}", head=HEAD)
    assert said(folder, schema, {"a": "xA"})[0].startswith(
        'files.a.user_defined.a: "xA" does not match the pattern'
    )


def test_a_name_that_a_pattern_speaks_of_is_known(folder: Any) -> None:
    schema = {"patternProperties": {"^x_": {"type": "string"}}, "additionalProperties": False}
    found = said(folder, {**schema, "properties": {"label": {}}}, {"x_y": 1, "labl": 2, "x_z": ""})
    assert found == [
        "files.a.user_defined.x_y: expected a text, found 1 (quote it to make it a text)",
        "files.a.user_defined.labl: unknown property (did you mean label?)",
    ]


def test_references_that_double_each_other_are_not_explained_without_end(folder: Any) -> None:
    """One missing name is refused 2 to the power of 10 times."""
    use(folder, doubled(10, "allOf", {"required": ["isrc"]}))
    form = users_form(folder.path, "schemas/spot.json", "catalog.yaml", Findings())
    assert form is not None
    assert len(form.refusals({})) == MOST_REFUSALS


def test_after_so_many_explanations_what_is_refused_is_refused_in_fewer_words(folder: Any) -> None:
    use(folder, doubled(10, "allOf", {"required": ["isrc"]}))
    form = users_form(folder.path, "schemas/spot.json", "catalog.yaml", Findings())
    assert form is not None
    counts = [len(form.refusals({"x": number})) for number in range(200)]
    assert counts[0] == MOST_REFUSALS
    assert counts[-1] == 1


def test_what_is_too_deep_to_be_explained_is_refused_by_the_fast_validator(folder: Any) -> None:
    chain = {f"x{n}": {"$ref": f"#/$defs/x{n + 1}"} for n in range(2000)}
    long = {"$ref": "#/$defs/x0", "$defs": {**chain, "x2000": {"required": ["isrc"]}}}
    (found,) = said(folder, long, {})
    assert found.startswith('files.a.user_defined: "isrc" is a required property')


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (name, value)
        for name in ("$schema", "$id", "id", "$ref", "$dynamicRef", "$anchor", "$defs", "$vocabulary",
                     "allOf", "items", "properties", "dependencies", "pattern", "type", "unevaluatedItems")
        for value in (5, None, True, "http://[::1", "#/x", [], [5], {}, {"a": 5})
    ],
    ids=repr,
)  # fmt: skip
def test_keywords_of_a_wrong_type_are_refused_or_mean_nothing(
    folder: Any, name: str, value: object
) -> None:
    """T14: also where no metaschema looks, behind a reference into what is no keyword."""
    for schema in ({name: value}, {"$ref": "#/x", "x": {name: value}}):
        use(folder, schema)
        findings = Findings()
        form = users_form(folder.path, "schemas/spot.json", "catalog.yaml", findings)
        assert bool(findings.errors) == (form is None)
        if form is not None:
            form.refusals({"a": [1]})


def test_a_draft_that_is_no_text_is_refused(folder: Any) -> None:
    for draft in (5, None, [], {}):
        use(folder, {"$schema": draft})
        assert "is not a JSON Schema: its $schema is not a text" in folder.problem("", head=HEAD)
