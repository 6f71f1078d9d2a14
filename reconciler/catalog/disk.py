"""A catalogue's files on the disk: read, or one sentence that says why not; written whole or not
at all.

Reading never blocks and never goes on without end, whatever stands at the path: a FIFO, a device.
"""

import codecs
import contextlib
import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reconciler import regular

MAX_BYTES: Final = 512 * 1024 * 1024
"""The largest file that is read: about 1.6 million entries of YAML."""

_CHUNK: Final = 1 << 20
_LONGEST_NAME: Final = 200
"""Bytes of a name to which some more are added; file systems take 255."""
_NO_LINKS: Final = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
"""What file systems say that know no hard links: FAT, and some that are mounted from elsewhere."""


class UnreadableError(Exception):
    """Why a file cannot be read, with the position of the trouble where it has one."""

    def __init__(self, message: str, *, line: int = 1, column: int = 1) -> None:
        """Keep the position, counted from 1."""
        self.line = line
        self.column = column
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Content:
    """A file's bytes, proved to be UTF-8, and their digest."""

    data: bytes
    sha256: str


def read(path: Path) -> Content:
    """The content of the regular file at `path`; symlinks are followed."""
    return content_of(read_bytes(path))


def content_of(data: bytes) -> Content:
    """The content that bytes are. Raises `UnreadableError` where they are not UTF-8."""
    _check_utf8(data)
    return Content(data, hashlib.sha256(data).hexdigest())


def read_bytes(path: Path) -> bytes:
    """The bytes of the regular file at `path`."""
    try:
        return regular.read(path, MAX_BYTES)[0]
    except regular.NotReadError as error:
        raise UnreadableError(str(error)) from None


def replace(path: Path, data: bytes) -> None:
    """Put `data` in the place of the file that `path` leads to; its mode stays.

    The bytes are on disk before the name leads to them. Raises `OSError`, also where it leads out
    of its folder: a link may have been planted there.
    """
    real = path.resolve()
    if not real.is_relative_to(path.parent.resolve()):
        raise OSError(errno.EXDEV, "it is a link out of its folder: name the file itself")
    with _beside(real, data, stat.S_IMODE(real.stat().st_mode)) as new:
        new.replace(real)


def create(path: Path, data: bytes) -> None:
    """Put `data` at `path`, where nothing may be yet, readable by its owner only.

    The bytes are on disk before the name leads to them. Raises `FileExistsError`, also where a
    link is there, whatever it leads to; or another `OSError`.
    """
    with _beside(path, data, 0o600) as new:
        try:
            # Not by renaming, which would put it in the place of what has come there meanwhile.
            os.link(new, path, follow_symlinks=False)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            if os.path.lexists(path):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from error
            new.rename(path)


def put(path: Path, data: bytes) -> None:
    """Put `data` at `path`, readable by its owner only, in the place of whatever file is there.

    The bytes are on disk before the name leads to them; a link is replaced, and never followed.
    Raises `OSError`.
    """
    with _beside(path, data, 0o600) as new:
        new.replace(path)


@contextlib.contextmanager
def _beside(path: Path, data: bytes, mode: int) -> Iterator[Path]:
    """A new file beside `path` with these bytes, all on disk; whatever comes of it, the name is
    gone afterwards, and what was done in the folder is on disk."""
    new = path.with_name(f".{path.name[:_LONGEST_NAME]}.{secrets.token_hex(6)}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        yield new
    finally:
        with contextlib.suppress(OSError):
            new.unlink()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def position(data: bytes, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of a byte; columns count characters."""
    line = data.count(b"\n", 0, offset) + 1
    start = data.rfind(b"\n", 0, offset) + 1
    return line, len(data[start:offset].decode(errors="replace")) + 1


def _check_utf8(data: bytes) -> None:
    if data.isascii():
        return
    # In pieces: the text of a large catalogue is not needed as a whole, and would double it.
    decoder = codecs.getincrementaldecoder("utf-8")()
    view = memoryview(data)
    for start in range(0, len(data), _CHUNK):
        end = start + _CHUNK
        held = len(decoder.getstate()[0])
        try:
            decoder.decode(view[start:end], final=end >= len(data))
        except UnicodeDecodeError as error:
            line, column = position(data, start - held + error.start)
            raise UnreadableError("is not UTF-8", line=line, column=column) from None
