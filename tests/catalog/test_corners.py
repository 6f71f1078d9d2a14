"""Mistakes that were nearly not found, or found in words that help nobody."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.catalog.pinning import pin
from reconciler.errors import CatalogError
from tests.catalog.conftest import HEAD, Folder, searched

USERS_SCHEMA = "user_defined: {schema: s.json}\nfiles: {a: {title: T, user_defined: {n: x}}}\n"


def test_a_default_bucket_that_is_not_declared_is_an_error_of_its_own(folder: Folder) -> None:
    head = HEAD.replace("defaults: {bucket: spots}", "defaults: {bucket: spotz}")
    assert folder.problem("files: {a: {title: A}, b: {title: B}}", head=head) == (
        'catalog.yaml:4:20: defaults.bucket: there is no bucket "spotz" (did you mean spots?)'
    )


def test_the_hint_lists_some_of_very_many_buckets(folder: Folder) -> None:
    many = ", ".join(f"b{number}: {{id: {number + 1}}}" for number in range(30))
    head = f"version: 1\ncatalog: c\nbuckets: {{{many}}}\n"
    problem = folder.problem("files: {a: {title: A, bucket: nothing-like-it}}", head=head)
    assert problem.endswith("b18, b19 or 10 more)")


@pytest.mark.parametrize("source", ["", "audio.wav", "3", "[]", "true"])
def test_a_source_that_is_no_mapping(folder: Folder, source: str) -> None:
    problem = folder.problem(f"files: {{a: {{title: T, source: {source}}}}}")
    wanted = "expected exactly one of audio, fingerprint, audio_url and acrid, found "
    assert wanted in problem


@pytest.mark.parametrize(
    ("source", "found"),
    [("{}", "found none"), ("{audio: a, acrid: b}", "found audio and acrid")],
)
def test_a_source_is_exactly_one_of_four(folder: Folder, source: str, found: str) -> None:
    text = f"files: {{a: {{title: T, source: {source}}}}}"
    assert any(problem.endswith(found) for problem in folder.problems(text))


def test_a_very_long_key_does_not_flood_the_message(folder: Folder) -> None:
    problem = folder.problem(f"files:\n  ? {'k' * 5000}\n  : {{title: T}}\n")
    assert len(problem) < 400


def test_a_key_that_is_no_key_is_shown_without_its_control_characters(folder: Folder) -> None:
    found = folder.problems(
        'files: {"\\e[31m\\u202e": {title: x, was: [q]}, b: {title: x, was: [q]}}'
    )
    assert any('"q" is a former key of "\\x1b[31m\\u202e" already' in problem for problem in found)
    assert all(problem.isprintable() for problem in found)


class TestUsersSchemas:
    def test_a_comment_of_theirs_is_not_taken_for_what_is_expected(self, folder: Folder) -> None:
        rule = {"type": "integer", "$comment": "TODO: ask Anna"}
        folder.write("s.json", json.dumps({"properties": {"n": rule}}))
        assert 'n: expected a whole number, found "x"' in folder.problem(USERS_SCHEMA)

    def test_a_one_of_with_a_comment_of_theirs(self, folder: Folder) -> None:
        rule = {"oneOf": [{"type": "integer"}, {"type": "null"}], "$comment": "either"}
        folder.write("s.json", json.dumps({"properties": {"n": rule}}))
        assert "is not valid under any of the given schemas" in folder.problem(USERS_SCHEMA)

    def test_names_that_an_address_would_have_to_quote(self, folder: Folder) -> None:
        folder.write("a b#c%20?.json", json.dumps({"properties": {"n": {"$ref": "d%20e.json"}}}))
        folder.write("d e.json", json.dumps({"type": "integer"}))
        text = USERS_SCHEMA.replace("s.json", '"a b#c%20?.json"')
        assert 'n: expected a whole number, found "x"' in folder.problem(text)

    def test_what_is_fetched_is_named_with_why_it_is_not(self, folder: Folder) -> None:
        folder.write("s.json", json.dumps({"$ref": "https://schemas.example/x.json"}))
        assert folder.problem(USERS_SCHEMA) == (
            'catalog.yaml:5:24: user_defined.schema: "s.json" cannot be used: it refers to '
            '"https://schemas.example/x.json": '
            "it is not in the catalogue's folder, and nothing is fetched"
        )

    @pytest.mark.parametrize(
        ("limit", "value", "said"),
        [
            ({"minimum": 5}, "3", "must be at least 5, found 3"),
            ({"maximum": 5}, "9", "must be at most 5, found 9"),
            ({"enum": ["jazz", "rock"]}, "jaz", 'found "jaz" (did you mean jazz?)'),
            ({"const": "jazz"}, "rock", 'expected "jazz", found "rock"'),
            ({"uniqueItems": True}, "[1, 1]", "an item stands in this list twice"),
            ({"minItems": 1}, "[]", "must not be empty"),
            ({"maxLength": 1}, "x" * 400, "..."),
            ({"type": ["integer", "null"]}, "x", "expected a whole number or null"),
        ],
    )
    def test_in_our_words(
        self, folder: Folder, limit: dict[str, object], value: str, said: str
    ) -> None:
        folder.write("s.json", json.dumps({"properties": {"n": limit}}))
        assert said in folder.problem(USERS_SCHEMA.replace("n: x", f"n: {value}"))

    def test_a_schema_that_refers_to_itself_for_ever_is_refused(self, folder: Folder) -> None:
        schema = {"$ref": "#/$defs/a", "$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}]}}}
        folder.write("s.json", json.dumps(schema))
        assert folder.problem(USERS_SCHEMA) == (
            'catalog.yaml:5:24: user_defined.schema: "s.json" cannot be used: '
            "it refers to itself for the same value, again and again"
        )

    def test_a_path_that_no_file_can_have(self, folder: Folder) -> None:
        problem = folder.problem(USERS_SCHEMA.replace("s.json", '"a\\0b"'))
        assert problem.endswith("is not a usable path")

    @pytest.mark.parametrize("depth", [900, 5000])
    def test_a_schema_that_is_too_deep(self, folder: Folder, depth: int) -> None:
        folder.write("s.json", '{"not":' * depth + "{}" + "}" * depth)
        assert "s.json" in folder.problem(USERS_SCHEMA)


class TestIncludes:
    def test_hidden_files_are_included_only_by_their_name(self, folder: Folder) -> None:
        folder.write("spots/.draft.yaml", "files: {hidden: {title: H}}")
        folder.write("spots/a.yaml", "files: {a: {title: A}}")
        assert set(folder.load("include: [spots/*.yaml]").desired.entries) == {"a"}
        assert set(folder.load("include: ['spots/.*.yaml']").desired.entries) == {"hidden"}

    @pytest.mark.parametrize("pattern", ["**x/*.yaml", "a" * 300, "''", "spots/[", "."])
    def test_patterns_that_match_nothing(self, folder: Folder, pattern: str) -> None:
        assert folder.problems(f"include: [{pattern!r}]".replace('"', ""))

    @searched
    @given(st.text(alphabet="*?[]!./~\\\0a-{} é", max_size=8))
    def test_any_pattern_matches_or_is_an_error(
        self, tmp_path_factory: pytest.TempPathFactory, pattern: str
    ) -> None:
        folder = Folder(tmp_path_factory.getbasetemp())
        folder.write("a.yaml", "files: {}")
        text = json.dumps([pattern])
        folder.catalog(f"include: {text}")
        with contextlib.suppress(CatalogError):
            folder.load()

    def test_folders_at_any_depth(self, folder: Folder) -> None:
        folder.write("spots/2024/spring/a.yaml", "files: {a: {title: A}}")
        folder.write("spots/b.yaml", "files: {b: {title: B}}")
        loaded = folder.load("include: ['spots/**/*.yaml']")
        assert [str(key) for key in loaded.desired.entries] == ["a", "b"]


class TestTables:
    def test_two_columns_that_set_one_value(self, folder: Folder) -> None:
        table = "key,title,user_defined.a,user_defined.a:number\na,T,x,\nb,T,,1\nc,T,x,1\n"
        folder.write("t.csv", table)
        assert folder.problem("include: [t.csv]") == (
            "t.csv:4:5: files.c.user_defined.a: two columns of this row set it"
        )

    @pytest.mark.parametrize("sign", [";", "\t"])
    def test_another_separator_is_one_mistake(self, folder: Folder, sign: str) -> None:
        folder.write("t.csv", f"key{sign}title\na{sign}T\n")
        assert folder.problem("include: [t.csv]") == (
            "t.csv:1:1: the column key is missing (cells are separated by commas)"
        )


class TestPins:
    def test_pinning_needs_no_service(self, folder: Folder) -> None:
        """A rehearsal's address is in the environment, which `pin` does not need to know."""
        url = "http://127.0.0.1:8080/a.wav"
        path = folder.catalog(f"files: {{a: {{title: T, source: {{audio_url: '{url}'}}}}}}")
        assert pin(path).files == ()

    def test_all_entries_that_share_a_source_by_an_alias_are_pinned(self, folder: Folder) -> None:
        folder.write("a.fp", b"a")
        path = folder.catalog(
            "files:\n"
            "  a: &a {title: A, source: &s {fingerprint: a.fp}}\n"
            "  b: {title: B, source: *s}\n"
            "  c: {<<: *a, title: C}\n"
            "  d: {title: D, source: {fingerprint: a.fp}} # stays\n"
        )
        assert sorted(pin(path).pinned) == ["a", "b", "c", "d"]
        assert path.read_text("utf-8").count("sha256: ") == 2
        assert pin(path).unchanged == 4

    def test_a_path_behind_an_alias_is_refused_and_the_others_are_pinned(
        self, folder: Folder
    ) -> None:
        folder.write("a.fp", b"a")
        path = folder.catalog(
            "files:\n"
            "  a: {title: A, source: {fingerprint: &path a.fp}}\n"
            "  b: {title: B, source: {fingerprint: *path}}\n"
        )
        report = pin(path)
        assert report.pinned == ("a",)
        (problem,) = report.problems
        assert str(problem.place) == "catalog.yaml:7:3"
        assert "behind an alias" in problem.message
        assert (problem.hint or "").startswith("write sha256: ")

    def test_an_included_file_that_vanished_is_left_to_the_next_run(
        self, folder: Folder, tmp_path: Path
    ) -> None:
        with pytest.raises(CatalogError, match="matches no file"):
            pin(folder.catalog("include: [gone.yaml]"))
