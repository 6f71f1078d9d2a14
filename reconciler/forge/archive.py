"""One file out of a zip archive that somebody may have made to do harm (T25).

Nothing is written, and no name in it is a path: the one member that is looked for is read into
memory, so far and no further. Others are not looked at.
"""

import io
import zipfile
import zlib
from typing import Final

MOST: Final = 64 * 1024 * 1024
"""Bytes of the archive, and again of the file in it."""
_MOST_MEMBERS: Final = 1_000
_ENTRY: Final = b"PK\x01\x02"
"""How an entry of an archive's table of contents begins."""
_ENCRYPTED: Final = 1
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError)


class NotInArchive(Exception):
    """Why there is no such file: what goes on after `the artifact`."""


def member(data: bytes, name: str) -> bytes:
    """The bytes of the only member of this very name. Raises `NotInArchive`."""
    # Python reads the table of contents whole, some hundred bytes of memory for each entry.
    if data.count(_ENTRY) > _MOST_MEMBERS:
        raise NotInArchive("holds too many files")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found = [info for info in archive.infolist() if info.filename == name]
            if len(found) != 1:
                raise NotInArchive(f"holds {len(found) or 'no'} files named {name}")
            return _read(archive, found[0])
    except _BROKEN:
        raise NotInArchive("is not a whole zip archive") from None


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    plain = info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    if info.flag_bits & _ENCRYPTED or not plain:
        raise NotInArchive(f"holds a {info.filename} that is encrypted, or packed unusually")
    # What is told of its size may be a lie; what is read is counted.
    with archive.open(info) as file:
        content = file.read(MOST + 1)
    if len(content) > MOST:
        raise NotInArchive(f"holds a {info.filename} of more than {MOST // 2**20} MiB")
    return content
