"""A text in the form of a key, the same for the same text, whatever machine it comes from."""

import hashlib
import re
import unicodedata
from typing import Final

_LONGEST: Final = 128
_DIGITS: Final = 8
_ALLOWED: Final = re.compile(r"[A-Za-z0-9._:@-]", re.ASCII)
_JOINED: Final = re.compile(r"-+")
_LETTERS: Final = str.maketrans({
    "ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D",
    "ł": "l", "Ł": "L", "þ": "th", "Þ": "Th", "ð": "d",
})  # fmt: skip
"""Letters that Unicode does not take apart into one of ASCII and a mark."""


def key_of(text: str) -> str:
    """The text as a key: marks are taken off letters, and what no key holds becomes a hyphen.

    A part of the path that has letters of another script gets a digest of itself, so that two
    names in it do not become one key; so does what is too long. Empty where nothing is left.
    """
    normal = unicodedata.normalize("NFC", text)
    key = "/".join(filter(None, map(_part, normal.split("/"))))
    if len(key) > _LONGEST:
        key = f"{key[: _LONGEST - _DIGITS - 1].rstrip('-./')}-{_digest(normal)}"
    return key


def _part(text: str) -> str:
    kept: list[str] = []
    lost = False
    for character in unicodedata.normalize("NFKD", text.translate(_LETTERS)):
        if _ALLOWED.match(character):
            kept.append(character)
        elif not unicodedata.combining(character):
            lost = lost or character.isalnum()
            kept.append("-")
    plain = _JOINED.sub("-", "".join(kept)).strip("-.")
    return "-".join(filter(None, (plain, _digest(text) if lost else "")))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:_DIGITS]
