"""Reads a regular file, whole and within a bound, whatever stands at its path: a pipe or a device
is neither waited for nor read without end."""

import os
import stat
from pathlib import Path
from typing import Final

_CHUNK: Final = 1 << 20


class NotReadError(Exception):
    """Why a file was not read: what goes on after its name."""


def read(path: Path, most: int) -> tuple[bytes, int]:
    """The bytes of the regular file at `path`, at most so many, and its mode; symlinks are
    followed. Raises `NotReadError`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise NotReadError("there is no such file") from None
    except (OSError, ValueError) as error:
        raise NotReadError(f"cannot be read: {reason(error)}") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise NotReadError(f"is {kind_of(status.st_mode)}, not a file")
        # What is opened is what is asked for its size; a file that grows meanwhile is no exception.
        data = b"" if status.st_size > most else _bytes(descriptor, most + 1)
    except OSError as error:
        raise NotReadError(f"cannot be read: {reason(error)}") from None
    finally:
        os.close(descriptor)
    if max(status.st_size, len(data)) > most:
        raise NotReadError(f"is larger than {_size(most)}")
    return data, status.st_mode


def _bytes(descriptor: int, most: int) -> bytes:
    parts: list[bytes] = []
    while most and (part := os.read(descriptor, min(most, _CHUNK))):
        parts.append(part)
        most -= len(part)
    return b"".join(parts)


def _size(size: int) -> str:
    return f"{size // (1024 * 1024)} MiB" if size >= _CHUNK else f"{size:,} bytes"


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
