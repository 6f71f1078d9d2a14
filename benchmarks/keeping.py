"""What takes long to make is made once, in a folder that git ignores."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

from benchmarks import data

_VERSION = hashlib.sha256(Path(data.__file__).read_bytes()).hexdigest()[:12]


class Kept:
    """A folder of things, each of which is there whole or not at all."""

    def __init__(self, folder: Path) -> None:
        """`folder`: made where it is missing. Data of other versions of `data.py` goes away."""
        self.folder = folder
        self._data = folder / f"data-{_VERSION}"
        for old in folder.glob("data-*"):
            if old != self._data:
                shutil.rmtree(old)
        self._data.mkdir(parents=True, exist_ok=True)

    def data(self, name: str, make: Callable[[Path], None]) -> Path:
        """The data of this name; `make` writes them, the first time, into the folder or file that
        it is given."""
        path = self._data / name
        if not path.exists():
            unfinished = path.with_name(f"{name}.unfinished")
            if unfinished.is_dir():
                shutil.rmtree(unfinished)
            make(unfinished)
            unfinished.rename(path)
        return path
