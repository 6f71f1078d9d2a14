r"""The token taken out of what the service says: a debug page that echoes a request must not bring
it into a message, a plan or a ledger.

| form of the token                                   | example, of `a+b"c`                       |
|-----------------------------------------------------|-------------------------------------------|
| as it is                                            | `a+b"c`                                   |
| in a URL, quoted once or twice                      | `a%2Bb%22c`, `a%2bb%2522c`                |
| in JSON, in Python's or PHP's quotes, once or twice | `a\u002bb\"c`, `a\x2bb\\\"c`              |
| in HTML                                             | `a&#43;b&quot;c`, `a&plus;b&#x22;c`       |
| in base64 of both alphabets, whatever stands before | `YStiImM=`, `Bearer`: `QmVhcmVyIGErYiJj`  |

Any mixture of these is found too; letters and digits are taken to stand as they are. Of base64
the characters that the token shares with its neighbours are left: at most eight bits of it.
"""

import re
from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from html.entities import html5
from typing import Final

_TOLD: Final = b"[token]"
_LEAST: Final = 16
"""Characters of what can be told from a word."""
_BASE64_SHARED: Final = (0, 2, 3)
"""The characters of base64 that hold bits of what stands before, by its length modulo three."""
_OTHER_ALPHABET: Final = {"+": "-", "/": "_"}
_QUERY: Final = re.compile(r"""([A-Za-z][A-Za-z0-9+.-]*://[^\s?#"'<>]*)[?#][^\s"'<>]+""")
_PLAIN: Final = re.compile(r"[A-Za-z0-9]+")


class Redaction:
    """Puts `[token]` in the place of one token, in all its forms.

    A token of fewer than 16 characters, as rehearsals have, is left: it may be a part of any
    word, and taking it out would change what is read.
    """

    def __init__(self, token: str) -> None:
        """`token`: printable ASCII without spaces."""
        self._forms = tuple(_forms(token)) if len(token) >= _LEAST else ()

    def of(self, body: bytes) -> bytes:
        """The body without the token; the same object where the token is not in it."""
        for sure, form in self._forms:
            # Looked for first, since that is a hundred times faster than the pattern.
            if sure in body:
                body = form.sub(_TOLD, body)
        return body

    def of_text(self, text: str) -> str:
        """The same for a header, or for the words of an error."""
        return self.of(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")


def without_queries(text: str) -> str:
    """The words of an error, in which no address has its query or fragment."""
    return _QUERY.sub(r"\1?...", text)


def _forms(token: str) -> Iterator[tuple[bytes, re.Pattern[bytes]]]:
    """Patterns, each with a text that is surely in whatever it matches."""
    yield _sure(token), _compiled(map(_spellings, token))
    for before, shared in enumerate(_BASE64_SHARED):
        data = b"." * before + token.encode("ascii")
        whole = b64encode(data).decode("ascii")[shared : len(data) * 8 // 6]
        yield _sure(whole), _compiled(map(_base64_spellings, whole))


def _sure(text: str) -> bytes:
    """The longest part that every spelling leaves as it is."""
    return max(_PLAIN.findall(text), key=len, default="").encode("ascii")


def _compiled(spellings: Iterator[str]) -> re.Pattern[bytes]:
    return re.compile("".join(spellings).encode("ascii"))


def _base64_spellings(char: str) -> str:
    other = _OTHER_ALPHABET.get(char)
    return f"(?:{_spellings(char)}|{other})" if other else _spellings(char)


@cache
def _spellings(char: str) -> str:
    """A pattern for one character, however it was escaped on the way; the longest first."""
    if char.isalnum():
        return char
    code = f"{ord(char):02x}"
    names = sorted((name for name, meant in html5.items() if meant == char), reverse=True)
    in_html = "|".join([f"#0*{ord(char)};", f"#[xX]0*(?i:{code});", *map(re.escape, names)])
    ways = [
        f"%(?:25)?(?i:{code})",
        rf"\\{{1,4}}(?:u00|x)(?i:{code})",
        f"&(?:amp;)?(?:{in_html})",
        r"\\{1,8}" if char == "\\" else r"\\{0,7}" + re.escape(char),
    ]
    return f"(?:{'|'.join(ways)})"
