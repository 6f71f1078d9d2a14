"""Aliases and merge keys in a catalogue: what they give, and how far they may go."""

import pytest

from tests.catalog.conftest import Folder


def test_a_depth_that_aliases_build_up_is_refused(folder: Folder) -> None:
    """No level is deep as it is written; each stands for all of those before it."""
    lines = [f"      k{n}: &k{n} {{a: {{a: {f'*k{n - 1}' if n else 1}}}}}" for n in range(40)]
    problem = folder.problem("files:\n  a:\n    title: T\n    user_defined:\n" + "\n".join(lines))
    assert problem.endswith("nested more than 32 deep")
    assert problem.startswith("catalog.yaml:23:")


def test_a_depth_within_the_limit_may_stand_behind_an_alias(folder: Folder) -> None:
    inner = "{a: " * 25 + "1" + "}" * 25
    entry = folder.entry(f"{{title: T, user_defined: {{x: &x {inner}, y: *x, z: [*x]}}}}")
    assert entry.user_defined is not None
    assert entry.user_defined["x"] == entry.user_defined["y"]
    inner = "{a: " * 28 + "1" + "}" * 28
    text = f"files: {{a: {{title: T, user_defined: {{x: &x {inner}, z: [[*x]]}}}}}}"
    assert folder.problem(text).endswith("nested more than 32 deep")


def test_an_alias_as_a_key_is_a_text_and_never_a_merge(folder: Folder) -> None:
    assert folder.entry("{title: T, user_defined: {x: &x k, *x : 1}}").user_defined == {
        "x": "k",
        "k": 1,
    }
    entry = folder.entry("{title: T, user_defined: {x: &x '<<', *x : {b: 1}}}")
    assert entry.user_defined == {"x": "<<", "<<": {"b": 1}}


@pytest.mark.parametrize("key", ["? *x\n  : 1", "? [*x]\n  : 1"])
def test_an_alias_of_a_mapping_is_no_key(folder: Folder, key: str) -> None:
    found = folder.problems(f"files:\n  a: &x {{title: T}}\n  {key}\n")
    assert any("a key must be a text" in problem for problem in found)


def test_an_alias_shares_values_and_not_what_is_made_of_them(folder: Folder) -> None:
    loaded = folder.load(
        "files:\n"
        "  a: &a {title: 1979, was: &was [1, 2], user_defined: &u {year: 1979}}\n"
        "  b: {title: *was0, user_defined: *u}\n".replace("*was0", "B")
        + "  c: {<<: *a, title: C, was: [3]}\n"
    )
    entries = {str(key): entry for key, entry in loaded.desired.entries.items()}
    assert entries["a"].title == "1979"
    assert entries["a"].was == ("1", "2")
    assert entries["b"].user_defined == entries["c"].user_defined == {"year": 1979}
    assert (entries["c"].title, entries["c"].was) == ("C", ("3",))


def test_entries_that_a_merge_brings_are_declared_at_the_merge(folder: Folder) -> None:
    folder.catalog("files:\n  a: {title: A}\n  <<: [{b: {title: B}}, {c: {title: []}}]\n")
    assert folder.problem() == "catalog.yaml:5:1: files.c.title: expected a text, found a list"
    loaded = folder.load("files:\n  a: {title: A}\n  <<: {b: {title: B}}\n")
    places = {str(key): str(entry.place) for key, entry in loaded.desired.entries.items()}
    assert places == {"a": "catalog.yaml:6:3", "b": "catalog.yaml:7:7"}


def test_an_entry_merged_from_another_does_not_share_its_acr_id_unnoticed(folder: Folder) -> None:
    acr_id = "6d3e17559677cd79ecb0b7cd2c79bea0"
    problem = folder.problem(
        f"files:\n  a: &a {{title: A, acr_id: {acr_id}}}\n  b: {{<<: *a, title: B}}\n"
    )
    assert "this acr_id is that of" in problem
