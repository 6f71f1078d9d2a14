r"""Live text made visible: what another wrote can neither act on a terminal nor hide from a reader.

| in the text                                                   | shown as                    |
|---------------------------------------------------------------|-----------------------------|
| a backslash                                                   | `\\`                        |
| a newline, a return, a tab                                    | `\n`, `\r`, `\t`            |
| any other control, format, private, unassigned or surrogate   | its number: `\u{202e}`      |
| character, line separators, and what shows as nothing at all  |                             |
| spaces but the plain and the ideographic one                  | its number                  |
| combining marks with no letter or symbol to stand on, or over  | their numbers               |
| four in a row                                                 |                             |
| a zero-width joiner or non-joiner between letters of scripts  | itself                      |
| that join, the joiner between emoji, a selector after an emoji|                             |
| `##[`, which a CI runner obeys anywhere in a line             | `##\u{5b}`                  |
| anything else                                                 | itself                      |

The mapping is injective: a backslash always begins an escape, and each character is either
itself or one escape, so what is shown can be read back.
"""

import re
import unicodedata

_PLAIN = re.compile(r"(?:(?!##\[)[ -\[\]-~])*")
"""ASCII of which nothing has to be escaped."""
_HIDDEN = frozenset(("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"))
_SPACES = frozenset(" \u3000")
_RIGHT_TO_LEFT = frozenset(("R", "AL", "AN"))
"""Letters of Hebrew, of Arabic, and the digits that stand with them (UAX #9)."""
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t", "\\": r"\\"}
_MOST_MARKS = 4
"""How many combining marks one letter may carry: Hebrew and Thai need three or four."""

_INVISIBLE = frozenset(
    map(
        chr,
        (
            *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x2800),
            *(0x3164, 0xFFA0, 0xFFFC, 0x16FE4, 0x1D159),
            *range(0xFE00, 0xFE10),
            *range(0xE0100, 0xE01F0),
        ),
    )
)
"""What is a letter, a mark or a symbol by its category, and shows as nothing."""

_ZWNJ, _ZWJ = "\u200c", "\u200d"
_SELECTORS = frozenset("\ufe0e\ufe0f")
_KEYCAP = "\u20e3"
_KEYS = frozenset("#*0123456789")
_JOINING = re.compile(
    "[\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\ufb50-\ufdff\ufe70-\ufefc"
    "\U00010ac0-\U00010aff\U00010d00-\U00010d3f\U0001e900-\U0001e95f]"
)
_EMOJI = re.compile(
    "[\xa9\xae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u25a0-\u27bf"
    "\u2900-\u297f\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
)


def visible(text: str) -> str:
    """The text on one line, with an escape for whatever acts or hides. Injective."""
    if _PLAIN.fullmatch(text):
        return text
    return "".join(_pieces(text))


def quoted(text: str) -> str:
    r"""The visible text between double quotes, its own quotes as `\"`. Injective."""
    return '"' + visible(text).replace('"', r"\"") + '"'


def said(message: str) -> str:
    """A message of ours, visible, with its backslashes as they are: it quotes values escaped."""
    return "\\".join(map(visible, message.split("\\")))


def guarded(line: str) -> str:
    r"""A visible line that no CI runner takes for a command: `\u{3a}:` for `::` at its start."""
    start = len(line) - len(line.lstrip())
    return f"{line[:start]}\\u{{3a}}{line[start + 1 :]}" if line.startswith("::", start) else line


def spelled(text: str) -> str:
    """Like `quoted`, with every character outside ASCII escaped: for texts that look alike."""
    letters = (visible(char) if char.isascii() else _escape(char) for char in text)
    return '"' + "".join(letters).replace('"', r"\"").replace("##[", r"##\u{5b}") + '"'


def look_alike(one: str, other: str) -> bool:
    """Whether two texts differ only in what nobody sees: how letters are composed, joiners."""
    return one != other and _seen(one) == _seen(other)


def is_attached(char: str) -> bool:
    """Whether a character belongs to the one before it, from which nothing should part it."""
    return char in (_ZWNJ, _ZWJ) or unicodedata.category(char).startswith("M")


def is_hidden(char: str) -> bool:
    """Whether a character acts, or shows as nothing or as any space, by itself."""
    category = unicodedata.category(char)
    if category == "Zs":
        return char not in _SPACES
    return category in _HIDDEN or char in _INVISIBLE


def reads_right_to_left(text: str) -> bool:
    """Whether some of the text is shown from right to left. A sign between two such texts stands
    in the middle of one, so that the second is seen first."""
    if text.isascii():
        return False
    return any(unicodedata.bidirectional(char) in _RIGHT_TO_LEFT for char in text)


def _seen(text: str) -> str:
    return unicodedata.normalize("NFC", re.sub("[\u200c\u200d\ufe0e\ufe0f]", "", text))


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    before, place = "", 0
    while place < len(text):
        end = _end_of_run(text, place)
        if _is_shown(text, place, end, before):
            pieces.append(text[place:end])
            before = text[end - 1]
        else:
            pieces += map(_escape, text[place:end])
            before = ""
        place = end
    return pieces


def _end_of_run(text: str, place: int) -> int:
    """Where the combining marks that begin here end; the next character where none does."""
    end = place
    while end < len(text) and _is_mark(text[end]):
        end += 1
    return max(end, place + 1)


def _is_mark(char: str) -> bool:
    return char not in _INVISIBLE and unicodedata.category(char).startswith("M")


def _is_shown(text: str, place: int, end: int, before: str) -> bool:
    """Whether the run is shown as it is. `before`: the character before, if that was."""
    char, after = text[place], text[end : end + 1]
    if char == "\\" or (char == "[" and text[max(0, place - 2) : place] == "##"):
        return False
    if char in (_ZWNJ, _ZWJ):
        return _joins(char, before, after)
    if char in _SELECTORS:
        return bool(_EMOJI.match(before)) or (before in _KEYS and after == _KEYCAP)
    if _is_mark(char):
        return _carries_marks(before) and end - place <= _MOST_MARKS
    return not is_hidden(char)


def _carries_marks(before: str) -> bool:
    """Letters, numbers and symbols do. On a quote or a bracket of ours, a mark would hide it."""
    return before != "" and unicodedata.category(before)[0] in "LNSM"


def _joins(char: str, before: str, after: str) -> bool:
    if _JOINING.match(before) and _JOINING.match(after):
        return before.isprintable() and unicodedata.category(after).startswith("L")
    is_emoji = before in _SELECTORS or bool(_EMOJI.match(before))
    return char == _ZWJ and is_emoji and bool(_EMOJI.match(after)) and after.isprintable()


def _escape(char: str) -> str:
    return _SHORT.get(char) or f"\\u{{{ord(char):x}}}"
