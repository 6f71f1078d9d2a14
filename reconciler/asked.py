"""Remembers on which day each bucket's dump was asked for, since the service makes one a day.

A file for each day and bucket, which only one can make: so of several processes one asks, and
one that is killed right after has asked.
"""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from reconciler.private import check_folder, make_folder, open_file, sync_folder

_ASKED = "it was asked for already today (UTC), and the service makes one a day"


@dataclass(frozen=True, slots=True)
class AskedDumps:
    """The dumps that were asked for on this machine, by this user."""

    folder: Path

    def claim(self, origin: str, bucket_id: int, day: str) -> str | None:
        """Remember, on disk, that the dump is asked for on this day (`2024-12-31`). None: it may
        be. Otherwise why not: it was asked for on that day already, or a later one, or it cannot
        be known or be remembered."""
        host = hashlib.sha256(_one_spelling(origin).encode()).hexdigest()[:16]
        try:
            make_folder(self.folder)
            # What lies there says what was asked: nobody else may put it there or take it away.
            check_folder(self.folder.parent)
            check_folder(self.folder)
            return self._claim(f"{host}-{bucket_id}-", day)
        except OSError as error:
            return f"what was asked for cannot be remembered in {self.folder}: {error.strerror}"

    def _claim(self, bucket: str, day: str) -> str | None:
        known = [path for path in self.folder.iterdir() if path.name.startswith(bucket)]
        if any(path.name.removeprefix(bucket) >= day for path in known):
            return _ASKED
        try:
            made = open_file(self.folder / f"{bucket}{day}", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        except FileExistsError:
            return _ASKED
        os.close(made)
        sync_folder(self.folder)
        for path in known:
            path.unlink(missing_ok=True)
        return None


def _one_spelling(origin: str) -> str:
    """The origin without what may be written or not: the port of https, and case."""
    return re.sub(r"^(https://[^/]*?):443(?=/|$)", r"\1", origin.lower())
