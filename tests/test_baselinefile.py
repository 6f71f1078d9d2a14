"""The baseline on disk: read strictly, and added to without touching what stands there."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.baselinefile import add_to_baseline, read_baseline
from reconciler.core.drift import Acceptance, Direction, Said
from reconciler.core.model import FileId, Key, Place
from reconciler.errors import BaselineError
from reconciler.shipped import schema

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = schema("baseline.schema.json")
WHOLE = """\
version: 1
accepted:
  - key: spring-ad-01   # a comment
    field: title
    live: "Old title"
    reason: the label renames it in December
    until: 2026-12-31
  - {file: 1310, direction: unmanaged, reason: a test, until: 2027-01-01}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "drift-baseline.yaml"


def read(path: Path, text: str) -> tuple[Acceptance, ...]:
    path.write_text(dedent(text), "utf-8")
    return read_baseline(path, SCHEMA)


def problems(path: Path, text: str) -> list[str]:
    with pytest.raises(BaselineError) as caught:
        read(path, text)
    return [str(problem).replace(f"{path}:", "") for problem in caught.value.problems]


def one(path: Path, *properties: str) -> Acceptance:
    """The only item, of these properties and all else that it needs."""
    text = "".join(f"    {each}\n" for each in (*properties, "reason: r", "until: 2026-12-31"))
    (found,) = read(path, f"version: 1\naccepted:\n  -{text[3:]}")
    return found


def test_what_it_says(path: Path) -> None:
    assert read(path, WHOLE) == (
        Acceptance(
            Key("spring-ad-01"),
            None,
            "the label renames it in December",
            "2026-12-31",
            Place(str(path), 3, 5),
            field="title",
            live=Said("Old title"),
        ),
        Acceptance(
            None,
            FileId(1310),
            "a test",
            "2027-01-01",
            Place(str(path), 8, 5),
            direction=Direction.UNMANAGED,
        ),
    )


@pytest.mark.parametrize("text", ["NO", "00123", "12:30", "1_000", "2024-01-01", "1.50", "0x1F"])
def test_a_live_value_that_yaml_would_read_as_something_else_is_its_own_text(
    path: Path, text: str
) -> None:
    assert one(path, "key: a", "field: title", f"live: {text}").live == Said(text)
    assert one(path, "key: a", "field: user_defined.x", f"live: {text}").live == Said(text)


@pytest.mark.parametrize(
    ("text", "title", "value"),
    [("1979", "1979", 1979), ("true", "true", True), ('"1979"', "1979", "1979")],
)
def test_a_title_is_a_text_and_another_value_is_what_it_looks_like(
    path: Path, text: str, title: str, value: Any
) -> None:
    assert one(path, "key: a", "field: title", f"live: {text}").live == Said(title)
    assert one(path, "key: a", "field: user_defined.x", f"live: {text}").live == Said(value)


@pytest.mark.parametrize("direction", Direction)
def test_every_direction_may_be_named(path: Path, direction: Direction) -> None:
    assert one(path, "key: a", f"direction: {direction}").direction is direction


def test_null_is_that_nothing_is_there(path: Path) -> None:
    assert one(path, "key: a", "field: user_defined.x", "live: null").live == Said(None)
    assert one(path, "key: a", "field: user_defined.x").live is None


def test_keys_and_reasons_are_texts(path: Path) -> None:
    assert one(path, "key: 007").key == "007"
    assert one(path, "key: 7").key == "7"
    assert read(path, WHOLE.replace("a test", "404"))[1].reason == "404"


def test_everything_that_is_wrong_is_said_at_once_and_where(path: Path) -> None:
    assert problems(
        path,
        """\
        version: 1
        accepted:
          - kye: a
            reason: r
            until: 2026-12-31
          - key: a
            until: 2026-02-30
          - key: a
            file: 7
            field: titel
            reason: r
            until: soon
          - key: a
            direction: change live
            live: x
            reason: ""
            until: 2026
          - key: a
            field: user_defined.tags[0]
            live: x
            reason: r
            until: 2026-12-31
          - {key: a, field: title, live: null, reason: r, until: 2026-12-31}
          - {key: a, reason: r, until: "2026-99-99\\n"}
        """,
    ) == [
        "3:5: accepted[0]: expected a key, or the number of a file that carries no mark; found "
        "neither",
        "3:5: accepted[0].kye: unknown property (did you mean key?)",
        "6:5: accepted[1]: reason is missing",
        "7:12: accepted[1].until: there is no day 2026-02-30",
        "8:5: accepted[2]: expected a key, or the number of a file that carries no mark; found "
        "both",
        "10:12: accepted[2].field: expected title, or a value such as user_defined.artist, found "
        '"titel"',
        '12:12: accepted[2].until: expected a day such as 2026-12-31, found "soon"',
        "14:16: accepted[3].direction: expected changed live, missing live, duplicate, broken, "
        "not yet applied, both changed, unresolved, unmanaged or unknown, found "
        '"change live" (did you mean changed live?)',
        "15:11: accepted[3].live: it is the live value of a field: name the field",
        "16:13: accepted[3].reason: must not be empty",
        '17:12: accepted[3].until: expected a day such as 2026-12-31, found "2026"',
        "20:11: accepted[4].live: it goes with a whole value, such as user_defined.tags, and no "
        "part of one",
        "23:34: accepted[5].live: a title is a text: quote it",
        r'24:32: accepted[6].until: expected a day such as 2026-12-31, found "2026-99-99\n"',
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1:1: expected a mapping, found null"),
        ("[]", "1:1: expected a mapping, found a list"),
        ("version: 2\naccepted: []\n", "1:10: version: expected 1, found 2"),
        ("version: 1\n", "1:1: accepted is missing"),
        ("version: 1\naccepted: {}\n", "2:11: accepted: expected a list, found a mapping"),
        ("version: 1\naccepted: [7]\n", "2:12: accepted[0]: expected a mapping, found 7"),
        ("version: 1\nversion: 1\naccepted: []\n", "2:1: version: this key is there already"),
        ("version: 1\naccepted: !!set {}\n", "2:11: accepted: tags such as !!str are not allowed"),
        ("version: 1\n\taccepted: []\n", "not readable as YAML"),
    ],
)
def test_what_is_no_baseline(path: Path, text: str, said: str) -> None:
    assert any(said in problem for problem in problems(path, text))


def test_what_is_not_there(path: Path) -> None:
    with pytest.raises(
        BaselineError, match=r"1:1: the baseline cannot be read: there is no such file"
    ):
        read_baseline(path, SCHEMA)


ACCEPTED = Acceptance(
    Key("a"), None, "why: not", "2027-06-30", Place("", 0, 0), "title", Said("NO")
)


def placeless(found: tuple[Acceptance, ...]) -> list[tuple[Any, ...]]:
    return [(o.key, o.file_id, o.field, o.live, o.direction, o.reason, o.until) for o in found]


def test_a_new_one_is_made(path: Path) -> None:
    add_to_baseline(path, SCHEMA, [ACCEPTED])
    assert path.read_text("utf-8") == dedent("""\
        version: 1
        accepted:
          - key: a
            field: title
            live: "NO"
            reason: "why: not"
            until: "2027-06-30"
        """)
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", [WHOLE, WHOLE.rstrip("\n"), WHOLE.replace("\n  ", "\n")])
def test_what_stands_there_stays_byte_for_byte(path: Path, text: str) -> None:
    before = read(path, text)
    add_to_baseline(path, SCHEMA, [ACCEPTED, ACCEPTED])
    assert path.read_bytes().startswith(text.encode())
    after = read_baseline(path, SCHEMA)
    assert placeless(after) == placeless((*before, ACCEPTED, ACCEPTED))


@pytest.mark.parametrize(
    "text", ["version: 1\naccepted: []\n", WHOLE.replace("version: 1\n", "") + "version: 1\n"]
)
def test_where_nothing_can_be_added_the_file_stays_and_that_is_said(path: Path, text: str) -> None:
    read(path, text)
    with pytest.raises(BaselineError, match="must be its last part"):
        add_to_baseline(path, SCHEMA, [ACCEPTED])
    assert path.read_text("utf-8") == text


def test_a_file_that_cannot_be_written_is_said(path: Path) -> None:
    with pytest.raises(BaselineError, match="writing it: "):
        add_to_baseline(path / "in" / "nothing", SCHEMA, [ACCEPTED])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None, database=None, derandomize=True)
@given(value=JSON, reason=st.text(min_size=1, max_size=30))
def test_whatever_is_live_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, value: Any, reason: str
) -> None:
    path = tmp_path_factory.mktemp("baseline") / "b.yaml"
    new = Acceptance(
        Key("a"), None, reason, "2027-06-30", Place("", 0, 0), "user_defined.x", Said(value)
    )
    add_to_baseline(path, SCHEMA, [new])
    (found,) = read_baseline(path, SCHEMA)
    assert placeless((found,)) == placeless((new,))
