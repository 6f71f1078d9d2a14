"""Replaces a file's bytes whole or not at all."""

import contextlib
import os
import secrets
import stat
from pathlib import Path


def replace(path: Path, data: bytes) -> None:
    """Put `data` in the place of the file that `path` leads to; its mode stays.

    The bytes are on disk before the name leads to them. Raises `OSError`.
    """
    real = path.resolve()
    mode = stat.S_IMODE(real.stat().st_mode)
    new = real.with_name(f".{real.name}.{secrets.token_hex(6)}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        new.replace(real)
    except BaseException:
        with contextlib.suppress(OSError):
            new.unlink()
        raise
    folder = os.open(real.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
