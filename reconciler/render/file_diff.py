"""What became of a file, as a unified diff."""

import difflib
from collections.abc import Iterator

_NO_NEWLINE = "\\ No newline at end of file"


def file_diff(file: str, before: str, after: str) -> Iterator[str]:
    """The lines of the diff, without what ends them."""
    ends = "\n"
    lines = difflib.unified_diff(
        _lines(before), _lines(after), f"a/{file}", f"b/{file}", lineterm=ends
    )
    for line in lines:
        yield line.removesuffix(ends)
        if not line.endswith(ends):
            yield _NO_NEWLINE


def _lines(text: str) -> list[str]:
    """Lines end where the files' formats say so: neither at a form feed nor at U+2028."""
    *whole, last = text.split("\n")
    return [f"{line}\n" for line in whole] + ([last] if last else [])
