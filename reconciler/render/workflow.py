r"""Commands for the runner of GitHub Actions: `::error file=catalog.yaml,line=3::what is wrong`.

A runner obeys every line of a log that begins so, and is told here what nobody else may tell it.

| in                    | escaped, as actions/toolkit does (`core/src/command.ts`)  |
|-----------------------|-----------------------------------------------------------|
| a message             | `%`, a return, a newline                                  |
| a property            | these, `:` and `,`                                        |

What acts or hides is made visible first (see `safe`); the lines of a message stay lines.
"""

from typing import Literal, TypeAlias

from reconciler.core.model import Place
from reconciler.render.safe import said

Level: TypeAlias = Literal["error", "warning", "notice"]

_MESSAGE = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def annotation(level: Level, message: str, *, place: Place | None = None, title: str = "") -> str:
    """The command that shows a message, at its place in the changed files where it has one; one
    line, ends with a newline. `place.file` counts from the top of the repository."""
    properties = {"title": title}
    if place is not None:
        at = {"file": place.file, "line": str(place.line), "col": str(place.column)}
        properties = {**at, **properties}
    listed = ",".join(
        f"{name}={said(value).translate(_PROPERTY)}" for name, value in properties.items() if value
    )
    lines = "\n".join(map(said, message.split("\n")))
    return f"::{level}{' ' if listed else ''}{listed}::{lines.translate(_MESSAGE)}\n"
