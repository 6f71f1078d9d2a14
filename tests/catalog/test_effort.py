"""The work that a schema makes is counted before it is done: what multiplies is refused, and what
refers to itself for what lies deeper is not."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.catalog.effort import Effort, EffortError
from reconciler.catalog.references import LostError, References
from tests.catalog.conftest import Folder, searched

HERE = "file:///s.json"
HEAD = "version: 1\ncatalog: c\nbuckets: {s: {id: 1}}\nuser_defined: {schema: s.json}\n"


def doubled(times: int, keyword: str, last: object) -> dict[str, Any]:
    """A schema whose last subschema is checked 2 to the power of `times` times."""
    twice = {f"x{n}": {keyword: [{"$ref": f"#/$defs/x{n + 1}"}] * 2} for n in range(times)}
    return {"$ref": "#/$defs/x0", "$defs": {**twice, f"x{times}": last}}


def effort(schema: Any, **others: Any) -> Effort:
    references = References(lambda address: others[address.removeprefix("file:///")])
    references.add(HERE, schema)
    return Effort(schema, references)


def again(times: int, keyword: str, left: str) -> Any:
    schema: Any = {"minProperties": 1}
    for _ in range(times):
        schema = {left: {}, keyword: [schema]}
    return schema


def chained(times: int, reference: str, label: str) -> dict[str, Any]:
    named = {
        f"d{n}": {label: f"x{n}", "anyOf": [{reference: f"#x{n + 1}"}] * 2} for n in range(times)
    }
    return {"$ref": "#x0", "$defs": {**named, "last": {label: f"x{times}"}}}


OLD = "http://json-schema.org/draft-04/schema#"
BOMBS: dict[str, Any] = {
    **{name: doubled(40, name, {"type": "object"}) for name in ("allOf", "anyOf", "oneOf")},
    "anchors": chained(40, "$ref", "$anchor"),
    "dynamic anchors": chained(40, "$dynamicRef", "$dynamicAnchor"),
    "what is left over": again(30, "anyOf", "unevaluatedProperties"),
    "what is left over of lists": {"items": again(30, "oneOf", "unevaluatedItems")},
    "names": {
        "properties": {"a": {"$ref": "#/x/0"}},
        "x": [*({"not": {"if": {"$ref": f"#/x/{n}"}, "else": {"$ref": f"#/x/{n}"}}}
                for n in range(1, 31)), {}],
    },
    "an old draft": {
        "$schema": OLD,
        "id": "a.json",
        **{f"x{n}": {"id": f"b{n}", "allOf": [{"$ref": f"b{n + 1}"}] * 2} for n in range(30)},
        "x30": {"id": "b30"},
        "$ref": "b0",
    },
}  # fmt: skip


@pytest.mark.parametrize("schema", BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_refused_before_anything_is_checked(schema: Any) -> None:
    with pytest.raises(EffortError, match="makes more than 5,000 checks of one value"):
        effort(schema)


def test_a_bomb_of_many_files_is_refused(folder: Folder) -> None:
    for number in range(30):
        folder.write(
            f"s{number}.json", json.dumps({"allOf": [{"$ref": f"s{number + 1}.json"}] * 2})
        )
    folder.write("s30.json", "true")
    assert folder.problem("", HEAD.replace("s.json", "s0.json")) == (
        'catalog.yaml:4:24: user_defined.schema: "s0.json" cannot be used: it makes more than '
        "5,000 checks of one value: refer to each subschema in fewer places"
    )


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"allOf": [{"anyOf": [{"$ref": "#"}, True]}]},
        {"$ref": "#/a", "a": {"if": {"$ref": "#/b"}}, "b": {"not": {"$ref": "#/a"}}},
        {"$dynamicAnchor": "a", "allOf": [{"$dynamicRef": "#a"}]},
        {"$recursiveAnchor": True, "allOf": [{"$recursiveRef": "#"}]},
        {"dependentSchemas": {"x": {"$ref": "s.json"}}},
    ],
    ids=json.dumps,
)
def test_a_circle_for_one_value_is_refused(schema: Any) -> None:
    with pytest.raises(EffortError, match="refers to itself for the same value"):
        effort(schema)


ANY_VALUE = {
    "anyOf": [
        {"type": ["string", "number"]},
        {"type": "array", "items": {"$ref": "#"}},
        {"type": "object", "additionalProperties": {"$ref": "#"}},
    ]
}
TREE = {
    "properties": {"children": {"items": {"$ref": "#"}}, "left": {"$ref": "#"}, "b": {"$ref": "#"}},
    "$dynamicAnchor": "tree",
    "additionalProperties": {"$dynamicRef": "#tree"},
}
TERM = {
    "oneOf": [
        {"type": "number"},
        *({"type": "object", "properties": {x: {"$ref": "#"}}, "required": [x]} for x in "abc"),
    ]
}


def nested(name: str, depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {name: value}
    return value


@pytest.mark.parametrize("schema", [ANY_VALUE, TREE], ids=["any value", "tree"])
def test_a_schema_may_refer_to_itself_for_what_lies_deeper(folder: Folder, schema: Any) -> None:
    folder.write("s.json", json.dumps(schema))
    value = json.dumps(nested("children", 25))
    assert folder.load(f"files: {{a: {{title: T, bucket: s, user_defined: {value}}}}}", HEAD)


def test_what_multiplies_by_its_depth_is_checked_as_far_as_that_takes_no_time(
    folder: Folder,
) -> None:
    folder.write("s.json", json.dumps(TERM))
    shallow, deep = json.dumps(nested("a", 5)), json.dumps(nested("a", 25))
    text = f"files:\n  a: {{title: T, bucket: s, user_defined: {shallow}}}\n"
    assert folder.load(text, HEAD)
    found = folder.problem(f"{text}  b: {{title: T, bucket: s, user_defined: {deep}}}\n", HEAD)
    assert (
        "files.b.user_defined: nested too deep for the schema, which makes more than 5,000" in found
    )


def test_a_long_list_of_choices_is_no_bomb() -> None:
    codes = [{"const": f"code {number}", "title": "A language"} for number in range(8000)]
    assert not effort({"properties": {"language": {"oneOf": codes}}}).is_too_much({"language": ""})


def test_a_reference_to_nothing_is_told() -> None:
    for reference in ("#/x/3", "#/x/a", "#a", "other.json#/y"):
        with pytest.raises(LostError, match=reference):
            effort({"$ref": reference, "x": [{}]}, **{"other.json": {}})


def test_schemas_of_schemas_are_taken_for_done() -> None:
    schema = {"properties": {"a": {"$ref": "https://json-schema.org/draft/2020-12/schema"}}}
    assert effort(schema).of({"a": {}}) == 2


def subschemas(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    some = st.lists(inner, min_size=1, max_size=2)
    named = st.dictionaries(st.sampled_from("ab"), inner, min_size=1)
    return st.fixed_dictionaries(
        {},
        optional={
            **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), some),
            **dict.fromkeys(("properties", "patternProperties", "dependentSchemas"), named),
            **dict.fromkeys(("not", "if", "then", "else", "items", "contains"), inner),
            **dict.fromkeys(("unevaluatedProperties", "unevaluatedItems"), inner),
            **dict.fromkeys(("additionalProperties", "propertyNames"), inner),
            "$ref": st.sampled_from(["#/$defs/x0", "#/$defs/x1", "#/$defs/x2"]),
            "type": st.sampled_from(["object", "array", "string"]),
        },
    )


LEAVES = st.one_of(st.booleans(), st.just({}), st.just({"minProperties": 2}))
SCHEMAS = st.recursive(LEAVES, subschemas, max_leaves=12)
VALUES = st.recursive(
    st.just("a"),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=12,
)


def marked(schema: Any) -> Any:
    """The schema, with a keyword that counts wherever keywords are."""
    if isinstance(schema, list):
        return [marked(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    by_name = ("properties", "patternProperties", "dependentSchemas", "$defs")
    inner = {
        name: {n: marked(i) for n, i in item.items()} if name in by_name else marked(item)
        for name, item in schema.items()
    }
    return {"counted": 1, **inner}


@searched
@given(SCHEMAS, st.lists(SCHEMAS, min_size=3, max_size=3), VALUES)
def test_no_more_is_checked_than_was_counted(first: Any, others: list[Any], value: Any) -> None:
    others_by_name = {f"x{number}": other for number, other in enumerate(others)}
    schema = marked({"allOf": [first], "$defs": others_by_name})
    try:
        counted = effort(schema).of(value)
    except EffortError:
        return
    checked = 0

    def count(*_: object) -> Iterator[Any]:
        nonlocal checked
        checked += 1
        yield from ()

    kind: Any = jsonschema.validators.extend(jsonschema.Draft202012Validator, {"counted": count})
    list(kind(schema).iter_errors(value))
    assert checked <= counted
