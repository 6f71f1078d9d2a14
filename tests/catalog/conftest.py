"""A catalogue's folder to write into, and to load."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from reconciler.catalog.loading import Loaded, load
from reconciler.core.model import Entry
from reconciler.errors import CatalogError

searched = settings(
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
"""How thoroughly the properties are looked at: by what is found, never by the clock."""

HEAD = """\
version: 1
catalog: radio-ads
buckets: {spots: {id: 8891}, archive: {id: 8892}}
defaults: {bucket: spots}
"""


def soon(code: str, text: str = "") -> int:
    """The number that the code prints, with the text on its standard input. What takes minutes
    where it ought to take a moment is given up."""
    ended = subprocess.run(
        [sys.executable, "-c", f"import sys; {code}"],
        input=text,
        text=True,
        capture_output=True,
        timeout=60,
        check=True,
    )
    return int(ended.stdout)


@dataclass
class Folder:
    """A folder with a catalogue in it."""

    path: Path

    def write(self, name: str, content: str | bytes = "") -> Path:
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
        return target

    def catalog(self, text: str, head: str = HEAD) -> Path:
        return self.write("catalog.yaml", head + text)

    def load(self, text: str | None = None, head: str = HEAD, **options: Any) -> Loaded:
        if text is not None:
            self.catalog(text, head)
        return load(self.path / "catalog.yaml", **options)

    def entry(self, properties: str, **options: Any) -> Entry:
        loaded = self.load(f"files:\n  a: {properties}\n", **options)
        return loaded.desired.entries["a"]  # type: ignore[index]

    def problems(self, text: str | None = None, head: str = HEAD, **options: Any) -> list[str]:
        with pytest.raises(CatalogError) as caught:
            self.load(text, head, **options)
        return [str(problem) for problem in caught.value.problems]

    def problem(self, text: str | None = None, head: str = HEAD, **options: Any) -> str:
        (only,) = self.problems(text, head, **options)
        return only


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    home = tmp_path / "catalogue"
    home.mkdir()
    return Folder(home)
