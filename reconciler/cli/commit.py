"""Which commit the catalogue's files are of. Git is asked so that it can only read.

A repository's own settings name commands: filters, a file system monitor, hooks, how to fetch. A
pull request brings such settings in a bare repository among its files, an unpacked archive in its
`.git`. What compares the work tree (`status`, `diff`) runs some of them, and no option switches
all of them off. So the work tree is compared here: `rev-parse` reads a name, `ls-tree` reads what
was committed, and neither reads a file or the index.
"""

import hashlib
import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from reconciler.catalog.disk import UnreadableError, read_bytes

_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SECONDS: Final = 10
_OWN: Final = ("PATH", "HOME", "XDG_CONFIG_HOME")
"""What git is given of the environment. The user's own settings are among it, since they say
which folders of other owners are to be trusted; a token and `GIT_DIR` are not."""
_ALWAYS: Final = {
    "GIT_OPTIONAL_LOCKS": "0",
    # What is missing is not fetched: the settings say how. Older versions know the second only.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_TERMINAL_PROMPT": "0",
}
_OPTIONS: Final = ("--no-pager", "-c", "safe.bareRepository=explicit", "-c", "core.fsmonitor=")
_FILES: Final = (b"100644", b"100755")


def head_of(folder: Path) -> str | None:
    """The commit that is checked out there; None where there is none, or no git to ask."""
    said = _git(folder, "rev-parse", "--verify", "HEAD")
    name = "" if said is None else said.decode("ascii", "replace").strip()
    return name if _COMMIT.fullmatch(name) else None


def is_dirty(folder: Path, commit: str, files: Iterable[Path]) -> bool | None:
    """Whether one of the files is not, byte for byte, as the commit has it; None where nobody
    knows what it has. `folder`: the one that the files are in."""
    if not _COMMIT.fullmatch(commit):
        return None
    listed = _git(folder, "ls-tree", "-r", "-z", commit)
    if listed is None:
        return None
    tree = _blobs(listed)
    return not all(_is_committed(folder.resolve(), file, tree) for file in files)


def _blobs(listed: bytes) -> Mapping[bytes, str]:
    """By path from the folder that was asked about, the id of each file's bytes."""
    found: dict[bytes, str] = {}
    for line in listed.split(b"\0"):
        about, _, path = line.partition(b"\t")
        mode, _, rest = about.partition(b" ")
        if mode in _FILES:
            found[path] = rest.rpartition(b" ")[2].decode("ascii", "replace")
    return found


def _is_committed(folder: Path, file: Path, tree: Mapping[bytes, str]) -> bool:
    try:
        # Where it really is: of a link git keeps where it leads, and not what is read.
        real = file.resolve()
        known = tree.get(os.fsencode(real.relative_to(folder)))
        return known is not None and known == _blob_id(read_bytes(real), len(known))
    except (OSError, ValueError, UnreadableError):
        return False


def _blob_id(data: bytes, length: int) -> str:
    """Git's name for these bytes, in the repository's hash."""
    framed = b"blob %d\0%b" % (len(data), data)
    if length == hashlib.sha256().digest_size * 2:
        return hashlib.sha256(framed).hexdigest()
    return hashlib.sha1(framed, usedforsecurity=False).hexdigest()


def _git(folder: Path, *arguments: str) -> bytes | None:
    own = {name: os.environ[name] for name in _OWN if name in os.environ}
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *_OPTIONS, *arguments],
            env={**own, **_ALWAYS},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
