"""What differs: the tables of the design and of `diff`, row by row, text in and text out."""

from __future__ import annotations

import pytest

from reconciler.core.diff import diff
from reconciler.core.facts import Outdated
from tests.core.scenario import fact_line, facts_of, given, lines

NOT_EACH = "several files carry its mark, and not each says what it was made from"
REGIONS = "bucket spots 1 region=eu \n bucket news 2 region=eu \n bucket archive 3 region=us \n"
"""Two buckets in reach of one another, and one that is not."""

THE_ENTRYS_FILES = {
    "none: missing": ("entry a spots s1", "missing a"),
    "none, and no source: unresolved": (
        "entry a spots",
        "unresolved a: it has no file, and no source to make one from",
    ),
    "opaque: unresolved": (
        "entry a spots s1 acr=7 \n file 7 spots opaque",
        "unresolved a of 7: its user_defined cannot be read as an object",
    ),
    "one, right, ready: nothing": ("entry a spots s1 \n file 7 spots a s1", ""),
    "one, right, ready: misplaced and drifted, as it is": (
        "entry a archive s1 x=1 \n file 7 spots a s1 title=U x=2",
        "misplaced a 7 \n drifted a 7 title,x",
    ),
    "one, assumed to be right: its source is written": (
        "entry a spots s1 \n file 7 spots a",
        "drifted a 7 catalog_source marks assumed",
    ),
    "one, right, and the catalogue does not know its source": (
        "entry a spots s? \n file 7 spots a s2",
        "",
    ),
    "one, right, and no source in the catalogue": ("entry a spots \n file 7 spots a s2", ""),
    "one, right, pending: pending": (
        "entry a spots s1 \n file 7 spots a s1 pending",
        "pending a 7",
    ),
    "one, right, pending: misplaced and drifted all the same": (
        "entry a archive s1 x=1 \n file 7 spots a s1 pending x=2",
        "pending a 7 \n misplaced a 7 \n drifted a 7 x",
    ),
    "one, right, broken: broken, and no drift": (
        "entry a archive s1 x=1 \n file 7 spots a s1 broken x=2",
        "broken a 7",
    ),
    "one, broken, and no source: broken": (
        "entry a spots \n file 7 spots a s1 broken",
        "broken a 7",
    ),
    "one, not right, pending: nothing until it is ready": (
        "entry a spots s2 x=1 \n file 7 spots a s1 pending x=2",
        "pending a 7: it is replaced once it is ready",
    ),
    "one, not right, ready: outdated": (
        "entry a spots s2 \n file 7 spots a s1",
        "outdated a 7: its source changed",
    ),
    "one, not right, broken: outdated": (
        "entry a spots s2 \n file 7 spots a s1 broken",
        "outdated a 7: its source changed",
    ),
    "one, in another region, ready: outdated": (
        REGIONS + "entry a archive s1 \n file 7 spots a s1",
        "outdated a 7: its bucket is in another region",
    ),
    "one, in another region, and assumed: outdated": (
        REGIONS + "entry a archive s1 \n file 7 spots a",
        "outdated a 7: its bucket is in another region",
    ),
    "one, in another region, pending: nothing until it is ready": (
        REGIONS + "entry a archive s1 \n file 7 spots a s1 pending",
        "pending a 7: it is replaced once it is ready",
    ),
    "one, in another region, without a source: unresolved": (
        REGIONS + "entry a archive \n file 7 spots a s1",
        "unresolved a of 7: it would have to be uploaded anew, and has no source",
    ),
    "one, in another bucket of its region: misplaced": (
        REGIONS + "entry a news s1 \n file 7 spots a s1",
        "misplaced a 7",
    ),
    "several, the keeper ready and right: duplicates": (
        "entry a spots s1 \n file 7 spots a s1 \n file 8 spots a s1 \n file 9 spots a s2 broken",
        "duplicate a 8 keeps 7 \n duplicate a 9 keeps 7",
    ),
    "several, the keeper ready and right: the keeper as it is": (
        "entry a archive s1 x=1 \n file 7 spots a s1 x=2 \n file 8 spots a s2 pending",
        "duplicate a 8 keeps 7 \n misplaced a 7 \n drifted a 7 x",
    ),
    "several, the keeper assumed to be right: the others are named": (
        "entry a spots s? \n file 7 spots a s1 \n file 8 spots a s1",
        "duplicate a 8 keeps 7",
    ),
    "several, the keeper ready and right, another says nothing of its source: unresolved": (
        "entry a spots s1 \n file 7 spots a s1 \n file 8 spots a",
        f"unresolved a of 7,8: {NOT_EACH}",
    ),
    "several, and marks say no sources: unresolved": (
        "catalog sources=off \n entry a spots s1 \n file 7 spots a \n file 8 spots a",
        f"unresolved a of 7,8: {NOT_EACH}",
    ),
    "beside a ready one: a right one, pending: a replacement under way": (
        "entry a spots s2 x=1 \n file 7 spots a s1 x=2 \n file 8 spots a s2 pending x=2",
        "pending a 8: file 7 is deleted once it is ready \n drifted a 8 x",
    ),
    "beside a ready one: a right one, pending, among others": (
        "entry a spots s2 \n file 6 spots a s3 pending \n file 7 spots a s1 \n"
        "file 8 spots a s2 pending",
        "pending a 8: file 7 is deleted once it is ready",
    ),
    "beside a ready one: another one, pending": (
        "entry a spots s2 x=1 \n file 7 spots a s1 x=2 \n file 8 spots a s3 pending",
        "pending a 8: it is replaced once it is ready",
    ),
    "beside a ready one: a right one, broken": (
        "entry a spots s2 x=1 \n file 7 spots a s1 x=2 \n file 8 spots a s2 broken",
        "broken a 8",
    ),
    "beside a ready one: none of these: outdated, with all": (
        "entry a spots s2 \n file 7 spots a s1 \n file 8 spots a s3 broken \n file 9 spots a s1",
        "outdated a 7 and 8,9: its source changed",
    ),
    "beside a ready one: one that is assumed, ready: unresolved": (
        "entry a archive s1 \n file 5 archive a s2 \n file 6 spots a",
        f"unresolved a of 5,6: {NOT_EACH}",
    ),
    "beside a ready one in another region: a right one is kept": (
        REGIONS + "entry a spots \n file 5 archive a s1 \n file 6 news a s1",
        "duplicate a 5 keeps 6 \n misplaced a 6",
    ),
    "beside a ready one in another region: none of these: outdated": (
        REGIONS + "entry a spots s1 \n file 5 archive a s1 \n file 6 archive a s1",
        "outdated a 5 and 6: its bucket is in another region",
    ),
    "several, none ready, one pending: the pending one as it is": (
        "entry a spots s1 x=1 \n file 7 spots a s2 broken \n file 8 spots a s1 pending x=2",
        "pending a 8 \n drifted a 8 x",
    ),
    "several, none ready, one pending and not right: nothing until it is ready": (
        "entry a spots s1 \n file 7 spots a s1 broken \n file 8 spots a s2 pending",
        "pending a 8: it is replaced once it is ready",
    ),
    "several, none ready, two pending: unresolved": (
        "entry a spots s1 \n file 7 spots a s1 pending \n file 8 spots a s2 pending",
        "unresolved a of 7,8: several files carry its mark, and none is ready",
    ),
    "several, all broken, one right: broken, each": (
        "entry a spots s1 \n file 7 spots a s2 broken \n file 8 spots a s1 broken",
        "broken a 7 \n broken a 8",
    ),
    "several, all broken, none right: outdated": (
        "entry a spots s1 \n file 7 spots a s2 broken \n file 8 spots a s3 broken",
        "outdated a 7 and 8: its source changed",
    ),
    "several, all broken, none right, one says nothing of its source: unresolved": (
        "entry a spots s1 \n file 7 spots a s2 broken \n file 8 spots a broken",
        f"unresolved a of 7,8: {NOT_EACH}",
    ),
    "several of different sources, and the catalogue does not know its own: unresolved": (
        "entry a spots s? \n file 7 spots a s1 \n file 8 spots a s2",
        "unresolved a of 7,8: several files carry its mark, made from different sources",
    ),
    "several of different sources, and the catalogue has none: unresolved": (
        "entry a spots \n file 7 spots a s1 \n file 8 spots a",
        "unresolved a of 7,8: several files carry its mark, made from different sources",
    ),
    "several of different sources, one pending: nothing until it is ready": (
        "entry a spots s? \n file 7 spots a s1 \n file 8 spots a s2 pending",
        "pending a 8: whether it replaces another is not known",
    ),
}

WITH_RETRY_BROKEN = {
    "one, right: outdated": (
        "entry a spots s1 \n file 7 spots a s1 broken",
        "outdated a 7: the service could not process it: uploaded again",
    ),
    "one, not right: outdated as ever": (
        "entry a spots s2 \n file 7 spots a s1 broken",
        "outdated a 7: its source changed",
    ),
    "one, without a source: broken all the same": (
        "entry a spots \n file 7 spots a s1 broken",
        "broken a 7",
    ),
    "several, all broken, one right: outdated, with all": (
        "entry a spots s1 \n file 7 spots a s2 broken \n file 8 spots a s1 broken",
        "outdated a 8 and 7: the service could not process it: uploaded again",
    ),
    "several, all broken, without a source: broken, each": (
        "entry a spots \n file 7 spots a s1 broken \n file 8 spots a s1 broken",
        "broken a 7 \n broken a 8",
    ),
    "beside a ready one, a right one: outdated, with all": (
        "entry a spots s2 \n file 7 spots a s1 \n file 8 spots a s2 broken",
        "outdated a 7 and 8: its source changed",
    ),
    "what is ready or pending is not broken": (
        "entry a spots s1 \n entry b spots s1 \n file 7 spots a s1 \n file 8 spots b s1 pending",
        "pending b 8",
    ),
}

THE_KEEPER = {
    "ready before not ready, though of another source": (
        "entry a spots s2 \n file 7 spots a s2 pending \n file 8 spots a s1",
        "pending a 7: file 8 is deleted once it is ready",
    ),
    "then the right source, though in another bucket": (
        "entry a spots s1 \n file 7 spots a s2 \n file 8 archive a s1",
        "duplicate a 7 keeps 8 \n misplaced a 8",
    ),
    "then the right region": (
        REGIONS + "entry a spots s1 \n file 7 archive a s1 \n file 8 news a s1",
        "duplicate a 7 keeps 8 \n misplaced a 8",
    ),
    "then the right bucket": (
        "entry a archive s1 \n file 7 spots a s1 \n file 8 archive a s1",
        "duplicate a 7 keeps 8",
    ),
    "then the lowest id": (
        "entry a spots s1 \n file 12 spots a s1 \n file 9 spots a s1",
        "duplicate a 12 keeps 9",
    ),
    "what would be kept, were it ready, waits till it is": (
        "entry a spots s1 \n file 9 spots a s1 pending \n file 12 spots a s1 \n file 13 spots a s1",
        "pending a 9: it or file 12 is a duplicate \n duplicate a 13 keeps 12",
    ),
    "and what would not, goes at once": (
        "entry a spots s1 \n file 9 spots a s1 \n file 12 spots a s1 pending",
        "duplicate a 12 keeps 9",
    ),
    "also for its source": (
        "entry a spots s1 \n file 9 spots a s2 pending \n file 12 spots a s1",
        "duplicate a 9 keeps 12",
    ),
}

DRIFT = {
    "the title": ("entry a spots s1 title=T \n file 7 spots a s1 title=U", "drifted a 7 title"),
    "a value, one that goes, one that comes": (
        "entry a spots s1 x=1 y=1 \n file 7 spots a s1 x=2 z=1",
        "drifted a 7 x,y,z removed z",
    ),
    "under merge nothing goes": (
        "catalog mode=merge \n entry a spots s1 x=1 \n file 7 spots a s1 x=2 z=1",
        "drifted a 7 x",
    ),
    "under loose a number is its text": ("entry a spots s1 x=8 \n file 7 spots a s1 x='\"8\"'", ""),
    "under loose a number is its text, beside another difference": (
        "entry a spots s1 x=8 y='[8, 1]' \n file 7 spots a s1 x='\"8\"' y='[\"8\", 2]'",
        "drifted a 7 y[1]",
    ),
    "under strict it is not": (
        "catalog compare=strict \n entry a spots s1 x=8 \n file 7 spots a s1 x='\"8\"'",
        "drifted a 7 x",
    ),
    "ignored keys are never compared": ("entry a spots s1 {} \n file 7 spots a s1 from=w", ""),
    "protection that is wanted": (
        "entry a spots s1 protect \n file 7 spots a s1",
        "drifted a 7 catalog_protect marks",
    ),
    "protection that is no longer wanted": (
        "entry a spots s1 \n file 7 spots a s1 protect",
        "drifted a 7 catalog_protect marks",
    ),
    "a bucket's protection": (
        "bucket spots 1 protect \n entry a spots s1 \n file 7 spots a s1",
        "drifted a 7 catalog_protect marks",
    ),
    "a mark of a former name": (
        "catalog former=old \n entry a spots s1 \n file 7 spots old/a s1 title=T-a",
        "drifted a 7 catalog_key marks",
    ),
    "a mark and a value": (
        "entry a spots s1 x=1 \n file 7 spots a x=2",
        "drifted a 7 catalog_source,x assumed",
    ),
    "found by a former key": (
        "entry a spots s1 was=b title=T \n file 7 spots b s1 title=T",
        "drifted a 7 catalog_key by WAS marks",
    ),
    "found by its pin": (
        "entry a spots s1 acr=7 title=T \n file 7 spots - title=T",
        "drifted a 7 catalog_key,catalog_source by PIN marks assumed",
    ),
    "found by its pin, without a source: nothing is assumed": (
        "entry a spots acr=7 title=T \n file 7 spots - title=T",
        "drifted a 7 catalog_key by PIN marks",
    ),
    "found by its source: the mark is rewritten, nothing is uploaded": (
        "entry a spots s1 title=T \n file 7 spots b s1 title=T",
        "drifted a 7 catalog_key by SOURCE marks",
    ),
    "found by its title": (
        "catalog adopt=title \n entry a spots s1 title=T \n file 7 spots - title=T",
        "drifted a 7 catalog_key,catalog_source by TITLE marks assumed",
    ),
}

WITHOUT_AN_ENTRY = {
    "orphaned, where prune is owned": ("file 7 spots a s1", "orphaned a 7 deletable"),
    "orphaned, where prune is all": (
        "bucket spots 1 prune=all \n file 7 spots a s1",
        "orphaned a 7 deletable",
    ),
    "orphaned, where prune is none": (
        "bucket spots 1 prune=none \n file 7 spots a",
        "orphaned a 7",
    ),
    "orphaned, and an entry had its key": (
        "entry a spots s1 was=b \n file 7 spots a s1 \n file 8 spots b s1",
        "orphaned b 8 deletable keeps 7",
    ),
    "orphaned, and the entry that had its key is not ready": (
        "entry a spots s1 was=b \n file 7 spots a s1 pending \n file 8 spots b s1",
        "pending a 7 \n orphaned b 8 deletable waits",
    ),
    "orphaned, and the entry that had its key has several files: its keeper": (
        "entry a spots s2 was=b \n file 6 spots a s1 \n file 7 spots a s2 \n file 8 spots b s1",
        "duplicate a 6 keeps 7 \n orphaned b 8 deletable keeps 7",
    ),
    "absent, whatever prune says": (
        "bucket spots 1 prune=none \n absent a \n file 7 spots a \n file 8 spots a",
        "unwanted a 7 \n unwanted a 8",
    ),
    "absent, by a former key": ("absent a was=b \n file 7 spots b s1", "unwanted a 7"),
    "absent, a foreign file only where pinned": (
        "absent a acr=7 \n file 7 spots - \n file 8 spots -",
        "unwanted a 7 \n foreign 8",
    ),
    "absent, and it is not there: satisfied": ("absent a acr=7 was=b", ""),
    "absent, and opaque: unresolved": (
        "absent a acr=7 \n file 7 spots opaque",
        "unresolved a of 7: its user_defined cannot be read as an object",
    ),
    "absent, and the pinned file is another catalogue's: unresolved": (
        "absent a acr=7 \n file 7 spots other/a",
        "unresolved a of 7: the file pinned by acr_id is another catalogue's: other/a \n foreign 7",
    ),
    "foreign: nothing": ("file 7 spots - \n file 8 spots other/a", "foreign 7 \n foreign 8"),
    "foreign, where all is pruned: deletable, but never another's or an opaque one": (
        "bucket spots 1 prune=all \n file 7 spots - \n file 8 spots other/a \n file 9 spots opaque",
        "foreign 7 deletable \n foreign 8 \n foreign 9",
    ),
    "foreign, where nothing is pruned": (
        "bucket spots 1 prune=none \n file 7 spots -",
        "foreign 7",
    ),
    "which file is an entry's is not known: none of them is touched": (
        "bucket spots 1 prune=all \n catalog adopt=title \n entry a spots s1 title=T \n"
        "file 7 spots - title=T \n file 8 spots - title=T \n file 9 spots -",
        "unresolved a of 7,8: 2 unmarked file(s) and 1 entries have the title 'T': "
        "pin the right file by its acr_id \n foreign 7 \n foreign 8 \n foreign 9 deletable",
    ),
    "which file is an entry's is not known: nor an orphan": (
        "entry a spots s1 acr=9 \n file 6 spots c \n file 7 spots b acr=9 \nfile 8 spots - acr=9",
        "unresolved a of 7,8: several files have the acr_id acr9 \n orphaned c 6 deletable \n"
        "foreign 8",
    ),
    "missing, and a foreign file of its bucket has its title or its source: twins": (
        "entry a spots s1 title=T \n file 9 spots - title=T \n file 8 spots other/a s1 \n"
        "file 7 spots - s1 title=T \n file 6 archive - title=T \n file 5 spots c s2 title=T",
        "missing a twins 7,8,9 \n orphaned c 5 deletable \n"
        "foreign 6 \n foreign 7 \n foreign 8 \n foreign 9",
    ),
    "missing, not verified: a twin by its title": (
        "entry a spots s? title=T \n file 7 spots - title=T",
        "missing a twins 7 \n foreign 7",
    ),
}


@pytest.mark.parametrize(("text", "facts"), THE_ENTRYS_FILES.values(), ids=THE_ENTRYS_FILES)
def test_the_entrys_files(text: str, facts: str) -> None:
    assert facts_of(text) == lines(facts)


@pytest.mark.parametrize(("text", "facts"), WITH_RETRY_BROKEN.values(), ids=WITH_RETRY_BROKEN)
def test_with_retry_broken(text: str, facts: str) -> None:
    assert facts_of(text, retry_broken=True) == lines(facts)


@pytest.mark.parametrize(("text", "facts"), THE_KEEPER.values(), ids=THE_KEEPER)
def test_the_keeper(text: str, facts: str) -> None:
    assert facts_of(text) == lines(facts)


@pytest.mark.parametrize(("text", "facts"), DRIFT.values(), ids=DRIFT)
def test_drift(text: str, facts: str) -> None:
    assert facts_of(text) == lines(facts)


@pytest.mark.parametrize(("text", "facts"), WITHOUT_AN_ENTRY.values(), ids=WITHOUT_AN_ENTRY)
def test_without_an_entry(text: str, facts: str) -> None:
    assert facts_of(text) == lines(facts)


def test_nothing_broken_is_uploaded_again_unless_asked_for() -> None:
    (fact,) = diff(*given("entry a spots s1 \n file 7 spots a s1 broken")).facts
    assert fact_line(fact) == "broken a 7"


def test_facts_come_by_kind_and_then_by_key_and_id() -> None:
    text = """
        entry d spots s1
        entry c spots s2
        entry b archive s4
        entry a spots s5
        entry e spots acr=99
        absent f
        file 9 spots g s9
        file 8 spots f
        file 7 spots d s1 title=U
        file 6 archive -
        file 5 spots c s2 title=U
        file 4 spots g s9
    """
    assert facts_of(text) == [
        "drifted c 5 title",
        "drifted d 7 title",
        "missing a",
        "missing b",
        "unresolved e: no file of the catalogue's buckets has the acr_id acr99",
        "unwanted f 8",
        "orphaned g 4 deletable",
        "orphaned g 9 deletable",
        "foreign 6",
    ]


def test_what_limits_and_summaries_are_measured_by() -> None:
    found = diff(
        *given("""
        entry a spots s1
        entry b spots s1
        entry c spots s1
        entry d spots s9
        absent e
        file 5 spots a s1
        file 6 spots b s1
        file 7 spots b s1
        file 8 spots c s1 title=U
        file 9 spots e
        file 10 spots z s3
        file 11 spots -
    """)
    )
    assert (found.matched, found.owned, found.unchanged) == (3, 6, 1)


def test_what_an_outdated_file_and_its_successor_have() -> None:
    (fact,) = diff(
        *given("""
        entry a archive s2 x=1
        file 7 spots a s1 x=2 y=3 from=w title=U
    """)
    ).facts
    assert isinstance(fact, Outdated)
    told = (fact.before.title, fact.before.user_defined, fact.wanted.title)
    assert told == (
        "U",
        {"x": 2, "y": 3, "catalog_key": "radio/a", "catalog_source": "sha256:" + "1".zfill(16)},
        "T-a",
    )
    assert fact.wanted.user_defined == {
        "x": 1,
        "catalog_key": "radio/a",
        "catalog_source": "sha256:" + "2".zfill(16),
    }
    assert fact.removed == ("y",)
