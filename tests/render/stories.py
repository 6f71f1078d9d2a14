"""Plans, drifts and lists as a user may meet them, and some that only an attacker would make."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.core.content import Content
from reconciler.core.drift import Acceptance, Accepted, Direction, Drift, DriftItem, Recalled
from reconciler.core.listing import Row
from reconciler.core.model import FileId, Key, Place, Snapshot, SourceKind
from reconciler.core.plan import (
    ChangeId,
    Create,
    Delete,
    Move,
    Note,
    Options,
    Plan,
    PlannedSource,
    Rule,
    Seen,
    Summary,
    Update,
    Violation,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.core.model import Json
    from reconciler.core.plan import Change

ACR = "6d3e17559677cd79ecb0b7cd2c79bea0"
_IDS = {"spots": 8891, "archive": 8892}


def content(title: str, key: str | None = None, /, **user_defined: Json) -> Content:
    """A content, with a mark where a key is given."""
    mark: dict[str, Json] = {}
    if key is not None:
        mark = {"catalog_key": f"radio-ads/{key}", "catalog_source": "sha256:5f70bf18a0860070"}
    return Content(title, {**user_defined, **mark})


def place(line: int) -> Place:
    """A place in the catalogue."""
    return Place("spots/spring.yaml", line, 3)


def create(key: str, title: str, bucket: str = "spots", **user_defined: Json) -> Create:
    """A create of an audio file."""
    return Create(
        key=Key(key),
        bucket=bucket,
        bucket_id=_IDS[bucket],
        after=content(title, key, **user_defined),
        source=PlannedSource(SourceKind.AUDIO, "sha256:5f70bf18a0860070", None, 1_234_567),
        reason="no file carries its mark",
        declared_at=place(3),
    )


def update(key: str, before: Content, after: Content, *fields: str, file_id: int = 1204) -> Update:
    """An update of the named fields."""
    return Update(
        key=Key(key),
        file_id=FileId(file_id),
        acr_id=ACR,
        bucket="spots",
        bucket_id=_IDS["spots"],
        before=before,
        after=after,
        fields=fields,
        reason="it differs from the catalogue",
        declared_at=place(12),
    )


def delete(key: str | None, title: str, file_id: int = 1310, bucket: str = "spots") -> Delete:
    """A delete of a file without an entry."""
    return Delete(
        key=None if key is None else Key(key),
        file_id=FileId(file_id),
        acr_id=ACR,
        bucket=bucket,
        bucket_id=_IDS[bucket],
        before=content(title, key),
        reason="no entry has its key",
    )


def move(key: str, title: str) -> Move:
    """A move from the spots to the archive."""
    return Move(
        key=Key(key),
        file_id=FileId(1288),
        acr_id=ACR,
        from_bucket="spots",
        from_bucket_id=_IDS["spots"],
        bucket="archive",
        bucket_id=_IDS["archive"],
        before=content(title, key),
        reason="it is in spots, and belongs in archive",
        declared_at=place(40),
    )


def plan(
    *changes: Change,
    violations: Sequence[Violation] = (),
    notes: Sequence[Note] = (),
    options: Options | None = None,
    removed: int = 0,
) -> Plan:
    """A plan of these changes."""
    count = {kind: sum(isinstance(change, kind) for change in changes) for kind in _KINDS}
    creates = [change for change in changes if isinstance(change, Create)]
    return Plan(
        digest="sha256:1f0cf7d8a3a5d5b7f3f0c8f4b0c2bb6e7f2a0a5c9b2d4e6f8091a2b3c4d5e6f7",
        catalog="radio-ads",
        catalog_digest="sha256:" + "0" * 64,
        origin="https://api-v2.acrcloud.com/api",
        live={name: Seen(number, 10, "sha256:") for name, number in _IDS.items()},
        options=options or Options(),
        changes=tuple(sorted(changes, key=lambda change: _KINDS.index(type(change)))),
        violations=tuple(violations),
        notes=tuple(notes),
        summary=Summary(
            create=count[Create],
            update=count[Update],
            move=count[Move],
            delete=count[Delete],
            unchanged=14,
            foreign=5,
            pending=sum(note.fact == "pending" for note in notes),
            removed_values=removed,
            upload_bytes=sum(change.source.size or 0 for change in creates),
            requests=len(changes),
        ),
    )


_KINDS: tuple[type[Change], ...] = (Create, Move, Update, Delete)


def small() -> Plan:
    """All four verbs."""
    before = content("Autumn sale", "autumn-ad-02", artist="Acme", year=1978, old="x")
    after = content("Autumn sale 30s", "autumn-ad-02", artist="ACME", year=1978, label="Acme Media")
    fields = ("title", "user_defined.artist", "user_defined.label", "user_defined.old")
    return plan(
        create("spring-ad-01", "Spring ad 30s", artist="Acme", isrc="00123", year=1979),
        create("spring-ad-02", "Spring ad 10s"),
        update("autumn-ad-02", before, after, *fields),
        move("old-jingle", "99"),
        delete("winter-ad-07", "Winter ad"),
        replace(delete(None, "somebody's test upload", 1399), reason="its bucket is pruned"),
        removed=1,
    )


def marks() -> Plan:
    """Updates that write marks, one of them the protection."""
    before, after = content("Jingle"), content("Jingle", "jingle", catalog_protect="true")
    fields = ("catalog_key", "catalog_protect", "catalog_source")
    adopted = update("jingle", before, after, *(f"user_defined.{name}" for name in fields))
    reason = "its mark is written; found by its title; its source is assumed to be the entry's"
    return plan(replace(adopted, reason=reason))


def replacement() -> Plan:
    """A file is replaced in its bucket, and another one from another bucket."""
    one = replace(
        create("spring-ad-01", "Spring ad 30s"),
        replaces=FileId(1201),
        from_bucket="spots",
        from_bucket_id=8891,
        reason="its source changed; the acr_id changes",
    )
    two = replace(
        create("spring-ad-02", "Spring ad 10s"),
        replaces=FileId(1202),
        from_bucket="archive",
        from_bucket_id=8892,
        reason="its bucket is in another region; the acr_id changes",
    )
    after_one = ChangeId("create:spring-ad-01")
    after_two = ChangeId("create:spring-ad-02")
    reason = "replaced by the new file"
    return plan(
        one,
        two,
        replace(
            delete("spring-ad-01", "Spring ad 30s", 1201), after_change=after_one, reason=reason
        ),
        replace(
            delete("spring-ad-02", "Spring ad 10s", 1202, "archive"),
            after_change=after_two,
            reason=reason,
        ),
        replace(
            delete("summer-ad", "Summer", 1203),
            keeps=FileId(1199),
            reason="a duplicate of file 1199",
        ),
    )


def refused() -> Plan:
    """Guardrails are broken, on the whole and for single keys."""
    return plan(
        delete("winter-ad-07", "Winter ad"),
        violations=[
            Violation(
                Rule.DELETE, "120 deletes, and max_deletes is 100; --allow delete=120 allows it"
            ),
            Violation(
                Rule.TWIN,
                "it would be created beside a foreign file of the same title or source (1377): "
                "pin that by its acr_id, set `adopt: title`, or name the catalogue's former name",
                Key("spring-ad-01"),
                place(3),
            ),
            Violation(
                Rule.PROTECTED,
                "file 1310 ('Winter ad') would be deleted, and is in bucket spots, "
                "which is protected",
                Key("winter-ad-07"),
            ),
        ],
        options=Options(
            allow={Rule.UPDATE: 40, Rule.CREATE: 3}, only=("spring-*", "w*"), retry_broken=True
        ),
    )


def noted() -> Plan:
    """Nothing to do, and things to know."""
    return plan(
        notes=[
            Note(
                "pending",
                "the service is still processing it",
                Key("spring-ad-01"),
                "spots",
                FileId(1204),
                place(3),
            ),
            Note(
                "broken",
                "the service could not process it; --retry-broken uploads it again",
                Key("a-key-that-is-longer-than-others"),
                "spots",
                FileId(1205),
                place(9),
            ),
            Note(
                "opaque",
                "its user_defined cannot be read as an object: whether it is ours is not known",
                None,
                "archive",
                FileId(1206),
            ),
        ],
    )


PERSIAN = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
HOSTILE = {
    "ansi": "\x1b[2J\x1b]0;pwned\x07\x1b[1;1H0 to delete",
    "bidi": "invoice\u202e3pm.exe\u2066",
    "newline": "Spring\n::error file=a.py::done\r\n##[group]x",
    "command": "::error::x",
    "group": "x##[group]y",
    "markup": "[red]x[/red] [link=https://evil.example]y[/] :smile: @all #1",
    "markdown": "| `a` | **b** | <img src=x onerror=alert(1)>",
    "zalgo": "Z" + "\u0301\u0316\u0335\u0489" * 20 + "o",
    "start": "\u0301e",
    "invisible": "a\u00adb\u200bc\u3164d\ufeff\U000e0041\u00a0",
    "escaped": r"C:\new\u{202e} \"quoted\"",
    "surrogate": "\ud800 \ue000 \uffff",
    "long": "Lorem ipsum " * 853 + "\x1b[2J",
}
"""Titles by what they try."""


def from_snapshot() -> Plan:
    """What was live three days ago."""
    age = 3 * 86_400 + 7_000
    return replace(small(), snapshot=Snapshot("2026-01-01T00:00:00Z", age))


def hostile() -> Plan:
    """Hostile text wherever the service or a user can put it."""
    changes: list[Change] = []
    for name, title in HOSTILE.items():
        before = content("plain", name, **{title[:40]: "x"})
        after = content(title, name, **{title[:40]: title})
        step = json.dumps(title[:40], ensure_ascii=False)
        changes.append(update(name, before, after, "title", f"user_defined[{step}]"))
    changes.append(create("hostile", HOSTILE["ansi"], **{HOSTILE["command"]: HOSTILE["bidi"]}))
    broken = replace(delete("hostile", HOSTILE["newline"]), acr_id=HOSTILE["newline"])
    changes.append(replace(broken, reason=HOSTILE["newline"]))
    made = plan(
        *changes,
        violations=[
            Violation(Rule.TWIN, f"beside {title}", Key("x")) for title in HOSTILE.values()
        ],
        notes=[Note("broken", title, None, title[:20], None) for title in HOSTILE.values()],
        options=Options(only=(HOSTILE["newline"],)),
    )
    return replace(made, origin="https://x/\n::error::", catalog="a\x1b[2J")


def wide() -> Plan:
    """Characters of two columns, of none, and from right to left."""
    before = content("春のキャンペーン", "spring", artist="東京ラジオ", note="Cafe\u0301")
    after = content("春のキャンペーン 30秒", "spring", artist="大阪ラジオ", note="Caf\u00e9")
    return plan(
        create("spring-ja", "春のキャンペーン", artist="東京ラジオ", mood="🎉"),
        create("family", "👨\u200d👩\u200d👧 ❤\ufe0f"),
        create("persian", PERSIAN),
        create("plain", "Plain"),
        update("spring", before, after, "title", "user_defined.artist", "user_defined.note"),
    )


def awkward() -> Plan:
    """Values that are long, nested, or alike."""
    tail = "x" * 2000
    lists: list[Json] = [f"tag {number}" for number in range(50)]
    before = content(
        "Spring ad", "a", text=tail + "a", deep={"a": [1, {"b": True}]}, gone=lists, number=8
    )
    after = content(
        "Spring ad", "a", text=tail + "b", deep={"a": [1, {"b": 1}]}, here=lists, number="9",
        **{"a name with spaces": {"x": None}},
    )  # fmt: skip
    fields = (
        "user_defined.deep.a[1].b",
        "user_defined.gone",
        "user_defined.here",
        "user_defined.number",
        "user_defined.text",
        'user_defined["a name with spaces"]',
    )
    return plan(update("a", before, after, *fields))


def thousand() -> Plan:
    """Many updates, and a few deletes that must not be lost among them."""
    updates = [
        update(
            f"ad-{number:04}",
            content(f"Ad {number}"),
            content(f"Ad {number} 30s"),
            "title",
            file_id=number,
        )
        for number in range(1000)
    ]
    return plan(*updates, move("old-jingle", "99"), *(delete(f"d{n}", "Gone") for n in range(3)))


def empty() -> Plan:
    """Nothing to do."""
    return plan()


def item(
    direction: Direction, key: str | None, message: str, file_id: int | None = 1204
) -> DriftItem:
    """An item about a file in the spots."""
    return DriftItem(
        direction,
        message,
        None if key is None else Key(key),
        "spots",
        None if file_id is None else FileId(file_id),
        "Spring ad 30s",
        declared_at=None if key is None else place(3),
    )


def drifted() -> Drift:
    """Something of each direction."""
    live = content("Spring ad!", "spring-ad-01", artist="Acme", label="by hand")
    wanted = content("Spring ad 30s", "spring-ad-01", artist="Acme", year=1979)
    fields = ("title", "user_defined.label", "user_defined.year")
    changed = item(
        Direction.CHANGED_LIVE, "spring-ad-01", "changed in the service since it was last applied"
    )
    long = content("Lorem ipsum " * 20, "b")
    both = item(Direction.BOTH_CHANGED, "b", "changed on both sides since it was last applied")
    unresolved = DriftItem(
        Direction.UNRESOLVED,
        "several files carry its mark, and not each says what it was made from (files 7, 8)",
        Key("autumn-ad"),
        declared_at=place(9),
    )
    unmanaged = [
        item(Direction.UNMANAGED, None, "it carries no mark of this catalogue", file_id)
        for file_id in range(1500, 1503)
    ]
    items = [
        replace(changed, fields=fields, before=live, wanted=wanted),
        replace(both, fields=("title",), before=long, wanted=content(long.title + "!", "b")),
        item(Direction.UNKNOWN, "summer-ad", "which side changed is not known: no ledger record"),
        item(Direction.MISSING_LIVE, "winter-ad", "it had a file, and none has its mark now", None),
        item(Direction.DUPLICATE, "spring-ad-01", "a duplicate of file 1204", 1205),
        item(
            Direction.BROKEN, "a-key-that-is-longer-than-others", "the service could not process it"
        ),
        unresolved,
        item(Direction.NOT_YET_APPLIED, "new-ad", "no file carries its mark", None),
        replace(item(Direction.NOT_YET_APPLIED, "x", HOSTILE["newline"]), title=HOSTILE["bidi"]),
        *unmanaged,
    ]
    return Drift(
        tuple(items),
        unmanaged=3,
        pending=1,
        entries=1017,
        in_sync=1008,
        files=1019,
        owned=1016,
        accepted=(
            Accepted(
                replace(changed, key=Key("old-ad"), fields=fields[:1], before=live, wanted=wanted),
                acceptance("old-ad", "the label renames it in December", field="title"),
            ),
        ),
        expired=(acceptance("spring-ad-01", HOSTILE["newline"], until="2026-05-31"),),
        idle=(acceptance(None, "a test", file_id=FileId(1399)),),
    )


def acceptance(
    key: str | None, reason: str, *, until: str = "2026-12-31", **fields: Any
) -> Acceptance:
    """What a baseline accepts."""
    named = None if key is None else Key(key)
    told: dict[str, Any] = {"file_id": None, "place": Place("drift-baseline.yaml", 3, 5), **fields}
    return Acceptance(key=named, reason=reason, until=until, **told)


def in_sync() -> Drift:
    """No drift."""
    return Drift((), unmanaged=1, pending=0, entries=1, in_sync=1, files=2, owned=1)


def in_the_dark() -> Drift:
    """A part of it, by somebody else's ledger."""
    return replace(
        drifted(),
        only=("spring-*", HOSTILE["bidi"]),
        recalled=Recalled(known=False, catalogs=("another", "radio-ads`|"), torn=True),
    )


def listed() -> list[Row]:
    """Entries in all states."""
    return [
        Row(Key("::error::x"), "spots", ACR, FileId(1201), "ready", ()),
        Row(Key("@here"), "spots", ACR, FileId(1202), "pending", ("pending",)),
        Row(Key("autumn-ad-02"), "archive", ACR, FileId(99), "ready", ("misplaced", "drifted")),
        Row(Key("new-ad"), "spots", None, None, None, ("missing",)),
        Row(Key("x" * 60), "spots", "a\x1b[2J", FileId(7), "broken", ("broken",)),
    ]


def large() -> Plan:
    """A spring clean: ninety titles in two buckets, and among them what must not be missed."""
    retitled = [
        replace(
            update(
                f"jingle-{number:03}",
                content(f"Jingle {number}", f"jingle-{number:03}", artist="Acme"),
                content(f"Jingle {number} (2025)", f"jingle-{number:03}", artist="Acme Radio"),
                "title",
                "user_defined.artist",
                file_id=2000 + number,
            ),
            **({"bucket": "archive", "bucket_id": 8892} if number % 3 == 0 else {}),
        )
        for number in range(90)
    ]
    new = [create(f"summer-{number:02}", f"Summer ad {number}", artist="Acme") for number in (1, 2)]
    one = replace(
        create("spring-ad-01", "Spring ad 30s"),
        replaces=FileId(1201),
        from_bucket="spots",
        from_bucket_id=8891,
        reason="its source changed; the acr_id changes",
    )
    old = replace(
        delete("spring-ad-01", "Spring ad 30s", 1201),
        after_change=ChangeId("create:spring-ad-01"),
        reason="replaced by the new file",
    )
    return plan(*retitled, *new, one, old, delete("winter-ad-07", "Winter ad"), move("m", "Old"))


def before_large() -> Plan:
    """The plan that was shown before it."""
    changes = [change for change in large().changes if change.key not in ("winter-ad-07", "m")]
    first, second = create("summer-01", "Summer ad 1"), create("summer-03", "Summer ad 3")
    changes = [change for change in changes if change.key != "summer-01"]
    return replace(plan(*changes, first, second), digest="sha256:" + "ab" * 32)


def dangerous() -> Plan:
    """What nobody should say yes to without a question."""
    gone = [delete(f"ad-{number:03}", f"Ad {number}", 3000 + number) for number in range(118)]
    bared = update(
        "anthem",
        content("Station anthem", "anthem", catalog_protect="true", artist="Acme"),
        content("Station anthem", "anthem", artist="Acme"),
        "user_defined.catalog_protect",
    )
    emptied = update(
        "news",
        content("News bed", "news", isrc="DEA371979001", contract="2024-17", artist="Acme"),
        content("News bed", "news", artist="Acme"),
        "user_defined.contract",
        "user_defined.isrc",
        file_id=1300,
    )
    return plan(
        *replacement().changes,
        *gone,
        bared,
        emptied,
        delete(None, "somebody's test upload", 1399, "archive"),
        move("old-jingle", "1999"),
        violations=[
            Violation(
                Rule.DELETE, "120 deletes, and max_deletes is 100; --allow delete=120 allows it"
            ),
            Violation(
                Rule.TWIN,
                "it would be created beside a foreign file of the same title or source (1377): "
                "pin that by its acr_id, set `adopt: title`, or name the catalogue's former name",
                Key("spring-ad-01"),
                place(3),
            ),
        ],
        notes=noted().notes[1:],
        options=Options(allow={Rule.UPDATE: 40}),
        removed=2,
    )


def plan_with(live: str) -> Plan:
    """Text of somebody else's wherever a plan can hold some."""
    before, after = content(live, live, old=live), content("x", "k", **{live: live})
    changes = [
        replace(create(live, live), replaces=FileId(7)),
        update(live, before, after, "title", live, f"user_defined[{live}]"),
        replace(move("a", live), key=Key(live), from_bucket=live, bucket=live),
        replace(delete(live, live), acr_id=live, reason=live, bucket=live),
    ]
    return replace(
        plan(*changes, options=Options({Rule.DELETE: 3}, (live, live))),
        catalog=live,
        origin=live,
        digest=live,
        notes=tuple(
            replace(note, key=Key(live), bucket=live, fact=live, message=live)
            for note in noted().notes
        ),
        violations=tuple(
            replace(each, message=live, key=Key(live)) for each in refused().violations
        ),
    )
