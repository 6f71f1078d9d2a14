"""Finds what travels with the package: the JSON Schemas, the quickstart example, the report's page.

In a checkout they stand at the top level, where people look for them; in an installed wheel
they lie under `_shipped`, inside the package.
"""

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parent


def schema(name: str) -> bytes:
    """The bytes of a shipped JSON Schema, by its file name, such as `catalog.schema.json`."""
    return (schemas_folder() / name).read_bytes()


def schemas_folder() -> Path:
    """The folder that holds the shipped JSON Schemas."""
    return _find("schemas", "schemas")


def quickstart_folder() -> Path:
    """The folder that holds the quickstart example."""
    return _find("quickstart", "examples/quickstart")


def report_file(name: str) -> str:
    """A file that the HTML report is put together from: `page.html`, `page.css`, `page.js`."""
    return (_PACKAGE / "render" / "report" / name).read_text("utf-8")


def _find(shipped: str, checkout: str) -> Path:
    inside = _PACKAGE / "_shipped" / shipped
    return inside if inside.is_dir() else _PACKAGE.parent / checkout
