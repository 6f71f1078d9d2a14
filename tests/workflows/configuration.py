"""Reads a `.gitlab-ci.yml` as GitLab does, as far as our examples use it: headers with inputs,
included files, `!reference`, `extends`, defaults, and the conditions of rules.

What is not known is an error, so that an example cannot use what is not played.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_GLOBAL = {"stages", "default", "variables", "include"}
_JOB = {
    *("stage", "extends", "rules", "needs", "when", "allow_failure", "environment", "variables"),
    *("image", "before_script", "script", "artifacts", "resource_group", "timeout"),
}
_INPUT = re.compile(r"\$\[\[ inputs\.(\w+) \]\]")
_TERM = re.compile(r'\$(\w+) (==|=~) (?:\$(?P<name>\w+)|"(?P<text>[^"$]*)"|/(?P<form>[^/]*)/)')


@dataclass(frozen=True)
class Configuration:
    """What a pipeline is made from."""

    stages: list[str]
    variables: dict[str, str]
    jobs: dict[str, dict[str, Any]]
    """Those that are run, without the hidden ones."""


@dataclass(frozen=True)
class _Reference:
    path: tuple[str, ...]


class _Loader(yaml.SafeLoader):
    pass


_Loader.add_constructor(
    "!reference",
    lambda loader, node: _Reference(tuple(loader.construct_sequence(node))),
)


def read(file: Path, inputs: Mapping[str, str]) -> Configuration:
    """The file, and those that it includes, which are beside it."""
    whole = _included(file, inputs)
    known = {name: each for name, each in whole.items() if name not in _GLOBAL}
    known = {name: _referred(each, whole) for name, each in known.items()}
    jobs = {}
    for name in known:
        if name.startswith("."):
            continue
        job = {**whole.get("default", {}), **_extended(known, name)}
        if unknown := job.keys() - _JOB:
            raise NotImplementedError(f"{name}: {unknown}")
        if not job["rules"] or "script" not in job:
            raise NotImplementedError(name)
        jobs[name] = job
    return Configuration(whole["stages"], whole.get("variables", {}), jobs)


def holds(condition: str, variables: Mapping[str, str]) -> bool:
    """A rule's `if`: comparisons, all of which are to hold. What is not set is like nothing."""
    terms = [_is_so(term, variables) for term in condition.split(" && ")]
    return all(terms)


def _is_so(term: str, variables: Mapping[str, str]) -> bool:
    found = _TERM.fullmatch(term)
    if found is None or (found[2] == "=~") != (found["form"] is not None):
        raise SyntaxError(term)
    value = variables.get(found[1])
    if found["form"] is not None:
        return value is not None and re.search(found["form"], value) is not None
    return value == (variables.get(found["name"]) if found["name"] else found["text"])


def _included(file: Path, inputs: Mapping[str, str]) -> dict[str, Any]:
    """With what the file includes below it, and its inputs in their places."""
    text = file.read_text("utf-8")
    header, mark, rest = text.partition("\n---\n")
    if not mark:
        header, rest = "", text
    given = _given(yaml.safe_load(header) or {}, inputs)
    content = _Loader(_INPUT.sub(lambda found: given[found[1]], rest)).get_single_data()
    assert "$[[" not in str(content), "an expression that is not played"
    whole: dict[str, Any] = {}
    for each in content.pop("include", []):
        assert each.keys() == {"local", "inputs"}, each
        below = _included(file.parent / each["local"], each["inputs"])
        for name in whole.keys() & below.keys():
            # GitLab would make one of both, in silence.
            assert whole[name] == below[name], f"{name} is there twice"
        whole |= below
    return _merged(whole, content)


def _given(header: dict[str, Any], inputs: Mapping[str, str]) -> dict[str, str]:
    specified = header.get("spec", {}).get("inputs", {})
    assert inputs.keys() <= specified.keys(), inputs
    given = {}
    for name, about in specified.items():
        assert about.keys() <= {"description", "default", "regex"}, name
        given[name] = inputs[name] if name in inputs else about["default"]
        assert re.search(about.get("regex", ""), given[name]), f"{name} is {given[name]!r}"
    return given


def _referred(value: Any, whole: Mapping[str, Any]) -> Any:
    """With what `!reference` names in its place: in a list, its lines among the others."""
    match value:
        case dict():
            return {name: _referred(each, whole) for name, each in value.items()}
        case list():
            lines: list[Any] = []
            for each in value:
                line = _referred(each, whole)
                lines += line if isinstance(each, _Reference) else [line]
            return lines
        case _Reference(path):
            found: Any = whole
            for name in path:
                found = found[name]
            return _referred(found, whole)
        case _:
            return value


def _extended(jobs: Mapping[str, Any], name: str) -> dict[str, Any]:
    job = dict(jobs[name])
    base = job.pop("extends", None)
    return job if base is None else _merged(_extended(jobs, base), job)


def _merged(below: Any, above: Any) -> Any:
    """Mappings are merged, all else is replaced."""
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    return {**below, **{name: _merged(below.get(name), each) for name, each in above.items()}}
