"""A bucket's files, read in parallel pages and proved complete and stable.

Counting is not enough: a delete and an insert between two pages leave the count as it was, one
file missed and one that is gone. A listing is proved where

- one page holds all (one answer is one moment), or
- each id comes once, all in one order, as many as every page says there are, and the last page,
  which was read before all the others, reads the same after them: a file that went or came in
  between would have shifted it. (What this cannot see: a file that goes and one with an older
  id that is moved in, both in the middle, at once. Apply lists anew before it creates.)

Otherwise all is read again, until two readings in a row are the same and have as many files as
the service says there are. It costs as many requests as there are pages, and two: the first
page is asked for how many there are, and then again among the others, since it is older than the
witness.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from reconciler.api.wire import Page
from reconciler.core.model import File, FileId
from reconciler.errors import AnswerTooLarge, Rejected, UnreadableAnswer

_SIZES = (1000, 100, 20)
"""What to ask for: the service's largest page is not known, and may be refused."""
_MOST_READINGS = 4

Read = TypeVar("Read")

ReadPage = Callable[[str, int, int], Page]
"""(bucket, page number from 1, size) -> the page."""

FilesOf = Callable[[str], tuple[Sequence[File], str | None]]
"""Bucket -> its files by id, and why they are not proved complete (None: they are)."""


@dataclass(frozen=True, slots=True)
class _Reading:
    files: tuple[File, ...]
    """By id, each id once."""
    doubt: str | None
    """Why it is not proved, or None where it is."""
    whole: bool
    """As many files came as every page says there are."""


def in_pages(sizes: Sequence[int], read: Callable[[int], Read]) -> Read:
    """What is read in pages of the first size; of the next, where the service refuses so large
    ones (422) or they are too large to be read; and so on."""
    for size in sizes[:-1]:
        try:
            return read(size)
        except Rejected as error:
            if error.status != 422:
                raise
        except AnswerTooLarge:
            pass
    return read(sizes[-1])


class Lister:
    """Lists buckets."""

    def __init__(self, read_page: ReadPage, concurrency: int) -> None:
        """`concurrency`: how many pages are read at once."""
        self._read_page = read_page
        self._concurrency = concurrency

    def files(self, bucket: str) -> tuple[Sequence[File], str | None]:
        """The bucket's files by id, and why they are not proved complete (None: they are)."""
        reading = self._read(bucket)
        for _ in range(_MOST_READINGS - 1):
            if reading.doubt is None:
                break
            again = self._read(bucket)
            if again.whole and again.files == reading.files:
                return again.files, None
            reading = again
        return reading.files, reading.doubt

    def ends(self, bucket: str) -> tuple[Page, Page]:
        """The first page and the last, which may be the same."""
        return in_pages(_SIZES, lambda size: self._ends(bucket, size))

    def _ends(self, bucket: str, size: int) -> tuple[Page, Page]:
        first = self._read_page(bucket, 1, size)
        return first, first if first.last == 1 else self._read_page(bucket, first.last, size)

    def _read(self, bucket: str) -> _Reading:
        return in_pages(_SIZES, lambda size: self._read_by(bucket, size))

    def _read_by(self, bucket: str, size: int) -> _Reading:
        first = self._read_page(bucket, 1, size)
        if first.last == 1:
            return _proved([first], None, None)
        witness = self._read_page(bucket, first.last, size)
        others = list(self._others(bucket, first, size))
        again = self._read_page(bucket, first.last, size)
        return _proved([*others, witness], witness, again)

    def _others(self, bucket: str, first: Page, size: int) -> Iterator[Page]:
        """The pages before the last, in order, a bounded number at a time: what the service says
        of their number is not believed beyond an empty page, or pages without any new file."""
        if not first.files:
            raise UnreadableAnswer(
                f"listing bucket {bucket}: the first of {first.last} pages is empty"
            )
        with ThreadPoolExecutor(self._concurrency) as pool:
            wave = self._concurrency * 4
            seen: set[FileId] = set()
            for start in range(1, first.last, wave):
                numbers = range(start, min(start + wave, first.last))
                pages = list(pool.map(lambda n: self._read_page(bucket, n, size), numbers))
                yield from pages
                if not all(page.files for page in pages):
                    return
                known = len(seen)
                seen.update(file.id for page in pages for file in page.files)
                if len(seen) == known:
                    raise UnreadableAnswer(
                        f"listing bucket {bucket}: pages {numbers[0]} to {numbers[-1]} of "
                        f"{first.last} hold no file that was not on a page before"
                    )


def _proved(pages: Sequence[Page], witness: Page | None, again: Page | None) -> _Reading:
    listed = [file for page in pages for file in page.files]
    by_id = {file.id: file for file in listed}
    files = tuple(by_id[file_id] for file_id in sorted(by_id))
    totals = {page.total for page in pages}
    ids = [file.id for file in listed]
    doubt = None
    if len(by_id) != len(listed):
        doubt = "a file came twice: the bucket changed while it was read"
    elif len(totals) != 1:
        doubt = "the number of files changed while it was read"
    elif totals != {len(listed)}:
        doubt = f"{len(listed)} files came, and the service says that there are {totals.pop()}"
    elif witness != again:
        doubt = "its last page changed while it was read"
    elif witness is not None and not witness.files:
        doubt = "its last page is empty, and so shows no change"
    elif len(pages) > 1 and ids != sorted(ids) and ids != sorted(ids, reverse=True):
        doubt = "the service did not order its pages by id"
    return _Reading(files, doubt, whole=totals == {len(by_id)})
