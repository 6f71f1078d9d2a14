"""What an error of a connection, or the words of a server, look like in a message of ours."""

import re
import ssl
from collections.abc import Iterator

from urllib3.exceptions import NewConnectionError

LONGEST_SAID = 200
"""Characters of what a server says that enter a message."""
_NUMBER = re.compile(r"^\[Errno -?\d+\] ")
"""How an error of the system begins: the words behind it say what it is."""


def why(error: BaseException) -> str:
    """What really happened, below the layers of errors that pass it on."""
    layers = list(_layers(error))
    last = layers[-1]
    text = str(last) or type(last).__name__
    if isinstance(last, NewConnectionError):
        text = text.rpartition(": ")[2]
    text = _NUMBER.sub("", text)
    return f"TLS: {text}" if any(isinstance(each, ssl.SSLError) for each in layers) else text


def shown(text: str) -> str:
    r"""The words of another on one line, at most 200 characters, with a number (`\u{1b}`) for
    whatever acts on a terminal or hides."""
    line = " ".join(re.split(r"[ \t\r\n]+", text.strip()))
    # Cut before and after: an escape is longer than what it stands for, and a page may be large.
    visible = "".join(map(_visible, line[: LONGEST_SAID + 1]))
    return visible if len(visible) <= LONGEST_SAID else f"{visible[: LONGEST_SAID - 1]}…"


def _visible(char: str) -> str:
    return char if char.isprintable() else f"\\u{{{ord(char):x}}}"


def _layers(error: BaseException) -> Iterator[BaseException]:
    """The error and those inside it: requests and urllib3 wrap one another's."""
    layer: BaseException | None = error
    while layer is not None:
        yield layer
        inside = [getattr(layer, "reason", None), *layer.args]
        layer = next((each for each in inside if isinstance(each, BaseException)), None)
