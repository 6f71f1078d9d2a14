"""What is done about what: the design's table of facts and changes, text in, text out."""

from __future__ import annotations

import pytest

from reconciler.core.content import Content
from reconciler.core.model import SourceKind
from reconciler.core.plan import Create, Delete, Move, Options, PlannedSource, Update
from tests.core.scenario import changes_of, digest_of, lines, plan_of

REGIONS = "bucket spots 1 region=eu \n bucket archive 2 region=us \n"

THE_TABLE = {
    "missing: create": ("entry a spots s1", "create a in spots"),
    "drifted: update": (
        "entry a spots s1 x=1 \n file 7 spots a s1 x=2",
        "update 7 in spots: x",
    ),
    "drifted, only in its mark: update": (
        "entry a spots s1 \n file 7 spots a",
        "update 7 in spots: catalog_source",
    ),
    "misplaced: move": ("entry a archive s1 \n file 7 spots a s1", "move 7 spots > archive"),
    "misplaced and drifted: move, then update where it is then": (
        "entry a archive s1 x=1 \n file 7 spots a s1",
        "move 7 spots > archive \n update 7 in archive: x after move:7",
    ),
    "misplaced between regions: as outdated": (
        REGIONS + "entry a archive s1 \n file 7 spots a s1",
        "create a in archive replaces 7 in spots \n delete 7 in spots after create:a",
    ),
    "misplaced between regions, without a source: unresolved": (
        REGIONS + "entry a archive \n file 7 spots a s1",
        "",
    ),
    "outdated: create the new, then delete the old": (
        "entry a spots s2 \n file 7 spots a s1",
        "create a in spots replaces 7 in spots \n delete 7 in spots after create:a",
    ),
    "outdated and elsewhere: created where it belongs": (
        "entry a archive s2 \n file 7 spots a s1",
        "create a in archive replaces 7 in spots \n delete 7 in spots after create:a",
    ),
    "outdated, with others of its key: all go after the new one": (
        "entry a spots s2 \n file 7 spots a s1 \n file 8 archive a s3",
        "create a in spots replaces 7 in spots \n delete 7 in spots after create:a \n"
        "delete 8 in archive after create:a",
    ),
    "outdated, while a file is pending: nothing yet": (
        "entry a spots s2 \n file 7 spots a s1 \n file 8 spots a s3 pending",
        "",
    ),
    "a replacement is pending: nothing is deleted": (
        "entry a spots s2 \n file 7 spots a s1 \n file 8 spots a s2 pending",
        "",
    ),
    "a replacement is ready: the old one is a duplicate": (
        "entry a spots s2 \n file 7 spots a s1 \n file 8 spots a s2",
        "delete 7 in spots keeps 8 in 1",
    ),
    "broken, with another digest: as outdated": (
        "entry a spots s2 \n file 7 spots a s1 broken",
        "create a in spots replaces 7 in spots \n delete 7 in spots after create:a",
    ),
    "broken, with the same digest: nothing": (
        "entry a spots s1 x=1 \n file 7 spots a s1 broken",
        "",
    ),
    "broken, and no source: nothing": ("entry a spots x=1 \n file 7 spots a s1 broken", ""),
    "orphaned: delete": ("file 7 spots a s1", "delete 7 in spots"),
    "orphaned, where prune is all: delete": (
        "bucket spots 1 prune=all \n file 7 spots a s1",
        "delete 7 in spots",
    ),
    "orphaned, where prune is none: nothing": (
        "bucket spots 1 prune=none \n file 7 spots a s1",
        "",
    ),
    "orphaned, and an entry had its key: delete, which keeps that entry's file": (
        "entry a spots s1 was=b \n file 7 spots a s1 \n file 8 spots b s1",
        "delete 8 in spots keeps 7 in 1",
    ),
    "orphaned, and an entry had its key, whose file is moved: it is kept where it is then": (
        "entry a archive s1 was=b \n file 7 spots a s1 \n file 8 spots b s1",
        "move 7 spots > archive \n delete 8 in spots keeps 7 in 2",
    ),
    "orphaned, and an entry had its key, whose file is replaced: before that goes": (
        "entry a archive s2 was=b \n file 7 spots a s1 \n file 8 spots b s1",
        "create a in archive replaces 7 in spots \n delete 8 in spots keeps 7 in 1 \n"
        "delete 7 in spots after create:a",
    ),
    "orphaned, and the entry that had its key is not ready: nothing": (
        "entry a spots s1 was=b \n file 7 spots a s1 pending \n file 8 spots b s1",
        "",
    ),
    "absent: delete, whatever prune says": (
        "bucket spots 1 prune=none \n absent a \n file 7 spots a",
        "delete 7 in spots",
    ),
    "absent: a foreign file only where pinned": (
        "bucket spots 1 prune=none \n absent a acr=7 \n file 7 spots - \n file 8 spots -",
        "delete 7 in spots",
    ),
    "duplicate: delete, which keeps the keeper": (
        "entry a spots s1 \n file 7 spots a s1 \n file 8 archive a s1",
        "delete 8 in archive keeps 7 in 1",
    ),
    "duplicate, and the keeper is moved: it is kept where it is then": (
        "entry a archive s1 \n file 7 spots a s1 \n file 8 spots a s2",
        "move 7 spots > archive \n delete 8 in spots keeps 7 in 2",
    ),
    "foreign: nothing": ("file 7 spots - \n file 8 spots other/a", ""),
    "foreign, where prune is all: delete, but never another catalogue's": (
        "bucket spots 1 prune=all \n file 7 spots - \n file 8 spots other/a \n file 9 spots opaque",
        "delete 7 in spots",
    ),
    "pending: nothing for its state, drift is updated and a misplacement moved": (
        "entry a archive s1 x=1 \n file 7 spots a s1 pending",
        "move 7 spots > archive \n update 7 in archive: x after move:7",
    ),
    "opaque: nothing": ("entry a spots s1 acr=7 \n file 7 spots opaque", ""),
    "unresolved: nothing": ("entry a spots", ""),
}


@pytest.mark.parametrize(("text", "changes"), THE_TABLE.values(), ids=THE_TABLE)
def test_the_table(text: str, changes: str) -> None:
    assert changes_of(text) == lines(changes)


def test_retry_broken_uploads_again() -> None:
    text = "entry a spots s1 \n file 7 spots a s1 broken"
    assert changes_of(text) == []
    assert changes_of(text, Options(retry_broken=True)) == [
        "create a in spots replaces 7 in spots",
        "delete 7 in spots after create:a",
    ]


def test_deletes_of_one_key_come_by_id_whichever_the_new_file_comes_after() -> None:
    text = "entry a spots s1 \n file 7 spots a s2 broken \n file 8 spots a s1 broken"
    assert changes_of(text, Options(retry_broken=True)) == [
        "create a in spots replaces 8 in spots",
        "delete 7 in spots after create:a",
        "delete 8 in spots after create:a",
    ]


def test_a_replacement_whose_source_nobody_verified_claims_none() -> None:
    create, _ = plan_of(REGIONS + "entry a spots s? \n file 7 archive a s1").changes
    assert isinstance(create, Create)
    assert create.after.user_defined == {"catalog_key": "radio/a"}
    assert create.source.digest is None


def test_the_order_is_create_move_update_delete_and_by_key_and_id_and_waiting_deletes_last() -> (
    None
):
    text = """
        bucket spots 1 prune=all
        bucket archive 2
        entry b spots s9
        entry a spots s8
        entry d spots s2 x=1
        entry c archive s3 x=1
        entry e spots s5
        absent f
        file 20 spots d s2
        file 19 spots c s3
        file 18 spots e s4
        file 17 spots f
        file 16 spots z s6
        file 15 spots z s6
        file 14 spots -
        file 13 spots -
        file 12 archive A s7
    """
    assert changes_of(text) == [
        "create a in spots",
        "create b in spots",
        "create e in spots replaces 18 in spots",
        "move 19 spots > archive",
        "update 19 in archive: x after move:19",
        "update 20 in spots: x",
        "delete 13 in spots",
        "delete 14 in spots",
        "delete 12 in archive",
        "delete 17 in spots",
        "delete 15 in spots",
        "delete 16 in spots",
        "delete 18 in spots after create:e",
    ]


def test_a_create_says_all_that_it_does() -> None:
    (change,) = plan_of("entry a archive s1 x=1 title=T").changes
    assert isinstance(change, Create)
    mark = {"catalog_key": "radio/a", "catalog_source": digest_of("s1")}
    assert change.after == Content("T", {"x": 1, **mark})
    assert (change.key, change.bucket, change.bucket_id) == ("a", "archive", 2)
    sha256 = "1".zfill(16).ljust(64, "f")
    assert change.source == PlannedSource(SourceKind.AUDIO, digest_of("s1"), sha256, 1000)
    assert (change.replaces, change.from_bucket, change.from_bucket_id) == (None, None, None)
    assert str(change.declared_at) == "catalog.yaml:1:3"
    assert change.reason == "no file carries its mark"


def test_a_replacement_says_all_that_it_does() -> None:
    create, delete = plan_of("entry a archive s2 \n file 7 spots a s1 y=1").changes
    assert isinstance(create, Create)
    assert create.after == Content(
        "T-a", {"y": 1, "catalog_key": "radio/a", "catalog_source": digest_of("s2")}
    )
    assert (create.replaces, create.from_bucket, create.from_bucket_id) == (7, "spots", 1)
    assert create.reason == "its source changed; the acr_id changes"
    assert str(create.declared_at) == "catalog.yaml:1:3"
    assert isinstance(delete, Delete)
    assert delete.before == Content(
        "T-a", {"y": 1, "catalog_key": "radio/a", "catalog_source": digest_of("s1")}
    )
    assert (delete.key, delete.file_id, delete.acr_id) == ("a", 7, "acr7")
    assert (delete.bucket, delete.bucket_id) == ("spots", 1)
    assert (delete.keeps, delete.keeps_bucket_id, delete.after_change) == (None, None, create.id)
    assert delete.reason == "replaced by the new file"
    assert delete.declared_at == create.declared_at


def test_a_move_and_its_update_say_all_that_they_do() -> None:
    move, update = plan_of("entry a archive s1 x=1 \n file 7 spots a s1 x=2 y=3 from=w").changes
    mark = {"catalog_key": "radio/a", "catalog_source": digest_of("s1")}
    assert isinstance(move, Move)
    assert move.before == Content("T-a", {"x": 2, "y": 3, **mark})
    assert (move.key, move.file_id, move.acr_id) == ("a", 7, "acr7")
    assert (move.from_bucket, move.from_bucket_id) == ("spots", 1)
    assert (move.bucket, move.bucket_id) == ("archive", 2)
    assert move.reason == "it is in spots, and belongs in archive"
    assert isinstance(update, Update)
    assert update.before == move.before
    assert update.after == Content("T-a", {"x": 1, **mark})
    assert (update.key, update.file_id, update.acr_id) == ("a", 7, "acr7")
    assert (update.bucket, update.bucket_id) == ("archive", 2)
    assert update.fields == ("user_defined.x", "user_defined.y")
    assert update.after_change == move.id
    assert update.declared_at == move.declared_at
    assert str(move.declared_at) == "catalog.yaml:1:3"


@pytest.mark.parametrize(
    ("text", "reason", "key", "place"),
    [
        (
            "entry a spots s1 \n file 7 spots a s1 \n file 8 spots a s1",
            "a duplicate of file 7",
            "a",
            "catalog.yaml:1:3",
        ),
        ("file 8 spots z s1", "no entry has its key", "z", "None"),
        ("absent a \n file 8 spots a", "its entry says absent", "a", "catalog.yaml:100:3"),
        (
            "bucket spots 1 prune=all \n file 8 spots -",
            "it carries no mark, and its bucket is pruned of all such",
            None,
            "None",
        ),
    ],
)
def test_a_delete_says_why_and_whose(text: str, reason: str, key: str | None, place: str) -> None:
    (change,) = plan_of(text).changes
    assert isinstance(change, Delete)
    told = (change.file_id, change.reason, change.key, str(change.declared_at))
    assert told == (8, reason, key, place)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("entry a spots s1 x=1 \n file 7 spots a s1", "it differs from the catalogue"),
        ("entry a spots s1 protect \n file 7 spots a s1", "its mark is written"),
        (
            "entry a spots s1 \n file 7 spots a",
            "its mark is written; its source is assumed to be the entry's",
        ),
        (
            "entry a spots s1 acr=7 x=1 \n file 7 spots -",
            "it differs from the catalogue; found by its acr_id; "
            "its source is assumed to be the entry's",
        ),
        (
            "entry a spots s1 was=b title=T-b \n file 7 spots b s1",
            "its mark is written; found by the mark of a key that it had",
        ),
        (
            "entry a spots s1 title=T-b \n file 7 spots b s1",
            "its mark is written; found by its source: the entry was renamed",
        ),
        (
            "catalog adopt=title \n entry a spots title=T \n file 7 spots - title=T",
            "its mark is written; found by its title",
        ),
    ],
)
def test_an_update_says_why(text: str, reason: str) -> None:
    (change,) = plan_of(text).changes
    assert change.reason == reason


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        (
            "entry a spots s1 \n file 7 spots a s1 pending",
            ["pending a 7 in spots at catalog.yaml:1:3: the service is still processing it"],
        ),
        (
            "entry a spots s2 \n file 7 spots a s1 pending",
            [
                "pending a 7 in spots at catalog.yaml:1:3: the service is still processing it; "
                "it is replaced once it is ready"
            ],
        ),
        (
            "entry a spots s1 \n file 7 spots a s1 broken",
            [
                "broken a 7 in spots at catalog.yaml:1:3: the service could not process it; "
                "--retry-broken uploads it again"
            ],
        ),
        (
            "bucket spots 1 prune=none \n file 7 spots a s1",
            ["orphaned a 7 in spots at None: no entry has its key, and its bucket is not pruned"],
        ),
        (
            "entry a spots s1 was=b \n file 7 spots a s1 broken \n file 8 spots b s1",
            [
                "broken a 7 in spots at catalog.yaml:1:3: the service could not process it; "
                "--retry-broken uploads it again",
                "orphaned b 8 in spots at None: the entry that had this key has no ready file "
                "yet; nothing until then",
            ],
        ),
        (
            "bucket spots 1 prune=all \n file 7 spots opaque",
            [
                "opaque None 7 in spots at None: its user_defined cannot be read as an object: "
                "whether it is ours is not known"
            ],
        ),
        (
            """
            entry a spots s1
            entry b spots s2 was=y
            entry c archive s3 x=1
            entry d spots s4
            entry e spots
            absent f
            file 7 spots b s1
            file 8 spots y s1
            file 9 spots c s3
            file 10 spots d s4
            file 11 spots d s4
            file 12 spots f
            file 13 spots z
            file 14 spots -
            file 15 spots other/a
            """,
            [],
        ),
    ],
    ids=["pending", "waits", "broken", "not pruned", "not ready", "opaque", "all the others"],
)
def test_what_a_reader_must_know_although_nothing_is_done(text: str, notes: list[str]) -> None:
    assert [
        f"{note.fact} {note.key} {note.file_id} in {note.bucket} at {note.declared_at}: "
        f"{note.message}"
        for note in plan_of(text).notes
    ] == notes
