"""Where words go: results to standard output, everything else to standard error."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from typing import TYPE_CHECKING, Any, TextIO

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from reconciler.core.model import Json
    from reconciler.core.streaming import Streamed

_WIDE_ENOUGH = 100
"""Columns to use where the output is no terminal: a log, a file, a pipe."""


class Output:
    """Prints. Nothing live or written by users is ever taken for markup."""

    def __init__(self, *, color: bool) -> None:
        """`color` False: never, whatever the terminal can do. `NO_COLOR` is honoured, too."""
        self._color = color and "NO_COLOR" not in os.environ

    @property
    def width(self) -> int:
        """The columns of the terminal, or a fixed number where there is none."""
        return self._console(stderr=False).width if sys.stdout.isatty() else _WIDE_ENOUGH

    def result(self, texts: "Iterable[Text]") -> None:
        """What the command was called for, each text as it comes."""
        # rich is slow to import and to run: where nothing is coloured it is not asked.
        console = self._console(stderr=False) if self._color and sys.stdout.isatty() else None
        for text in texts:
            if console is None or console.color_system is None:
                sys.stdout.write(text.plain)
            else:
                console.print(text, soft_wrap=True, end="")
        sys.stdout.flush()

    def json(self, value: "Streamed | Iterator[Json]") -> None:
        """What the command was called for, as JSON for programs, with nothing hidden in it."""
        from reconciler.core.streaming import indented
        from reconciler.render.json_text import harmless

        self.raw(map(harmless, indented(value)))

    def raw(self, pieces: Iterable[bytes]) -> None:
        """What the command was called for, byte for byte: JSON, of which no piece ends inside a
        text, or what hides nothing. A terminal, where nobody counts bytes, is shown the harmless
        spelling."""
        from reconciler.render.json_text import harmless

        shown = map(harmless, pieces) if sys.stdout.isatty() else pieces
        sys.stdout.flush()
        sys.stdout.buffer.writelines(shown)
        sys.stdout.buffer.flush()

    def tell(self, message: str) -> None:
        """What the command was called for, in a line of words."""
        from reconciler.render.safe import guarded, said

        sys.stdout.write(f"{guarded(said(message))}\n")

    def say(self, message: str) -> None:
        """What the user may like to know meanwhile."""
        from reconciler.render.safe import guarded, said

        _Unbroken(sys.stderr).write(f"{guarded(said(message))}\n")

    def warn(self, message: str) -> None:
        """What the user should look at."""
        from reconciler.render.problems import warning_text

        self._console(stderr=True).print(warning_text(message), soft_wrap=True)

    def error(self, message: str) -> None:
        """Why the command did not do what it was called for."""
        from reconciler.render.problems import error_text

        self._console(stderr=True).print(error_text(message), soft_wrap=True)

    def busy(self, doing: str) -> AbstractContextManager[object]:
        """A sign of life on a terminal, for as long as something takes."""
        if not sys.stderr.isatty():
            return nullcontext()
        console = self._console(stderr=True)
        return console.status(doing) if console.is_terminal else nullcontext()

    def console(self) -> "Console":
        """The console of standard error, for progress."""
        return self._console(stderr=True)

    def _console(self, *, stderr: bool) -> "Console":
        from rich.console import Console

        stream: Any = _Unbroken(sys.stderr) if stderr else sys.stdout
        terminal = stream.isatty()
        return Console(
            file=stream,
            no_color=not self._color,
            color_system="auto" if terminal and self._color else None,
            width=None if terminal else _WIDE_ENOUGH,
            markup=False,
            emoji=False,
            highlight=False,
            legacy_windows=False,
        )


class _Unbroken:
    """Standard error, to which somebody may have stopped listening: from then on nothing is said,
    since no work that was begun may end because of it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError:
            self._hush()
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError:
            self._hush()

    def _hush(self) -> None:
        """Also for what is still held back, which would be an error at the very end."""
        nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)


def with_output(function: Callable[..., int | None]) -> Callable[..., int | None]:
    """Give the command its `Output`, and the option `--no-color`."""

    @click.option("--no-color", is_flag=True, help="Never use colours (as NO_COLOR does).")
    @wraps(function)
    def command(*args: Any, no_color: bool, **kwargs: Any) -> int | None:
        return function(*args, output=Output(color=not no_color), **kwargs)

    return command
