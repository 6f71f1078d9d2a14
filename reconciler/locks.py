"""One apply at a time on this machine for each bucket. A killed process frees its locks: the
system holds them, and the file only says who has them."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from reconciler.errors import LockHeld, ReconcilerError
from reconciler.private import check_folder, make_folder, open_file


@contextmanager
def locked(folder: Path, origin: str, bucket_ids: Sequence[int], holder: str) -> Iterator[None]:
    """Hold the lock of every bucket, taken in the order of their ids so that two runs cannot
    wait for each other. Raises `LockHeld`, which names the holder as it named itself, or
    `ReconcilerError` where the folder cannot be written."""
    host = hashlib.sha256(origin.encode()).hexdigest()[:16]
    with ExitStack() as held:
        for bucket_id in sorted(set(bucket_ids)):
            name = folder / f"{host}-{bucket_id}"
            try:
                make_folder(folder)
                # What lies there says who applies: nobody else may put it there.
                check_folder(folder.parent)
                check_folder(folder)
                held.enter_context(FileLock(name.with_suffix(".lock"), timeout=0, mode=0o600))
                _write(name.with_suffix(".holder"), holder)
            except Timeout as error:
                raise LockHeld(
                    f"bucket {bucket_id}: another apply on this machine works on it "
                    f"({_read(name.with_suffix('.holder'))}); wait until it has ended"
                ) from error
            except OSError as error:
                raise ReconcilerError(
                    f"taking the lock of bucket {bucket_id} in {folder}: {error.strerror}"
                ) from error
        yield


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").strip() or "unnamed"
    except OSError:
        return "unnamed"


def _write(path: Path, holder: str) -> None:
    file = open_file(path, os.O_WRONLY | os.O_CREAT)
    try:
        os.ftruncate(file, 0)
        os.write(file, holder.encode("utf-8", "backslashreplace"))
    finally:
        os.close(file)
