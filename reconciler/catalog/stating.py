"""Edits after which an entry of YAML or JSON means something else.

| the entry, or its `user_defined`      | what is done                                           |
|---------------------------------------|--------------------------------------------------------|
| states the value                      | the value is replaced                                  |
| has it from a default, `<<` or nothing| it is stated where the entry stands                    |
| is an alias: `*a`                     | becomes `{<<: *a, title: New}`                         |
| should have no value                  | the pair is dropped; null where there would be another |
| states an object, and should another  | the same is done inside of it                          |
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from reconciler.catalog import literals
from reconciler.catalog.literals import JsonSpelling, Spelling, Verbatim, YamlSpelling
from reconciler.catalog.mappings import Edit, NotEditableError, Value, emptied, rewritten
from reconciler.catalog.meaning import METADATA, Statement
from reconciler.catalog.nodes import BLOCKS, Alias, Mapped, Node, Pair, Scalar
from reconciler.core.model import Json
from reconciler.core.normal import canonical

_MERGE: Final = "<<"


def stated(text: str, node: Node, statement: Statement, spelling: Spelling) -> list[Edit]:
    """The edits after which the entry `node` says what it is to. Raises `NotEditableError`."""
    top: dict[str, Value] = {**statement.top()}
    names = statement.names()
    if isinstance(node, Alias):
        if names:
            top[METADATA] = statement.metadata()
        return [(node.span, _over(node, top))]
    if not isinstance(node, Mapped):
        raise NotEditableError("it is not written out where it stands")
    edits: list[Edit] = []
    pair = node.pair(METADATA) if names else None
    if pair is not None and isinstance(pair.value, Mapped):
        edits = _metadata(text, pair, pair.value, statement, spelling)
    elif pair is not None and isinstance(pair.value, Alias):
        values = {name: statement.wanted.value((METADATA, name)) for name in names}
        top[METADATA] = Verbatim(_over(pair.value, values))
    elif names:
        top[METADATA] = statement.metadata()
    title = node.pair("title")
    if "title" in top and title is not None and _is_block(title.value):
        ends = "\n" if str(statement.raw.get("title")).endswith("\n") else ""
        top["title"] = f"{statement.wanted.title}{ends}"
    return edits + rewritten(text, node, top, spelling)


def json_spelling(line: str) -> JsonSpelling:
    """How a line of JSON is written."""
    return JsonSpelling(
        plain_ascii=line.isascii() and "\\u" in line, tight='": ' not in line and '", ' not in line
    )


YAML: Final = YamlSpelling()


def spelling_of(text: str) -> Spelling:
    """How a text of YAML is written: one that is JSON stays JSON."""
    if text.lstrip().startswith("{"):
        with suppress(ValueError):
            json.loads(text)
            return json_spelling(text)
    return YAML


def _metadata(
    text: str, pair: Pair, mapping: Mapped, statement: Statement, spelling: Spelling
) -> list[Edit]:
    written = set(mapping.names())
    must = statement.metadata()
    merged = mapping.pair(_MERGE)
    brings = merged is not None and merged.name is not None and not merged.name.quote
    values: dict[str, Value] = {}
    dropped = set[str]()
    edits: list[Edit] = []
    held = statement.raw[METADATA]
    for name in statement.names():
        inner = _inside(text, mapping, name, held.get(name), must.get(name), spelling)
        if inner is not None:
            edits += inner
        elif name in must or brings:
            values[name] = must.get(name)
        elif name in written:
            dropped.add(name)
    if not (written - dropped) | values.keys():
        return emptied(text, pair, mapping, spelling)
    return edits + rewritten(text, mapping, values, spelling, dropped=dropped)


def _inside(
    text: str, mapping: Mapped, name: str, held: Json, wanted: Json, spelling: Spelling
) -> list[Edit] | None:
    """The edits inside of an object that goes on being one; None where it has to be written
    anew, or is no object."""
    pair = mapping.pair(name)
    node = None if pair is None else pair.value
    if not (isinstance(node, Mapped) and isinstance(held, dict) and isinstance(wanted, dict)):
        return None
    if not wanted or node.names() != held.keys() or len(node.pairs) != len(held):
        return None
    edits: list[Edit] = []
    values: dict[str, Value] = {}
    for key, value in wanted.items():
        if key in held and canonical(held[key]) == canonical(value):
            continue
        inner = _inside(text, node, key, held.get(key), value, spelling)
        if inner is None:
            values[key] = value
        else:
            edits += inner
    dropped = {key for key, value in held.items() if value is not None} - wanted.keys()
    return edits + rewritten(text, node, values, spelling, dropped=dropped)


def _over(alias: Alias, values: Mapping[str, Value]) -> str:
    pairs = "".join(f", {literals.text(name)}: {_flow(value)}" for name, value in values.items())
    return f"{{{_MERGE}: *{alias.name}{pairs}}}"


def _flow(value: Value) -> str:
    return value.text if isinstance(value, Verbatim) else literals.flow(value)


def _is_block(node: Node) -> bool:
    return isinstance(node, Scalar) and node.quote in BLOCKS
