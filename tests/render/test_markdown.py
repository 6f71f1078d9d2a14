"""Whatever a title holds: in Markdown it is code, and nothing else (T9, T10).

Read by GitHub's own CommonMark, in the mode that lets HTML through, with tables and links.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler.render.markdown import block, cell, code, details
from reconciler.render.safe import visible
from tests.render.stories import HOSTILE

MARKS = [
    *"`|\\*_~[]()<>&!#:/@.-+ \n\r\t\"'\u2028\u202e\u200d\u0301",
    *("``", "```", "~~~", "\n\n", "<!--", "-->", "</code>", "<script>", "<img src=x onerror=y>"),
    *("https://evil.example", "www.evil.example", "a@b.example", "@all", "#1", "!1", "GH-1"),
    *("\n/close\n", "\n::error::x", "##[group]", "![x](y)", "[x]: y", "|\n|-|\n", "&lt;", "\\|"),
]
TEXTS = st.lists(st.one_of(st.sampled_from(MARKS), st.text(max_size=4))).map("".join)
many = settings(max_examples=300, deadline=None, database=None, derandomize=True)


class Read(HTMLParser):
    """The tags, and the text inside and outside of code."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.ends: list[str] = []
        self.codes: list[str] = []
        self.outside = ""
        self._inside = False
        self.feed(cmarkgfm.github_flavored_markdown_to_html(source, Options.CMARK_OPT_UNSAFE))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))
        if tag == "code":
            self._inside = True
            self.codes.append("")

    def handle_endtag(self, tag: str) -> None:
        self.ends.append(tag)
        self._inside = self._inside and tag != "code"

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.codes[-1] += data
        else:
            self.outside += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def commands(source: str) -> list[str]:
    """The lines that GitLab or a runner would obey, wherever they stand."""
    lines = re.split("[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", source)
    return [line for line in lines if re.match(r"\s*(?:/[A-Za-z]|::)", line) or "##[" in line]


def test_the_reader_sees_what_it_must() -> None:
    """So that the properties can fail."""
    assert [tag for tag, _ in Read("<b>x</b> www.evil.example").tags] == ["p", "b", "a"]
    assert commands("x\n /close\n") == [" /close"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Spring ad", "`Spring ad`"),
        ("", "` `"),
        ("  ", "`  `"),
        ("a`b", "``a`b``"),
        ("`a``", "``` `a`` ```"),
        (" a", "`  a `"),
        ("a|b", "`a|b`"),
        ("a\n/close", r"`a\n/close`"),
        ("a\u202eb", r"`a\u{202e}b`"),
    ],
)
def test_a_span(text: str, expected: str) -> None:
    assert code(text) == expected


@many
@given(TEXTS)
@example("`")
def test_in_a_sentence_it_is_code_and_nothing_else(text: str) -> None:
    source = f"- the title {code(text)} of a file\n"
    read = Read(source)
    assert [tag for tag, _ in read.tags] == ["ul", "li", "code"]
    assert read.codes == [visible(text) or " "]
    assert read.outside.split() == ["the", "title", "of", "a", "file"]
    assert commands(source) == []


@many
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=3))
@example([("\\", "|"), ("|", "`")])
def test_in_a_table_there_are_as_many_cells_as_were_meant(rows: list[tuple[str, str]]) -> None:
    lines = [f"| {cell(one)} | {cell(other)} |" for one, other in rows]
    source = "\n".join(["| before | after |", "|---|---|", *lines, ""])
    read = Read(source)
    head = ["table", "thead", "tr", "th", "th", "tbody"]
    row = ["tr", "td", "code", "td", "code"]
    assert [tag for tag, _ in read.tags] == [*head, *row * len(rows)]
    assert read.codes == [visible(text) or " " for pair in rows for text in pair]
    assert read.outside.split() == ["before", "after"]
    assert commands(source) == []


@many
@given(st.lists(TEXTS, max_size=4), st.sampled_from(["", "diff"]))
def test_a_block_ends_where_it_seems_to(lines: list[str], language: str) -> None:
    source = f"before\n\n{block(lines, language)}\nafter\n"
    read = Read(source)
    assert [tag for tag, _ in read.tags] == ["p", "pre", "code", "p"]
    assert read.outside.split() == ["before", "after"]
    assert read.codes[0].count("\n") == len(lines)
    assert commands(source) == []
    for tag, attributes in read.tags:
        assert all(tag == "pre" and name == "lang" for name, _ in attributes), attributes


@many
@given(st.lists(TEXTS, max_size=4))
def test_what_is_folded_away_stays_inside(lines: list[str]) -> None:
    """Tags are around it, and what is between them is Markdown all the same."""
    source = f"before\n\n{details('Before and after', block(lines, 'diff'))}\nafter\n"
    read = Read(source)
    assert [tag for tag, _ in read.tags] == ["p", "details", "summary", "pre", "code", "p"]
    assert read.ends == ["p", "summary", "code", "pre", "details", "p"]
    assert read.outside.split() == ["before", "Before", "and", "after", "after"]
    assert read.codes[0].count("\n") == len(lines)
    assert commands(source) == []


@many
@given(TEXTS)
def test_what_is_visible_already_stays_as_it_is_in_a_block(text: str) -> None:
    line = f"~ {visible(text)}"
    assert block([line]).split("\n")[1] == line


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("/close", r"\u{2f}close"),
        ("  /label ~x", r"  \u{2f}label ~x"),
        ("/ 2", "/ 2"),
        ("::error::x", r"\u{3a}:error::x"),
        ("a /close", "a /close"),
    ],
)
def test_no_line_of_a_block_is_a_command(line: str, expected: str) -> None:
    assert block([line]) == f"```\n{expected}\n```\n"


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_titles(text: str) -> None:
    assert Read(f"{code(text)}\n").codes == [visible(text)]
