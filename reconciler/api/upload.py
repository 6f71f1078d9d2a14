"""An upload's body, streamed from disk and digested on its way.

The closing boundary goes out only after the digest was found to be the planned one: where the
file changed since, the request is never completed, and so nothing is created.
"""

import hashlib
import os
import secrets
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from reconciler.core.model import Presence, Source
from reconciler.errors import ReconcilerError

_UNQUOTABLE = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A", "\\": "%5C"})
"""As the HTML standard has browsers write names in multipart/form-data; and the backslash, since
to some readers it quotes what follows."""


class SourceChanged(ReconcilerError):
    """The source is not there, or is not what was planned: nothing was created."""


class Furthest:
    """How far an upload came, also over several attempts: bytes that go once more are not told
    of again."""

    def __init__(self, sent: Callable[[int], None]) -> None:
        """`sent` is told of so many more bytes."""
        self._sent = sent
        self._told = 0

    def reached(self, place: int) -> None:
        """So many bytes of the file are sent."""
        if place > self._told:
            self._sent(place - self._told)
            self._told = place


class Upload:
    """A multipart/form-data body (RFC 7578) that `requests` streams: it has a length and `read`."""

    def __init__(
        self, fields: Mapping[str, str], source: Source, reached: Callable[[int], None]
    ) -> None:
        """Open the source. Raises `SourceChanged` where it cannot be sent. `reached` is told how
        many bytes of the file have been read for sending, in all."""
        self._source = source
        self._reached = reached
        self._file = _open(source)
        size = os.fstat(self._file).st_size
        # Nobody can know it before, and so nobody can have it in a title or in a file.
        boundary = f"reconciler-{secrets.token_hex(16)}"
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self._head = _head(boundary, fields, _name(source))
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self._size = self._left = size
        self._digest = hashlib.sha256()
        self._length = len(self._head) + size + len(self._tail)

    def __len__(self) -> int:
        """The body's length in bytes."""
        return self._length

    def __enter__(self) -> Self:
        """Use as a context, so that the file is closed."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        os.close(self._file)

    def read(self, most: int = 65536) -> bytes:
        """The next bytes, at most `most`; none at the end."""
        if self._head:
            piece, self._head = self._head[:most], self._head[most:]
        elif self._left:
            piece = self._next(min(most, self._left))
            self._left -= len(piece)
            self._digest.update(piece)
            self._reached(self._size - self._left)
        else:
            self._check()
            piece, self._tail = self._tail[:most], self._tail[most:]
        return piece

    def _next(self, most: int) -> bytes:
        try:
            piece = os.read(self._file, most)
        except OSError as error:
            raise SourceChanged(
                f"{_name(self._source)} cannot be read: {error.strerror}"
            ) from error
        if not piece:
            raise SourceChanged(f"{_name(self._source)} became shorter while it was sent")
        return piece

    def _check(self) -> None:
        """Before the end goes out, which alone makes the body whole."""
        digest = self._digest.hexdigest()
        if digest != self._source.sha256:
            raise SourceChanged(
                f"{_name(self._source)} is not what was planned: its sha256 is {digest}, "
                f"planned was {self._source.sha256}; plan again"
            )


def _name(source: Source) -> str:
    """The file's name as it can be written anywhere, also where it is not of valid UTF-8."""
    return Path(source.location).name.encode("utf-8", "replace").decode()


def _open(source: Source) -> int:
    name = _name(source)
    if source.presence is Presence.POINTER:
        raise SourceChanged(f"{name} is a Git LFS pointer: run `git lfs pull`, then apply again")
    try:
        # Not blocking, so that a FIFO planted in a file's place cannot hold the run up.
        file = os.open(source.location, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise SourceChanged(f"{name} cannot be opened: {error.strerror}") from error
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise SourceChanged(f"{name} is not a regular file")
    return file


def _head(boundary: str, fields: Mapping[str, str], filename: str) -> bytes:
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; '
        f'filename="{filename.translate(_UNQUOTABLE)}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return "".join(parts).encode("utf-8", "replace")
