"""What stands at the paths that entries name as their sources.

Sources lie inside the catalogue's folder or the source root, symlinks resolved. What is opened
is what is digested: the last part of a path is never followed blindly, and nothing but a regular
file is read.
"""

import errno
import hashlib
import os
import re
import stat
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Final

from reconciler.catalog.audio import duration
from reconciler.catalog.digests import Contents, Memory
from reconciler.core.model import Presence
from reconciler.regular import kind_of, reason

_POINTER: Final = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:[a-z0-9.-]+ [^\n]*\n)*?"
    rb"oid sha256:(?P<oid>[0-9a-f]{64})\n(?:size (?P<size>[0-9]{1,18})\n)?"
)
_POINTER_BYTES: Final = 1024
_BATCH: Final = 64
_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found at a path."""

    presence: Presence
    path: str = ""
    """Absolute, symlinks resolved, where the file is there."""
    sha256: str | None = None
    size: int | None = None
    duration: float | None = None
    complaint: str | None = None
    """Why the path cannot be a source."""
    remark: str | None = None
    """What is worth a warning."""


NOT_THERE: Final = Seen(Presence.ABSENT)


class _OutsideError(Exception):
    """A path leaves the folders that sources may lie in."""


class Sources:
    """Looks at the paths of sources, each once."""

    def __init__(
        self, folder: Path, source_root: Path | None, memory: Memory | None = None
    ) -> None:
        """Take the catalogue's folder, which is looked in first, and the source root; and what is
        remembered of earlier looks."""
        roots = [folder] if source_root is None else [folder, source_root]
        self._roots = [os.path.realpath(root) for root in roots]
        self._memory = memory
        self._folders: dict[tuple[str, str], str | None] = {}
        self._without: set[str] = set()
        """Folders, relative, that are in no root."""

    def look(self, paths: Iterable[tuple[str, bool]]) -> dict[tuple[str, bool], Seen]:
        """What stands at each relative path; with True, as audio whose duration is wanted.

        A path without an answer is of a file that is not there.
        """
        wanted = list({path: None for path in paths if not self._surely_absent(path[0])})
        seen = self._all(wanted)
        return {
            path: item for path, item in zip(wanted, seen, strict=True) if item is not NOT_THERE
        }

    def _all(self, wanted: Sequence[tuple[str, bool]]) -> list[Seen]:
        if len(wanted) < _BATCH:
            return self._batch(wanted)
        starts = range(0, len(wanted), _BATCH)
        batches = [wanted[start : start + _BATCH] for start in starts]
        # Digesting leaves Python's lock alone, so threads help where the files are large.
        with ThreadPoolExecutor(min(8, (os.cpu_count() or 1) + 2)) as pool:
            return [item for batch in pool.map(self._batch, batches) for item in batch]

    def _surely_absent(self, relative: str) -> bool:
        """Whether even the folder is not there, as where the audio lies on another machine."""
        parent, _, name = relative.rpartition("/")
        if parent in self._without:
            return name != ".." and "\0" not in name
        if form_complaint(relative):
            return False
        try:
            absent = all(self._folder(root, parent) is None for root in self._roots)
        except (_OutsideError, OSError, ValueError):
            return False
        if absent:
            self._without.add(parent)
        return absent

    def absent_path(self, relative: str) -> str:
        """Where a file that is not there would be."""
        return f"{self._roots[-1]}/{relative}"

    def _batch(self, wanted: Sequence[tuple[str, bool]]) -> list[Seen]:
        return [self.one(path, audio=audio) for path, audio in wanted]

    def one(self, relative: str, *, audio: bool) -> Seen:
        """What stands at one relative path."""
        complaint = form_complaint(relative)
        if complaint:
            return Seen(Presence.ABSENT, complaint=complaint)
        try:
            for root in self._roots:
                seen = self._under(root, relative, audio=audio)
                if seen is not NOT_THERE:
                    return seen
        except _OutsideError:
            where = "leads outside the catalogue's folder"
            return Seen(Presence.ABSENT, complaint=f"{where} and the source root")
        except (OSError, ValueError) as error:
            return Seen(Presence.ABSENT, complaint=f"cannot be read: {reason(error)}")
        return NOT_THERE

    def _under(self, root: str, relative: str, *, audio: bool) -> Seen:
        parent, _, name = relative.rpartition("/")
        folder = self._folder(root, parent)
        if folder is None:
            return NOT_THERE
        path = f"{folder}/{name}"
        try:
            descriptor = self._open(path)
        except (FileNotFoundError, NotADirectoryError):
            return NOT_THERE
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                what = f"is {kind_of(status.st_mode)}, not a file"
                return Seen(Presence.ABSENT, complaint=what)
            if status.st_size == 0:
                return Seen(Presence.HERE, complaint="is an empty file")
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                return self._digested(file, path, status.st_size, audio=audio)
        finally:
            os.close(descriptor)

    def _digested(self, file: BufferedReader, path: str, size: int, *, audio: bool) -> Seen:
        def read() -> Contents:
            return _contents(file, path, audio=audio)

        if size <= _POINTER_BYTES:
            pointer = _pointer(file, path)
            if pointer is not None:
                return pointer
        if self._memory is None:
            found = read()
        else:
            found = self._memory.contents(path, audio=audio, descriptor=file.fileno(), read=read)
        return Seen(Presence.HERE, path, found.sha256, size, found.duration, remark=found.remark)

    def _folder(self, root: str, parent: str) -> str | None:
        """The real folder of a path; None where there is none."""
        known = (root, parent)
        if known not in self._folders:
            real = os.path.realpath(f"{root}/{parent}")
            self._check_inside(real)
            self._folders[known] = real if Path(real).is_dir() else None
        return self._folders[known]

    def _open(self, path: str) -> int:
        try:
            return os.open(path, _FLAGS)
        except OSError as error:
            if error.errno == errno.ENXIO:
                raise OSError(errno.ENXIO, "not a file") from None
            if error.errno != errno.ELOOP:
                raise
        real = os.path.realpath(path)
        self._check_inside(real)
        return os.open(real, _FLAGS)

    def _check_inside(self, real: str) -> None:
        for root in self._roots:
            if real == root or real.startswith(f"{root.rstrip('/')}/"):
                return
        raise _OutsideError


def form_complaint(relative: str) -> str | None:
    """Why a text cannot be a source's path, before anything is looked at."""
    if "\0" in relative:
        return "a path cannot hold a NUL character"
    if "://" in relative:
        return "is an address: audio_url takes one"
    if relative.startswith(("/", "~")):
        return "must be relative to the catalogue's folder or the source root"
    if ".." in relative.split("/"):
        return "must not hold .."
    return None


def _pointer(file: BufferedReader, path: str) -> Seen | None:
    pointer = _POINTER.match(file.read(_POINTER_BYTES))
    if pointer is None:
        return None
    meant = int(pointer["size"]) if pointer["size"] else None
    return Seen(Presence.POINTER, path, pointer["oid"].decode(), meant)


def _contents(file: BufferedReader, path: str, *, audio: bool) -> Contents:
    file.seek(0)
    sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if not audio:
        return Contents(sha256)
    file.seek(0)
    return Contents(sha256, *duration(file, path))
