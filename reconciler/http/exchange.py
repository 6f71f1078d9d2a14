"""A request by its parts alone, and an answer's body within a bound."""

from collections.abc import Mapping
from typing import Protocol

import requests


class Readable(Protocol):
    """A body that is read as it goes out."""

    def read(self, most: int = ..., /) -> bytes:
        """The next bytes."""
        ...


class TooLargeError(Exception):
    """A body is larger than was to be read."""


def prepared(
    method: str,
    url: str,
    headers: Mapping[str, str],
    params: Mapping[str, str | int] | None = None,
    body: bytes | Readable | None = None,
) -> requests.PreparedRequest:
    """The request. A session of `requests` would add what the environment, `.netrc`, cookies and
    redirects say, and half of the time that a request costs."""
    made = requests.PreparedRequest()
    made.prepare_method(method)
    made.prepare_url(url, params)
    made.prepare_headers(headers)
    made.prepare_body(body, files=None)
    return made


def body_of(response: requests.Response, most: int) -> bytes:
    """The whole body, which is counted as it is decompressed. Raises `TooLargeError`."""
    pieces: list[bytes] = []
    length = 0
    while piece := response.raw.read1(65536, decode_content=True):
        length += len(piece)
        if length > most:
            raise TooLargeError
        pieces.append(piece)
    return b"".join(pieces)
