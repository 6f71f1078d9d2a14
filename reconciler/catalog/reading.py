"""Bytes of a catalogue's file, or one sentence that says why there are none.

Nothing here blocks or reads without end, whatever stands at the path: a FIFO, a device, a folder.
"""

import codecs
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MAX_BYTES: Final = 512 * 1024 * 1024
"""The largest file that is read: about 1.6 million entries of YAML."""

_CHUNK: Final = 1 << 20


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
    data = read_bytes(path)
    _check_utf8(data)
    return Content(data, hashlib.sha256(data).hexdigest())


def read_bytes(path: Path) -> bytes:
    """The bytes of the regular file at `path`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise UnreadableError("there is no such file") from None
    except (OSError, ValueError) as error:
        raise UnreadableError(f"cannot be read: {reason(error)}") from None
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise UnreadableError(f"is {kind_of(mode)}, not a file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UnreadableError(f"cannot be read: {reason(error)}") from None
    finally:
        os.close(descriptor)
    if len(data) > MAX_BYTES:
        raise UnreadableError(f"is larger than {MAX_BYTES // (1024 * 1024)} MiB")
    return data


def reason(error: OSError | ValueError) -> str:
    """What the system says, without the machine's path in it."""
    return (error.strerror if isinstance(error, OSError) else None) or "not a usable path"


def kind_of(mode: int) -> str:
    """What stands at a path that is not a regular file."""
    if stat.S_ISDIR(mode):
        return "a folder"
    if stat.S_ISFIFO(mode):
        return "a named pipe"
    if stat.S_ISSOCK(mode):
        return "a socket"
    return "a device"


def position(data: bytes, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of a byte; columns count characters."""
    line = data.count(b"\n", 0, offset) + 1
    start = data.rfind(b"\n", 0, offset) + 1
    return line, len(data[start:offset].decode(errors="replace")) + 1


def _check_utf8(data: bytes) -> None:
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
