"""Files and folders that are ours alone: for their owner only, and reached through nothing that
somebody else has put in their place."""

import errno
import os
import stat
from collections.abc import Iterable
from pathlib import Path


def make_folder(path: Path) -> None:
    """Make the folder and those above it that are missing, each 0700 and each on disk. Raises
    `OSError`, also where the folder itself is a symbolic link; those above may be."""
    if path.is_symlink():
        raise OSError(errno.ENOTDIR, "its folder is a symbolic link: name the folder itself")
    _make(path)


def _make(path: Path) -> None:
    if not path.is_dir():
        _make(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
        sync_folder(path.parent)


def check_folder(path: Path) -> None:
    """Raise `OSError` where others can put files into the folder, or it is no folder."""
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode):
        raise OSError(errno.ENOTDIR, f"{path} is not a folder, or a symbolic link to one")
    if status.st_uid not in (os.geteuid(), 0) or status.st_mode & 0o022:
        raise OSError(errno.EPERM, f"others can write to {path}: `chmod go-w` it, if it is yours")


def sync_folder(path: Path) -> None:
    """What is new in a folder is on disk only once the folder is."""
    opened = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def open_file(path: Path, flags: int) -> int:
    """A descriptor of a regular file with one name, made 0600 where it was not. Raises `OSError`
    for anything else: a link, another name for somebody's file, a pipe, a device."""
    file = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    try:
        status = os.fstat(file)
        _check_file(status)
        if status.st_mode & 0o077:
            os.fchmod(file, 0o600)
    except BaseException:
        os.close(file)
        raise
    return file


def write(path: Path, pieces: Iterable[bytes], *, for_everybody: bool = False) -> None:
    """Write a file beside `path` and put it there in one step, with mode 0600: it is there whole
    or not at all, whatever comes of the pieces. `for_everybody`: others may read it (0644).

    It takes the place of a file. Anything else there is refused, a link too: one that somebody
    planted is never followed, and one that is meant is not lost. Raises `OSError`.
    """
    import tempfile

    if os.path.lexists(path) and not stat.S_ISREG(path.lstat().st_mode):
        raise OSError(errno.EINVAL, "what is there is not a regular file")
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as file:
        try:
            file.writelines(pieces)
            file.flush()
            if for_everybody:
                os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def _check_file(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file")
    if status.st_nlink != 1:
        raise OSError(errno.EMLINK, "it is a hard link: another file would be written to")
