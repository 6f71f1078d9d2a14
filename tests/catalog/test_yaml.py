"""What YAML may hold, and what is refused, with its place."""

import pytest
import yaml

from reconciler.catalog import events, places


def faults(text: str) -> list[str]:
    return [
        f"{fault.spot[0]}:{fault.spot[1]} {fault.message}"
        for fault in events.build(text.encode()).faults
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: 1\nb: 2\na: 3\n", "3:1 this key is there already, in the same mapping"),
        ("{a: 1, 'a': 2}", "1:8 this key is there already, in the same mapping"),
        ("a: !!str 5", "1:4 tags such as !!str are not allowed"),
        ("a: ! 5", "1:4 tags such as !!str are not allowed"),
        ("!!map {a: 1}", "1:1 tags such as !!str are not allowed"),
        ("!!python/object:os.system {a: 1}", "1:1 tags such as !!str are not allowed"),
        ("!!str a: 1", "1:1 tags such as !!str are not allowed"),
        ("? [a]\n: 1", "1:3 a key must be a text"),
        ("~: 1", "1:1 a key must be a text, found null"),
        ("?\n: 1", "1:2 a key must be a text, found null"),
        ("a: 1\n---\nb: 2\n", "2:1 a second document begins here"),
        ("a: *b", "1:4 the alias *b has no anchor before it"),
        ("a: &b [*b]", "1:8 the alias *b stands inside what it names"),
        ("a: &b 1\nc: &b 2", "2:4 the anchor &b is there already"),
        ("<<: 1\na: 2", "1:5 << takes a mapping, or a list of mappings"),
        ("<<: {a: 1}\n<<: {b: 1}", "2:5 << is there already in the same mapping"),
    ],
)
def test_refused(text: str, fault: str) -> None:
    assert fault in faults(text)


@pytest.mark.parametrize("rubbish", ["]", "}", "b", "\t@", "... x", "\n- x", "%YAML", "&"])
def test_rubbish_behind_the_document_is_noticed(rubbish: str) -> None:
    assert faults(f"{{a: 1}}\n{rubbish}")


def test_syntax_errors_have_their_place() -> None:
    assert faults("a: 1\nb: [1, 2\nc: 3\n")[0].startswith("3:2 not readable as YAML: ")
    assert faults("a: x\nb: \x01") == ["2:4 a character that YAML does not allow"]


def test_every_fault_at_once() -> None:
    assert len(faults("a: !!str 1\nb: *nothing\nc: {d: 1, d: 2}\n~: 1\n")) == 4


def test_depth() -> None:
    fits = "[" * events.MAX_DEPTH + "]" * events.MAX_DEPTH
    assert faults(fits) == []
    assert faults(f"[{fits}]") == ["1:33 nested more than 32 deep"]
    assert faults("? " * 40 + "a")
    assert "nested more than 32 deep" in faults("[" * 100_000)[0]
    assert "nested more than 32 deep" in faults('{"a":' * 100_000)[0]


def test_aliases_and_merge_keys() -> None:
    text = """
    base: &base {a: 1, b: 2}
    more: &more {b: 3, c: 4}
    one: *base
    two: {<<: *base, b: 9}
    three: {<<: [*base, *more], d: 5}
    four: {"<<": quoted}
    """
    value = events.build(text.encode()).value
    assert value["one"] == {"a": 1, "b": 2}
    assert value["two"] == {"a": 1, "b": 9}
    assert value["three"] == {"a": 1, "b": 2, "c": 4, "d": 5}
    assert value["four"] == {"<<": "quoted"}
    assert events.build(b"a: &x 1979\nb: *x\n? &y k\n: *y\n").value == {
        "a": 1979,
        "b": 1979,
        "k": "k",
    }


def bomb(join: str, levels: int = 40) -> str:
    lines = ["a0: &a0 {k: v}"]
    lines += [f"a{n}: &a{n} {join.format(f'*a{n - 1}')}" for n in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "join",
    [
        "[{0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}]",
        "{{x: {0}, y: {0}, z: {0}}}",
        "{{<<: [{0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}]}}",
    ],
)
def test_a_bomb_is_refused_before_it_is_paid_for(join: str) -> None:
    """By counting what the aliases stand for: 8 to the power of 40 values would never be done."""
    document = events.build(bomb(join).encode())
    assert not document.complete
    (fault,) = document.faults
    assert "stand for too many values" in fault.message
    assert fault.spot[0] < 20


def test_a_wide_merge_bomb_is_refused() -> None:
    wide = ", ".join(f"k{n}: 1" for n in range(2000))
    many = ", ".join(["*a"] * 2000)
    text = f"a: &a {{{wide}}}\nb: {{<<: [{many}]}}"
    assert "stand for too many values" in faults(text)[0]


@pytest.mark.no_cover
def test_a_million_entries_may_share_their_defaults() -> None:
    shared = "base: &base {a: 1, b: 2, c: 3}\nall:\n"
    document = events.build((shared + "  - {x: 1, d: *base}\n" * 150_000).encode())
    assert document.complete


def test_line_and_column_of_values() -> None:
    text = (
        b"files:\n  a:\n    title: x\n    was: [p, q]\n    user_defined: {b: {c: 1}, ? [odd] : z}\n"
    )
    wanted = [
        ("files", "a"), ("files", "a", "title"), ("files", "a", "was", 1),
        ("files", "a", "user_defined", "b", "c"), ("files", "nothing"),
    ]  # fmt: skip
    found = places.locate(text, wanted)
    assert found["files", "a"].key == (2, 3)
    assert found["files", "a", "title"] == places.Spots((3, 5), (3, 12))
    assert found["files", "a", "was", 1].value == (4, 14)
    assert found["files", "a", "user_defined", "b", "c"] == places.Spots((5, 24), (5, 27))
    nearest = places.nearest(found, ("files", "nothing"))
    assert nearest is not None
    assert nearest[0].key == (1, 1)


def test_the_pure_parser_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = b"a: {b: [1, x, '2'], <<: &m {c: 012}}\nd: *m\n"
    by_c = events.build(text).value
    monkeypatch.delattr(yaml, "CSafeLoader")
    assert (
        events.build(text).value
        == by_c
        == {"a": {"b": [1, "x", "2"], "c": "012"}, "d": {"c": "012"}}
    )
    assert [fault.spot for fault in events.build(b"a: 1\n?? [").faults]
    assert events.build(b"a: \x01").faults
