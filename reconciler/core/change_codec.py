"""A change as JSON and back, and what it means: what a plan's digest covers of it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, assert_never

import orjson

from reconciler.core.content import Content
from reconciler.core.model import FileId, Json, Key, Place, SourceKind
from reconciler.core.normal import canonical
from reconciler.core.plan import Change, Create, Delete, Move, PlannedSource, Update
from reconciler.errors import PlanFileError

_FOR_EYES: Final = ("reason", "declared_at")


def meaning_of(change: Change) -> bytes:
    """What a change does, as a plan's digest covers it: not what is for eyes only."""
    encoded = encode_change(change)
    doing = {name: item for name, item in encoded.items() if name not in _FOR_EYES}
    if isinstance(change, Create):
        # The size is known only where the file is; its digest says the same everywhere.
        doing["source"] = _source(replace(change.source, size=None))
    return canonical(doing)


def is_same_change(one: Change, other: Change) -> bool:
    """Whether a plan's digest has them the same: what is for eyes only, such as the line that an
    entry stands on, makes no other change of one; 1 and true are two values, unlike in Python."""
    return meaning_of(one) == meaning_of(other)


def encode_change(change: Change) -> dict[str, Json]:
    """One change as JSON, without what does not apply to it."""
    match change:
        case Create():
            own: dict[str, Json] = {
                "after": encode_content(change.after),
                "source": _source(change.source),
                "replaces": change.replaces,
                "from_bucket": change.from_bucket,
                "from_bucket_id": change.from_bucket_id,
            }
        case Move():
            own = {
                "from_bucket": change.from_bucket,
                "from_bucket_id": change.from_bucket_id,
                "file_id": change.file_id,
                "acr_id": change.acr_id,
                "before": encode_content(change.before),
                "trash": change.trash or None,
                "keeps": change.keeps,
                "keeps_bucket_id": change.keeps_bucket_id,
                "after_change": change.after_change,
            }
        case Update():
            own = {
                "file_id": change.file_id,
                "acr_id": change.acr_id,
                "before": encode_content(change.before),
                "after": encode_content(change.after),
                "fields": list(change.fields),
                "after_change": change.after_change,
            }
        case Delete():
            own = {
                "file_id": change.file_id,
                "acr_id": change.acr_id,
                "before": encode_content(change.before),
                "keeps": change.keeps,
                "keeps_bucket_id": change.keeps_bucket_id,
                "after_change": change.after_change,
            }
        case _:
            assert_never(change)
    place = None if change.declared_at is None else str(change.declared_at)
    common: dict[str, Json] = {
        "id": change.id,
        "action": action(change),
        "key": change.key,
        "bucket": change.bucket,
        "bucket_id": change.bucket_id,
    }
    eyes: dict[str, Json] = {"reason": change.reason, "declared_at": place}
    return {name: item for name, item in {**common, **own, **eyes}.items() if item is not None}


def encode_content(content: Content) -> dict[str, Json]:
    """A content as JSON, its keys in order."""
    return {"title": content.title, "user_defined": orjson.loads(canonical(content.user_defined))}


def action(change: Change) -> str:
    """The change's verb."""
    match change:
        case Create():
            return "create"
        case Move():
            return "move"
        case Update():
            return "update"
        case Delete():
            return "delete"
        case _:
            assert_never(change)


def decode_change(told: Mapping[str, Any]) -> Change:
    """The change of a JSON that has the structure. Raises `PlanFileError`."""
    key, place = told.get("key"), decode_place(told)
    if told["action"] == "delete":
        return _decode_delete(told, None if key is None else Key(key), place)
    if told["action"] == "move" and told.get("trash"):
        return _decode_move(told, None if key is None else Key(key), place)
    if key is None or place is None:
        raise PlanFileError(f"the change {told['id']} has no key or no place: plan again")
    match told["action"]:
        case "create":
            return _decode_create(told, Key(key), place)
        case "move":
            return _decode_move(told, Key(key), place)
        case _:
            return _decode_update(told, Key(key), place)


def decode_content(told: Mapping[str, Any]) -> Content:
    """The content of a JSON."""
    return Content(told["title"], told["user_defined"])


def decode_place(told: Mapping[str, Any]) -> Place | None:
    """Where it was declared; None where it says nothing of that."""
    if "declared_at" not in told:
        return None
    file, line, column = told["declared_at"].rsplit(":", 2)
    return Place(file, int(line), int(column))


def _decode_create(told: Mapping[str, Any], key: Key, place: Place) -> Create:
    source = told["source"]
    return Create(
        key=key,
        bucket=told["bucket"],
        bucket_id=told["bucket_id"],
        after=decode_content(told["after"]),
        source=PlannedSource(
            SourceKind(source["kind"]),
            source.get("digest"),
            source.get("sha256"),
            source.get("bytes"),
        ),
        reason=told["reason"],
        declared_at=place,
        replaces=told.get("replaces"),
        from_bucket=told.get("from_bucket"),
        from_bucket_id=told.get("from_bucket_id"),
    )


def _decode_move(told: Mapping[str, Any], key: Key | None, place: Place | None) -> Move:
    return Move(
        key=key,
        file_id=FileId(told["file_id"]),
        acr_id=told["acr_id"],
        from_bucket=told["from_bucket"],
        from_bucket_id=told["from_bucket_id"],
        bucket=told["bucket"],
        bucket_id=told["bucket_id"],
        before=decode_content(told["before"]),
        reason=told["reason"],
        declared_at=place,
        trash=told.get("trash", False),
        keeps=told.get("keeps"),
        keeps_bucket_id=told.get("keeps_bucket_id"),
        after_change=told.get("after_change"),
    )


def _decode_update(told: Mapping[str, Any], key: Key, place: Place) -> Update:
    return Update(
        key=key,
        file_id=FileId(told["file_id"]),
        acr_id=told["acr_id"],
        bucket=told["bucket"],
        bucket_id=told["bucket_id"],
        before=decode_content(told["before"]),
        after=decode_content(told["after"]),
        fields=tuple(told["fields"]),
        reason=told["reason"],
        declared_at=place,
        after_change=told.get("after_change"),
    )


def _decode_delete(told: Mapping[str, Any], key: Key | None, place: Place | None) -> Delete:
    return Delete(
        key=key,
        file_id=FileId(told["file_id"]),
        acr_id=told["acr_id"],
        bucket=told["bucket"],
        bucket_id=told["bucket_id"],
        before=decode_content(told["before"]),
        reason=told["reason"],
        declared_at=place,
        keeps=told.get("keeps"),
        keeps_bucket_id=told.get("keeps_bucket_id"),
        after_change=told.get("after_change"),
    )


def _source(source: PlannedSource) -> dict[str, Json]:
    every: dict[str, Json] = {
        "kind": str(source.kind),
        "digest": source.digest,
        "sha256": source.sha256,
        "bytes": source.size,
    }
    return {name: item for name, item in every.items() if item is not None}
