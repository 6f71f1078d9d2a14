"""Edits to one mapping of a text: pairs are stated and dropped, and all else stays as it is.

A value is replaced where it stands, with the sign that stood around it. What is new comes behind
the last pair, or behind the one that it belongs to. What would have to be written in another
way altogether is refused: whoever edits reads again what came of it, and so nothing here need
be right in every corner of YAML.
"""

import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from itertools import pairwise
from operator import itemgetter
from typing import Final, TypeAlias

from reconciler.catalog.literals import JsonSpelling, Spelling, Verbatim
from reconciler.catalog.nodes import BLOCKS, Mapped, Node, Pair, Scalar
from reconciler.catalog.spans import Span
from reconciler.core.model import Json

Edit: TypeAlias = tuple[Span, str]
"""Characters to be replaced, and by what."""
Value: TypeAlias = Json | Verbatim

_HEADER: Final = re.compile(r"[|>][-+0-9]*")
_ANCHORED: Final = re.compile(r"[ \t]*(?:&[^\s,\[\]{}]+)?")
_REST: Final = re.compile(r"[ \t]*,?[ \t]*(?:#.*)?\r?")
_COMMA: Final = re.compile(r"[ \t]*,(?:[ \t]*(?![ \t#]))?")
"""With the space behind it, which a comment needs."""
_COMMENT: Final = re.compile(r"(?<=[ \t\n])#")
"""Or what looks like one: it may stand in quotes."""
_BLANK_LINES: Final = re.compile(r"(?:[ \t]*\r?\n)*")
_SIGN: Final = re.compile(r"[,:] *")


class NotEditableError(Exception):
    """Why something cannot be changed where it stands."""


def edited(text: str, edits: Collection[Edit]) -> str:
    """The text with all of the edits; of two at one place the first given comes first. Raises
    `NotEditableError` where two are of the same characters."""
    parts: list[str] = []
    at = 0
    for (start, end), new in sorted(edits, key=itemgetter(0)):
        if start < at:
            raise NotEditableError("two of its values stand in one place")
        parts += [text[at:start], new]
        at = end
    return "".join([*parts, text[at:]])


def rewritten(
    text: str,
    mapping: Mapped,
    stated: Mapping[str, Value],
    spelling: Spelling,
    *,
    dropped: Collection[str] = (),
    behind: str | None = None,
) -> list[Edit]:
    """The edits after which the mapping states these values, and no longer has those dropped.
    One pair of it at least stays, or is new, where it is not a flow. New ones come behind the
    pair `behind`.

    Raises `NotEditableError`.
    """
    edits: list[Edit] = []
    new: dict[str, Value] = {}
    for name, value in stated.items():
        pair = mapping.pair(name)
        if pair is None:
            new[name] = value
        else:
            edits += replaced(text, pair, value, spelling, in_flow=mapping.flow)
    going = [pair.name is not None and pair.name.text in dropped for pair in mapping.pairs]
    if mapping.flow:
        return edits + _flow(text, mapping, going, new, spelling, behind)
    gone = [
        lines_of_pair(text, pair) for pair, goes in zip(mapping.pairs, going, strict=True) if goes
    ]
    edits += [(span, "") for span in gone]
    if not new:
        return edits
    at, said = _new_lines(text, mapping, new, spelling, behind)
    if gone and gone[-1][1] == at:
        # In the place of the last one, which need not end with a line break.
        edits[-1] = gone[-1], said.lstrip("\r\n")
        return edits
    return [*edits, ((at, at), said)]


def replaced(
    text: str, pair: Pair, value: Value, spelling: Spelling, *, in_flow: bool
) -> list[Edit]:
    """The edits after which the pair has this value."""
    node = pair.value
    start, end = node.span
    if isinstance(node, Scalar) and node.quote in BLOCKS:
        return _in_the_place_of_a_block(text, node, value, spelling)
    # The comment behind the name stays, and so does one behind the end.
    after = min(line_end(text, pair.colon or start), start)
    if not isinstance(node, Scalar) and _COMMENT.search(text, after, end):
        raise NotEditableError("comments stand in a list or an object that would go")
    said = _said(value, node, spelling, in_flow=in_flow)
    if start == end:
        before = text[start - 1 : start]
        sign = ": " if pair.colon is None else "" if before in (" ", "\t") else " "
        return [(node.span, sign + said)]
    first_line = line_end(text, pair.colon or start)
    if start <= first_line or pair.colon is None or getattr(node, "flow", True):
        return [(node.span, said)]
    # A block below its name: the comment behind the name stays.
    at = _behind_the_name(text, pair)
    blank = first_line if _is_blank(text[at:first_line]) else at
    return [((at, blank), f" {said}"), ((first_line, end), "")]


def emptied(text: str, holder: Pair, mapping: Mapped, spelling: Spelling) -> list[Edit]:
    """The edits after which the mapping that `holder` has is an empty one. Comments stay."""
    if mapping.flow:
        return rewritten(text, mapping, {}, spelling, dropped=mapping.names())
    lines = [lines_of_pair(text, pair) for pair in mapping.pairs]
    at = _behind_the_name(text, holder)
    return [((at, at), " {}"), *((span, "") for span in lines)]


def without(text: str, holder: Pair, names: Collection[str], spelling: Spelling) -> list[Edit]:
    """The edits after which the mapping that `holder` has no longer has these pairs, nor the
    lines of comment that belong to them: directly above, and further in below."""
    mapping = holder.value
    if not isinstance(mapping, Mapped):
        raise NotEditableError("it stands behind an alias")
    if mapping.flow:
        going = [pair.name is not None and pair.name.text in names for pair in mapping.pairs]
        return _gone(text, mapping, going, spelling, comments=True)
    edits: list[Edit] = []
    if len(names) == len(mapping.pairs):
        at = _behind_the_name(text, holder)
        edits.append(((at, at), " {}"))
    for pair in mapping.pairs:
        if pair.name is not None and pair.name.text in names:
            lines = lines_of_pair(text, pair)
            edits.append((_with_comments(text, lines, mapping.column), ""))
    return edits


def lines_of_pair(text: str, pair: Pair) -> Span:
    """The whole lines of a pair, where there is nothing else on them."""
    start = text.rfind("\n", 0, pair.span[0]) + 1
    rest = _REST.match(text, pair.span[1])
    end = rest.end() if rest else pair.span[1]
    if not _is_blank(text[start : pair.span[0]]) or text[end : end + 1] not in ("", "\n"):
        raise NotEditableError("it shares a line with something else")
    return start, min(end + 1, len(text))


def line_end(text: str, at: int) -> int:
    """Where the line ends that holds a character: before its line break."""
    end = text.find("\n", at)
    if end < 0:
        return len(text)
    return end - 1 if text[end - 1 : end] == "\r" and end > at else end


def line_break(text: str, at: int) -> str:
    """What ends the line that holds a character, or the first one where it is the last."""
    end = text.find("\n", at)
    end = text.find("\n") if end < 0 else end
    return "\r\n" if end > 0 and text[end - 1] == "\r" else "\n"


def _behind_the_name(text: str, pair: Pair) -> int:
    """Where a value goes that begins on the line of its name: behind the colon and an anchor."""
    colon = pair.colon or pair.value.span[0]
    anchored = _ANCHORED.match(text, colon)
    is_there = anchored is not None and text[anchored.end() - 1] not in " \t"
    return anchored.end() if anchored is not None and is_there else colon


def _said(value: Value, node: Node, spelling: Spelling, *, in_flow: bool) -> str:
    if isinstance(value, Verbatim):
        return value.text
    quote = node.quote if isinstance(node, Scalar) else ""
    return spelling.value(value, quote, in_flow)


def _in_the_place_of_a_block(
    text: str, node: Scalar, value: Value, spelling: Spelling
) -> list[Edit]:
    """The comment behind the sign stays. A text that fits is a block again."""
    start, end = node.span
    header = _HEADER.match(text, start)
    behind = header.end() if header else start
    body = line_end(text, start)
    if isinstance(value, str) and text[end : end + 1] in ("\n", "\r"):
        new = _block(value, node.quote, line_break(text, start), _indent(text, body, end))
        if new is not None:
            return [((start, behind), new[0]), ((body, max(body, end)), new[1])]
    said = value.text if isinstance(value, Verbatim) else spelling.value(value, '"', False)
    return [((start, behind), said), ((body, max(body, end)), "")]


def _indent(text: str, start: int, end: int) -> str:
    first = next((line for line in text[start:end].split("\n") if not _is_blank(line)), "")
    return first[: len(first) - len(first.lstrip(" "))]


def _block(value: str, quote: str, ends: str, indent: str) -> tuple[str, str] | None:
    """A text as a block's header and lines, or None where it cannot be one."""
    body = value.removesuffix("\n")
    lines = body.split("\n")
    fits = all(line.isprintable() and (line == "" or not _is_blank(line)) for line in lines)
    if not (fits and indent and lines[0] and lines[-1]) or lines[0][0].isspace() or "##[" in value:
        return None
    sign = quote if len(lines) == 1 else "|"
    header = sign + ("" if value.endswith("\n") else "-")
    return header, "".join(f"{ends}{indent}{line}" if line else ends for line in lines)


def _flow(
    text: str,
    mapping: Mapped,
    going: list[bool],
    new: Mapping[str, Value],
    spelling: Spelling,
    behind: str | None,
) -> list[Edit]:
    pairs = mapping.pairs
    comma, said = _new_pairs(text, mapping, new, spelling)
    if not pairs:
        at = mapping.span[0] + 1
        return [((at, at), comma.join(said))] if said else []
    if all(going) and said:
        edits = [(pairs[0].span, comma.join(said))]
        return edits + _gone(text, mapping, [False, *going[1:]], spelling)
    edits = _gone(text, mapping, going, spelling)
    if said:
        last = max(index for index, goes in enumerate(going) if not goes)
        named = [i for i, pair in enumerate(pairs) if pair.name and pair.name.text == behind]
        at = pairs[named[0] if named else last].span[1]
        edits.append(((at, at), "".join(comma + one for one in said)))
    return edits


def _gone(
    text: str, mapping: Mapped, going: list[bool], spelling: Spelling, *, comments: bool = False
) -> list[Edit]:
    """The edits after which a flow no longer has the pairs that go. What is said of those that
    stay, stays; with `comments`, what is said above those that go, goes."""
    pairs = mapping.pairs
    last = max((index for index, goes in enumerate(going) if not goes), default=None)
    is_json = isinstance(spelling, JsonSpelling)
    if last is None or not any(going[last:]) or (not is_json and _has_comments(text, pairs[last:])):
        return _gone_one_by_one(text, pairs, going, comments=comments)
    # With the comma behind the last that stays.
    tail = (pairs[last].span[1], pairs[-1].span[1]), ""
    return [*_gone_one_by_one(text, pairs[: last + 1], going, comments=comments), tail]


def _has_comments(text: str, pairs: list[Pair]) -> bool:
    """Whether there is a comment between the pairs, or behind the last on lines of its own."""
    end = pairs[-1].span[1]
    lines = _own_lines(text, pairs[-1])
    between = [text[one.span[1] : other.span[0]] for one, other in pairwise(pairs)]
    return any("#" in said for said in [*between, text[end : lines[1] if lines else end]])


def _gone_one_by_one(
    text: str, pairs: list[Pair], going: list[bool], *, comments: bool
) -> list[Edit]:
    """The edits by which each pair goes with the comma behind it."""
    edits: list[Edit] = []
    at = 0
    for index, (pair, goes) in enumerate(zip(pairs, going, strict=False)):
        if not goes:
            continue
        start, end = pair.span
        lines, sign = _own_lines(text, pair), _COMMA.match(text, end)
        following = pairs[index + 1].span[0] if index + 1 < len(pairs) else None
        if lines is not None and (sign is not None or following is None):
            column = start - text.rfind("\n", 0, start) - 1
            start, end = _with_comments(text, lines, column) if comments else lines
        elif following is not None and (sign is None or "#" not in text[end:following]):
            end = following
        elif sign is not None:
            end = sign.end()
        # What goes before it may have taken the beginning of its line.
        edits.append(((max(start, at), end), ""))
        at = end
    return edits


def _own_lines(text: str, pair: Pair) -> Span | None:
    with suppress(NotEditableError):
        return lines_of_pair(text, pair)
    return None


def _new_pairs(
    text: str, mapping: Mapped, new: Mapping[str, Value], spelling: Spelling
) -> tuple[str, list[str]]:
    """The sign between pairs, and new ones, as those are written that are there."""
    beside = next((pair for pair in mapping.pairs if pair.name), None)
    quote = beside.name.quote if beside and beside.name else ""
    colon, comma = ": ", ", "
    if beside and beside.name and beside.colon:
        spaced = text[beside.colon : beside.value.span[0]]
        if quote and spaced == "" and beside.value.span[0] < beside.value.span[1]:
            colon, comma = ":", ","
    if len(mapping.pairs) > 1:
        between = text[mapping.pairs[0].span[1] : mapping.pairs[1].span[0]]
        comma = between if _SIGN.fullmatch(between) else comma
    value = beside.value if beside else None
    like = value.quote if isinstance(value, Scalar) else ""
    said = []
    for name, item in new.items():
        word = item.text if isinstance(item, Verbatim) else spelling.value(item, like, True)
        said.append(f"{spelling.name(name, quote)}{colon}{word}")
    return comma, said


def _new_lines(
    text: str,
    mapping: Mapped,
    new: Mapping[str, Value],
    spelling: Spelling,
    behind: str | None,
) -> tuple[int, str]:
    """Where the lines of new pairs go, and what they say."""
    beside = (mapping.pair(behind) if behind else None) or mapping.pairs[-1]
    quote = beside.name.quote if beside.name else ""
    like = beside.value.quote if isinstance(beside.value, Scalar) else ""
    indent, ends = " " * mapping.column, line_break(text, beside.span[1])
    lines = []
    for name, item in new.items():
        said = item.text if isinstance(item, Verbatim) else spelling.value(item, like, False)
        lines.append(f"{indent}{spelling.name(name, quote)}: {said}")
    newline = text.find("\n", beside.span[1])
    if newline < 0:
        return len(text), "".join(ends + line for line in lines)
    at = newline + 1
    if _keeps_blank_lines(text, beside.value):
        blank = _BLANK_LINES.match(text, at)
        at = blank.end() if blank else at
    return at, "".join(line + ends for line in lines)


def _keeps_blank_lines(text: str, node: Node) -> bool:
    """Whether the blank lines behind are those of a block of text: `|+`."""
    while isinstance(node, Mapped) and not node.flow and node.pairs:
        node = node.pairs[-1].value
    if not (isinstance(node, Scalar) and node.quote in BLOCKS):
        return False
    header = _HEADER.match(text, node.span[0])
    return header is not None and "+" in header.group()


def _with_comments(text: str, span: Span, column: int) -> Span:
    start, end = span
    while start > 0:
        above = text.rfind("\n", 0, start - 1) + 1
        line = text[above:start]
        if not line.lstrip().startswith("#") or len(line) - len(line.lstrip()) != column:
            break
        start = above
    while end < len(text):
        below = text.find("\n", end) + 1 or len(text)
        line = text[end:below]
        if not line.lstrip().startswith("#") or len(line) - len(line.lstrip()) <= column:
            break
        end = below
    return start, end


def _is_blank(text: str) -> bool:
    return not text.strip(" \t\r\n")
