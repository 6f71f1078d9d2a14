"""Whatever a title holds, it is shown, and it does nothing."""

from __future__ import annotations

import re
import unicodedata

import pyte
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler.render.safe import (
    guarded,
    is_attached,
    is_hidden,
    look_alike,
    quoted,
    reads_right_to_left,
    said,
    spelled,
    visible,
)
from tests.render.stories import HOSTILE, PERSIAN

HIDDEN = ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")
JOINERS = "\u200c\u200d"
INVISIBLE = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u2800\u3164\uffa0\ufffc\ufe00\U000e0100\U0001d159"
FAMILY = "👨\u200d👩\u200d👧"

# Every category, and often enough what is treated in a way of its own.
TRICKY = (
    "\\\n\r\t\x1b\x07\x9b\u202e\u2066\u200b\u200c\u200d\ufeff\xad\u2028\ufe0f\ufe0e\u20e3\u0301\u0316"
    '\u0489#[:"n{}u1ae👨👩❤\u0627\u0628\u0915\u094d\u3000\xa0\ue000\uffff\ud800' + INVISIBLE
)
TEXTS = st.text(
    st.one_of(st.sampled_from(TRICKY), st.characters(), st.characters(codec="ascii")), max_size=30
)
many = settings(max_examples=1000, deadline=None, database=None, derandomize=True)


def read_back(shown: str) -> str:
    """What `visible` was given, from what it said."""
    short = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\"}

    def one(found: re.Match[str]) -> str:
        return short.get(found[1]) or chr(int(found[2], 16))

    return re.sub(r"\\(?:([nrt\\])|u\{([0-9a-f]+)\})", one, shown)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("Spring ad 30s [x] (y) #1", "Spring ad 30s [x] (y) #1"),
        ("a\\n", r"a\\n"),
        ("a\n\r\t", r"a\n\r\t"),
        ("\x1b[2J", r"\u{1b}[2J"),
        ("\x9b2J\x85", r"\u{9b}2J\u{85}"),
        ("a\u202eb\u2066", r"a\u{202e}b\u{2066}"),
        ("a\u2028b\u2029", r"a\u{2028}b\u{2029}"),
        ("\ud800\ue000\uffff\U000e0041", r"\u{d800}\u{e000}\u{ffff}\u{e0041}"),
        ("a\xadb\u200bc\ufeff", r"a\u{ad}b\u{200b}c\u{feff}"),
        ("a\xa0b\u2003c\u202fd", r"a\u{a0}b\u{2003}c\u{202f}d"),
        ("春\u3000の", "春\u3000の"),
        ("e\u0301", "e\u0301"),
        ("\u0301e", r"\u{301}e"),
        (" \u0301", r" \u{301}"),
        ('"\u0301', r'"\u{301}'),
        ("\n\u0301", r"\n\u{301}"),
        ("a" + "\u0301" * 4, "a" + "\u0301" * 4),
        ("a" + "\u0301" * 5, "a" + r"\u{301}" * 5),
        (FAMILY, FAMILY),
        (
            "👍🏽 🏳\ufe0f\u200d🌈 ❤\ufe0f 1\ufe0f\u20e3",
            "👍🏽 🏳\ufe0f\u200d🌈 ❤\ufe0f 1\ufe0f\u20e3",
        ),
        ("a\ufe0f1\ufe0f", r"a\u{fe0f}1\u{fe0f}"),
        ("❤\ufe0f\ufe0f", "❤\ufe0f" + r"\u{fe0f}"),
        (PERSIAN, PERSIAN),
        ("क\u094d\u200dष", "क\u094d\u200dष"),
        ("a\u200db\u200cc", r"a\u{200d}b\u{200c}c"),
        ("\u0627\u200c", "\u0627" + r"\u{200c}"),
        ("\u0627\u200c\u200c\u0628", "\u0627" + r"\u{200c}\u{200c}" + "\u0628"),
        ("👨\u200c👩", "👨" + r"\u{200c}" + "👩"),
        ("👨\u200d", "👨" + r"\u{200d}"),
        ("\u115f\u3164\uffa0\u2800", r"\u{115f}\u{3164}\u{ffa0}\u{2800}"),
        ("##[error]x # [y]", r"##\u{5b}error]x # [y]"),
    ],
)
def test_a_text(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert read_back(shown) == text


@many
@given(TEXTS)
def test_what_was_meant_can_be_read_back(text: str) -> None:
    assert read_back(visible(text)) == text


@many
@given(TEXTS)
def test_quotes_end_where_they_seem_to(text: str) -> None:
    inner = quoted(text)[1:-1]
    assert re.fullmatch(r'(?:[^"\\]|\\[nrt\\"]|\\u\{[0-9a-f]+\})*', inner)
    assert read_back(inner.replace(r"\"", '"')) == text


@many
@given(TEXTS)
def test_nothing_that_acts_or_hides_is_left(text: str) -> None:
    shown = visible(text)
    for place, char in enumerate(shown):
        if char in JOINERS:
            assert 0 < place < len(shown) - 1
            around = shown[place - 1] + shown[place + 1]
            assert not re.search(r"[\x00-\x7f\u200c\u200d]", around)
        else:
            assert unicodedata.category(char) not in HIDDEN
        assert char not in INVISIBLE
        if char in "\ufe0e\ufe0f":
            assert place
            assert shown[place - 1] not in "\ufe0e\ufe0f"
    assert not is_attached(shown[:1] or "x")
    assert len(shown.splitlines()) <= 1
    assert "##[" not in shown


@many
@given(TEXTS)
def test_no_letter_is_buried_under_marks(text: str) -> None:
    marks = [
        unicodedata.category(char).startswith("M") and char != "\ufe0f" for char in visible(text)
    ]
    runs = "".join("m" if mark else " " for mark in marks).split()
    assert all(len(run) <= 4 for run in runs)


@many
@given(TEXTS)
@example("\\")
def test_what_is_plain_is_left_alone(text: str) -> None:
    if text.isascii() and text.isprintable() and "\\" not in text and "##[" not in text:
        assert visible(text) == text


def on_screen(shown: str) -> tuple[str, str]:
    """What a terminal shows in its first line, and the title of its window."""
    screen = pyte.Screen(2000, 3)
    stream = pyte.Stream(screen)
    for char in shown:  # at a character that it does not know, pyte leaves out the rest of a text
        stream.feed(char)
    assert not "".join(screen.display[1:]).strip()
    return screen.display[0].rstrip(), screen.title


@settings(many, max_examples=300)
@given(TEXTS)
def test_a_terminal_shows_the_text_and_does_nothing(text: str) -> None:
    shown = visible(text)
    line, title = on_screen(f"x{shown}")
    assert title == ""
    # What pyte leaves out: joiners and selectors. It composes letters and marks.
    expected = re.sub("[\u200c\u200d\ufe0e\ufe0f]", "", f"x{shown}")
    uncombined = "".join(
        c
        for c in expected
        if not unicodedata.category(c).startswith("M") or unicodedata.combining(c)
    )
    normal = unicodedata.normalize
    without_marks = [
        "".join(c for c in normal("NFD", each) if not unicodedata.category(c).startswith("M"))
        for each in (line, uncombined)
    ]
    assert without_marks[0].strip() == without_marks[1].strip()


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_terminal_withstands(text: str) -> None:
    line, title = on_screen(visible(text[:200]))
    assert title == ""
    assert line.strip()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("plain :: x", "plain :: x"),
        ("::error::x", r"\u{3a}:error::x"),
        ("  \t::error::x", "  \t" + r"\u{3a}:error::x"),
        ("\u3000::error::x", "\u3000" + r"\u{3a}:error::x"),
        (":x", ":x"),
        ("", ""),
    ],
)
def test_a_line_is_no_command(line: str, expected: str) -> None:
    assert guarded(line) == expected


def test_a_message_keeps_its_backslashes() -> None:
    assert said("'a\\x1b' \x1b") == r"'a\x1b' \u{1b}"


def test_texts_that_look_alike_are_spelled() -> None:
    assert look_alike("Caf\u00e9", "Cafe\u0301")
    assert look_alike("❤", "❤\ufe0f")
    assert not look_alike("a", "a")
    assert not look_alike("a", "b")
    assert spelled("Cafe\u0301##[") == r'"Cafe\u{301}##\u{5b}"'


@many
@given(TEXTS)
def test_what_is_hidden_is_never_shown(text: str) -> None:
    """But for what belongs to its neighbours: joiners and selectors."""
    shown = [char for char in visible(text) if is_hidden(char)]
    assert set(shown) <= set(JOINERS + "\ufe0e\ufe0f")


@many
@given(TEXTS)
def test_a_message_that_quotes_visible_text_leaves_it_as_it_is(text: str) -> None:
    assert said(visible(text)) == visible(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Spring", False),
        ("été 春 1979 👍", False),
        ("\u05d0", True),
        (PERSIAN, True),
        ("\u0661", True),
    ],
)
def test_what_reads_from_right_to_left(text: str, expected: bool) -> None:
    assert reads_right_to_left(f"a {text} b") is expected
