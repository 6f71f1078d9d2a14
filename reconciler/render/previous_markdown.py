"""What changed since the previous plan of a pull request, in Markdown."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from reconciler.core.comparison import Comparison
from reconciler.core.plan import Create, Violation
from reconciler.core.weighing import Weighed, weighed
from reconciler.render.markdown import code, message
from reconciler.render.plan_words import otherwise
from reconciler.render.rows import word_of

_KEY = 128
_TITLE = "#### Since the previous plan"
T = TypeVar("T")


class SincePrevious:
    """How two plans differ, the gravest changes first."""

    def __init__(self, since: Comparison) -> None:
        """Weigh the changes once."""
        self._since = since
        self._new = weighed(since.new)
        self._gone = weighed(since.gone)
        self._different = weighed(after for _, after in since.different)

    def blocks(self, most: int) -> Iterator[str]:
        """A heading with the counts, and below it at most `most` of each kind."""
        since = self._since
        told = [
            *(f"- {line}\n" for line in otherwise(since)),
            *_some(since.new_violations, most, "newly refused", violation_words),
            *_some(since.gone_violations, most, "no longer refused", violation_words),
            *_some(self._new, most, "new", _change),
            *_some(self._gone, most, "gone", _change),
            *_some(self._different, most, "different", _change),
        ]
        if since.same and not told:
            yield f"{_TITLE}: nothing\n"
            return
        yield f"{_TITLE}: {self._counts()}\n"
        if told:
            yield "".join(told)

    def _counts(self) -> str:
        counts = (
            (len(self._new), "new"),
            (len(self._gone), "gone"),
            (len(self._different), "different"),
        )
        said = [f"{count:,} {word}" for count, word in counts if count]
        if not said:
            return "the same changes" if self._since.kept else "no changes"
        return ", ".join([*said, *(["the rest as before"] if self._since.kept else [])])


def _some(items: Sequence[T], most: int, word: str, say: Callable[[T], str]) -> Iterator[str]:
    for item in items[:most]:
        yield f"- {word}: {say(item)}\n"
    if len(items) > most:
        yield f"- … and {len(items) - most:,} more {word}\n"


def _change(one: Weighed) -> str:
    change = one.change
    key = "" if change.key is None else f" {code(change.key, _KEY)}"
    file = "" if isinstance(change, Create) else f" file {change.file_id}"
    return f"{word_of(one.weight)}{key}{file} in {code(change.bucket, _KEY)}"


def violation_words(violation: Violation) -> str:
    """What is refused, by its rule and its key."""
    key = f" {code(violation.key, _KEY)}" if violation.key else ""
    return f"{violation.rule}{key}: {message(violation.message)}"
