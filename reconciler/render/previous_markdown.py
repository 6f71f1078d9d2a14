"""What changed since the previous plan of a pull request, in Markdown."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from reconciler.core.comparison import Comparison
from reconciler.core.plan import Change, Create, Violation
from reconciler.render.change_text import verb_of
from reconciler.render.markdown import code, message

_KEY = 128
_TITLE = "#### Since the previous plan of this pull request"
T = TypeVar("T")


def since_previous(since: Comparison, most: int) -> Iterator[str]:
    """A heading with the counts, and at most `most` of each kind below it."""
    other = list(_other(since))
    if since.same and not other:
        yield f"{_TITLE}: nothing\n"
        return
    new, gone, different = len(since.new), len(since.gone), len(since.different)
    counts = ((new, "new"), (gone, "gone"), (different, "different"), (since.kept, "as before"))
    said = ", ".join(f"{count:,} {word}" for count, word in counts if count)
    yield f"{_TITLE}: {said or 'no changes'}\n"
    lines = [
        *(f"- {line}\n" for line in other),
        *_some(since.new_violations, most, "newly refused", _violation),
        *_some(since.gone_violations, most, "no longer refused", _violation),
        *_some(since.new, most, "new", _change),
        *_some(since.gone, most, "gone", _change),
        *_some([after for _, after in since.different], most, "different", _change),
    ]
    if lines:
        yield "".join(lines)


def _other(since: Comparison) -> Iterator[str]:
    if since.catalog:
        yield "it was of another catalogue"
    if since.origin:
        yield "it was for another service, or for other buckets"
    if since.options:
        yield "it was asked for with other options"


def _some(items: Sequence[T], most: int, word: str, say: Callable[[T], str]) -> Iterator[str]:
    for item in items[:most]:
        yield f"- {word}: {say(item)}\n"
    if len(items) > most:
        yield f"- … and {len(items) - most:,} more {word}\n"


def _change(change: Change) -> str:
    key = "" if change.key is None else f" {code(change.key, _KEY)}"
    file = "" if isinstance(change, Create) else f" file {change.file_id}"
    return f"{verb_of(change).word}{key}{file} in {code(change.bucket, _KEY)}"


def _violation(violation: Violation) -> str:
    key = f" {code(violation.key, _KEY)}" if violation.key else ""
    return f"{violation.rule}{key}: {message(violation.message)}"
