"""Which file is which entry's: the five steps, as text in and text out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.core.matching import match
from tests.core.scenario import given, lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.core.model import File, FileId


def matched(text: str) -> list[str]:
    """Who has what: a line for each entry, then what nobody has."""
    matching = match(*given(text))
    told = []
    for key in sorted(matching.matched):
        found, files = matching.matched[key]
        told.append(f"{key} has {_ids(files)} by {found.name}")
    for key in sorted(matching.unwanted):
        found, files = matching.unwanted[key]
        told.append(f"{key} must lose {_ids(files)} by {found.name}")
    told += [f"{key} is missing" for key in matching.missing]
    for unfound in matching.unfound:
        told.append(f"{unfound.key} is unfound {_numbers(unfound.candidates)}: {unfound.why}")
    told += [f"orphan {key} {file.id}" for key, file in matching.orphans]
    told += [f"foreign {file.id} {type(whose).__name__}" for file, whose in matching.foreign]
    return told


def _ids(files: Iterable[File]) -> str:
    return _numbers([file.id for file in files])


def _numbers(ids: Iterable[FileId]) -> str:
    return ",".join(map(str, ids))


CASES = {
    # Step 1: the mark.
    "the mark finds the file in whatever bucket": (
        "entry a spots s1 \n file 7 archive a s1",
        "a has 7 by MARK",
    ),
    "a former name of the catalogue is ours": (
        "catalog former=old,older \n entry a spots s1 \n file 7 spots older/a s1",
        "a has 7 by MARK",
    ),
    "with format key the field holds the key alone": (
        "catalog format=key \n entry a spots s1 \n file 7 spots a s1",
        "a has 7 by MARK",
    ),
    "several files with one mark are all the entry's, by id": (
        "entry a spots s1 \n file 9 archive a \n file 7 archive a \n file 8 spots a",
        "a has 7,8,9 by MARK",
    ),
    "where no file has the key, those of a former key": (
        "entry a spots s1 was=b \n file 8 spots b s1 \n file 7 archive b s2",
        "a has 7,8 by WAS",
    ),
    "the first of the former keys that has files": (
        "entry a spots s1 was=x,b,c \n file 7 spots c \n file 8 spots b",
        "a has 8 by WAS \n orphan c 7",
    ),
    "the key goes before a former key": (
        "entry a spots s1 was=b \n file 7 spots b s1 \n file 8 spots a s1",
        "a has 8 by MARK \n orphan b 7",
    ),
    # Step 2: the pin.
    "a pin finds an unmarked file": (
        "entry a spots s1 acr=7 \n file 7 archive -",
        "a has 7 by PIN",
    ),
    "a pin finds an opaque file": (
        "entry a spots s1 acr=7 \n file 7 archive opaque",
        "a has 7 by PIN",
    ),
    "a pin finds an orphan": (
        "entry a spots s1 acr=7 \n file 7 archive b s2",
        "a has 7 by PIN",
    ),
    "a pin leaves the orphan's duplicates": (
        "entry a spots s1 acr=7 \n file 7 archive b s2 \n file 8 archive b s2",
        "a has 7 by PIN \n orphan b 8",
    ),
    "a pin means nothing while a file carries the key's mark": (
        "entry a spots s1 acr=7 \n file 7 spots - \n file 8 spots a s1",
        "a has 8 by MARK \n foreign 7 Unmarked",
    ),
    "a pin means nothing while a file carries a former key's mark": (
        "entry a spots s1 acr=7 was=b \n file 7 spots - \n file 8 spots b s1",
        "a has 8 by WAS \n foreign 7 Unmarked",
    ),
    "a pin never takes another catalogue's file": (
        "entry a spots s1 acr=7 \n file 7 spots other/a s1",
        "a is unfound 7: the file pinned by acr_id is another catalogue's: other/a \n"
        "foreign 7 Another",
    ),
    "a pin never takes another entry's file": (
        "entry a spots s1 acr=7 \n entry b spots s1 \n file 7 spots b s1",
        "b has 7 by MARK \na is unfound 7: the file pinned by acr_id is that of the entry b",
    ),
    "a pin that finds nothing is unresolved": (
        "entry a spots s1 acr=7 \n file 8 spots -",
        "a is unfound : no file of the catalogue's buckets has the acr_id acr7 \n"
        "foreign 8 Unmarked",
    ),
    "a pin that finds several is unresolved": (
        "entry a spots s1 acr=7 \n file 9 spots - acr=7 \n file 8 archive b acr=7",
        "a is unfound 8,9: several files have the acr_id acr7 \n orphan b 8 \n foreign 9 Unmarked",
    ),
    # Step 3: the source.
    "an orphan of the same source: the entry was renamed": (
        "entry a spots s1 \n file 7 archive b s1",
        "a has 7 by SOURCE",
    ),
    "an orphan of another source is none of it": (
        "entry a spots s1 \n file 7 spots b s2",
        "a is missing \n orphan b 7",
    ),
    "an orphan that would not be deleted is not taken": (
        "bucket spots 1 prune=none \n entry a spots s1 \n file 7 spots b s1",
        "a is missing \n orphan b 7",
    ),
    "an orphan that would be deleted with all is taken": (
        "bucket spots 1 prune=all \n entry a spots s1 \n file 7 spots b s1",
        "a has 7 by SOURCE",
    ),
    "a former key of another entry is not taken": (
        "entry a spots s1 \n entry c spots s1 was=b \n file 7 spots b s1 \n file 8 spots c s1",
        "c has 8 by MARK \n a is missing \n orphan b 7",
    ),
    "two entries with one source: neither": (
        "entry a spots s1 \n entry b spots s1 \n file 7 spots c s1",
        "a is missing \n b is missing \n orphan c 7",
    ),
    "two entries with one source, of which one has its file: the other": (
        "entry a spots s1 \n entry b spots s1 \n file 7 spots c s1 \n file 8 spots b s1",
        "a has 7 by SOURCE \n b has 8 by MARK",
    ),
    "two orphans with one source: neither": (
        "entry a spots s1 \n file 7 spots b s1 \n file 8 spots c s1",
        "a is missing \n orphan b 7 \n orphan c 8",
    ),
    "two orphans with one mark and two sources: the one": (
        "entry a spots s1 \n file 7 spots b s1 \n file 8 spots b s2",
        "a has 7 by SOURCE \n orphan b 8",
    ),
    "a source that is not verified finds nothing": (
        "entry a spots s? \n file 7 spots b",
        "a is missing \n orphan b 7",
    ),
    "an entry without a source finds nothing by it": (
        "entry a spots \n file 7 spots b",
        "a is missing \n orphan b 7",
    ),
    "a foreign file is not found by its source": (
        "entry a spots s1 \n file 7 spots - s1 \n file 8 spots other/a s1",
        "a is missing \n foreign 7 Unmarked \n foreign 8 Another",
    ),
    "nothing is found by a source that marks do not say": (
        "catalog sources=off \n entry a spots s1 \n file 7 spots b s1",
        "a is missing \n orphan b 7",
    ),
    # Step 4: the title.
    "by default no file is adopted by its title": (
        "entry a spots s1 title=T \n file 7 spots - title=T",
        "a is missing \n foreign 7 Unmarked",
    ),
    "adopt: the one unmarked file of that title in the entry's bucket": (
        "catalog adopt=title \n entry a spots s1 title=T \n file 7 spots - title=T \n"
        "file 8 archive - title=T \n file 9 spots - title=U",
        "a has 7 by TITLE \n foreign 8 Unmarked \n foreign 9 Unmarked",
    ),
    "adopt: not another catalogue's, and no opaque one": (
        "catalog adopt=title \n entry a spots s1 title=T \n"
        "file 7 spots other/a title=T \n file 8 spots opaque title=T",
        "a is missing \n foreign 7 Another \n foreign 8 Unmarked",
    ),
    "adopt: two files are unresolved": (
        "catalog adopt=title \n entry a spots s1 title=T \n"
        "file 8 spots - title=T \n file 7 spots - title=T",
        "a is unfound 7,8: 2 unmarked file(s) and 1 entries have the title 'T': "
        "pin the right file by its acr_id \n foreign 7 Unmarked \n foreign 8 Unmarked",
    ),
    "adopt: two entries are unresolved": (
        "catalog adopt=title \n entry a spots s1 title=T \n entry b spots title=T \n"
        "file 7 spots - title=T",
        "a is unfound 7: 1 unmarked file(s) and 2 entries have the title 'T': "
        "pin the right file by its acr_id \n"
        "b is unfound 7: 1 unmarked file(s) and 2 entries have the title 'T': "
        "pin the right file by its acr_id \n foreign 7 Unmarked",
    ),
    "adopt: two entries without a file of that title are missing": (
        "catalog adopt=title \n entry a spots s1 title=T \n entry b spots s1 title=T",
        "a is missing \n b is missing",
    ),
    "adopt: an entry that has its file does not count": (
        "catalog adopt=title \n entry a spots s1 title=T \n entry b spots s2 title=T \n"
        "file 7 spots - title=T \n file 8 spots b title=T",
        "a has 7 by TITLE \n b has 8 by MARK",
    ),
    "adopt: the title goes after the source": (
        "catalog adopt=title \n entry a spots s1 title=T \n"
        "file 7 spots - title=T \n file 8 spots c s1",
        "a has 8 by SOURCE \n foreign 7 Unmarked",
    ),
    "adopt: an entry that its pin left unresolved is not adopted for": (
        "catalog adopt=title \n entry a spots s1 title=T acr=9 \n file 7 spots - title=T",
        "a is unfound : no file of the catalogue's buckets has the acr_id acr9 \n"
        "foreign 7 Unmarked",
    ),
    # Step 5, and entries that say absent.
    "otherwise the entry is missing": (
        "entry b spots s1 \n entry a spots",
        "a is missing \n b is missing",
    ),
    "absent: by the mark, in whatever bucket": (
        "absent a \n file 8 archive a \n file 7 spots a",
        "a must lose 7,8 by MARK",
    ),
    "absent: every file of every former key, beside those of the key": (
        "absent a was=b,c \n file 8 spots a \n file 9 spots b \n file 7 spots c",
        "a must lose 7,8,9 by MARK",
    ),
    "absent: a foreign file only where pinned": (
        "absent a acr=7 \n file 7 spots - title=a \n file 8 spots - title=a",
        "a must lose 7 by PIN \n foreign 8 Unmarked",
    ),
    "absent: the pinned file beside the marked one": (
        "absent a acr=7 \n file 7 spots - \n file 8 spots a",
        "a must lose 7,8 by MARK",
    ),
    "absent: the pinned file is the marked one": (
        "absent a acr=7 \n file 7 spots a",
        "a must lose 7 by MARK",
    ),
    "absent: a pin that finds nothing is satisfied": (
        "absent a acr=7 \n file 8 spots -",
        "foreign 8 Unmarked",
    ),
    "absent: another catalogue's file is never taken": (
        "absent a acr=7 \n file 7 spots other/a",
        "a is unfound 7: the file pinned by acr_id is another catalogue's: other/a \n"
        "foreign 7 Another",
    ),
    "absent and not there is satisfied": ("absent a", ""),
    # What is left.
    "an owned file that no entry has is an orphan, by key and id": (
        "file 9 spots a \n file 8 spots b \n file 7 archive b",
        "orphan a 9 \n orphan b 7 \n orphan b 8",
    ),
    "a file is foreign where it carries no mark, another's, or none that can be read": (
        "file 9 spots - \n file 8 archive other/a \n file 7 spots opaque",
        "foreign 7 Unmarked \n foreign 8 Another \n foreign 9 Unmarked",
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_who_has_what(text: str, expected: str) -> None:
    assert matched(text) == lines(expected)


def test_files_with_the_mark_are_counted_whoever_has_them() -> None:
    text = """
        entry a spots s1 acr=9
        absent b
        file 5 spots a
        file 6 spots b
        file 7 archive c
        file 8 spots other/a
        file 9 spots -
    """
    assert match(*given(text)).owned == 3
