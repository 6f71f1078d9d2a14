"""A plan as JSON and back, and the two digests that protect it.

`digest` is over what will be done: the catalogue's name, the API's origin, the buckets, the
options and the changes; not over times, versions, paths, places or reasons. Two plans with
one digest do the same. One that was made from a snapshot is never applied, so it has the digest of
no plan that may be. `checksum` is over every byte of meaning in the file, so that a file
that was changed in any way is refused.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from reconciler.core.change_codec import (
    decode_change,
    decode_place,
    encode_change,
    meaning_of,
)
from reconciler.core.model import File, Json, Key, Opaque, Snapshot
from reconciler.core.normal import canonical
from reconciler.core.plan import (
    Change,
    Note,
    Options,
    Plan,
    Purge,
    Revert,
    Rule,
    Seen,
    Summary,
    Violation,
    Way,
)
from reconciler.core.streaming import Streamed, compact, indented
from reconciler.errors import PlanFileError

FORMAT = "reconciler/plan/1"


@dataclass(frozen=True, slots=True)
class Made:
    """When and by what a plan file was written. Informative only."""

    created_at: str
    """RFC 3339, UTC."""
    tool: str


def plan_digest(
    *,
    catalog: str,
    origin: str,
    buckets: Mapping[str, int],
    options: Options,
    changes: Sequence[Change],
    from_snapshot: bool = False,
) -> str:
    """The digest of what a plan does."""
    meaning: dict[str, Json] = {
        "catalog": catalog,
        "origin": origin,
        "buckets": dict(buckets),
        "options": _options(options),
    }
    if from_snapshot:
        meaning["snapshot"] = True
    hashed = hashlib.sha256(canonical(meaning))
    for change in changes:
        hashed.update(meaning_of(change))
    return f"sha256:{hashed.hexdigest()}"


def digest_of(plan: Plan, *, from_snapshot: bool) -> str:
    """The digest of what a plan does, were it made from a snapshot or from the service itself."""
    return plan_digest(
        catalog=plan.catalog,
        origin=plan.origin,
        buckets={name: seen.id for name, seen in plan.live.items()},
        options=plan.options,
        changes=plan.changes,
        from_snapshot=from_snapshot,
    )


def files_digest(files: Sequence[File]) -> str:
    """The digest of a bucket's files in the order of their ids."""
    hashed = hashlib.sha256()
    for file in files:
        content = file.user_defined
        user_defined = content.text if isinstance(content, Opaque) else content
        hashed.update(canonical([file.id, file.acr_id, file.title, user_defined, file.state.value]))
    return f"sha256:{hashed.hexdigest()}"


def encode(plan: Plan, made: Made) -> Iterator[bytes]:
    """The plan file's bytes, piece by piece; no piece ends inside a text."""
    checksum = _checksum(_body(plan, made))
    return indented({**_body(plan, made), "checksum": checksum})


def decode(data: bytes, body: Mapping[str, Any]) -> tuple[Plan, Made]:
    """The plan of a file. `body`: its JSON, whose structure was checked against
    `schemas/plan.schema.json`.

    Raises `PlanFileError` where a byte was changed since it was written.
    """
    sealed = {name: item for name, item in body.items() if name != "checksum"}
    checksum = body.get("checksum")
    whole = {**sealed, "checksum": checksum}
    if checksum != _checksum(_streamed(sealed)) or not _is(data, indented(_streamed(whole))):
        raise PlanFileError("its bytes were changed after it was written (checksum): plan again")
    plan = _decode_plan(body)
    if plan.digest != digest_of(plan, from_snapshot=plan.snapshot is not None):
        raise PlanFileError("its changes are not those of its digest: plan again")
    return plan, Made(body["created_at"], body["tool"])


def _body(plan: Plan, made: Made) -> Streamed:
    summary, snapshot = plan.summary, plan.snapshot
    return {
        "format": FORMAT,
        "digest": plan.digest,
        "catalog": {"name": plan.catalog, "digest": plan.catalog_digest},
        "origin": plan.origin,
        **({} if snapshot is None else {"snapshot": _snapshot(snapshot)}),
        "live": {
            name: {"id": seen.id, "files": seen.files, "digest": seen.digest}
            for name, seen in plan.live.items()
        },
        "options": _options(plan.options),
        "summary": {name: getattr(summary, name) for name in Summary.__slots__},
        "changes": map(encode_change, plan.changes),
        "violations": (_told(each, {"rule": each.rule}) for each in plan.violations),
        "notes": (
            _told(note, {"fact": note.fact, "bucket": note.bucket, "file_id": note.file_id})
            for note in plan.notes
        ),
        "created_at": made.created_at,
        "tool": made.tool,
    }


def _snapshot(snapshot: Snapshot) -> dict[str, Json]:
    return {"taken_at": snapshot.taken_at, "age": snapshot.age}


def _told(told: Violation | Note, own: Mapping[str, Json]) -> dict[str, Json]:
    place = None if told.declared_at is None else str(told.declared_at)
    every = {**own, "message": told.message, "key": told.key, "declared_at": place}
    return {name: item for name, item in every.items() if item is not None}


def _options(options: Options) -> dict[str, Json]:
    return {
        "allow": {str(rule): options.allow[rule] for rule in sorted(options.allow)},
        "only": list(options.only),
        "retry_broken": options.retry_broken,
        **encode_way(options.way),
    }


def encode_way(way: Way | None) -> dict[str, Json]:
    """What a plan does instead of bringing about what the catalogue says; nothing of one that
    does bring that about."""
    match way:
        case None:
            return {}
        case Revert(run=run, keys=keys):
            return {"revert": {"run": run, "keys": list(keys)}}
        case Purge(before=before, unknown=unknown):
            return {"purge": {"before": before, **({"unknown": True} if unknown else {})}}
        case _:
            assert_never(way)


def _decode_way(options: Mapping[str, Any]) -> Way | None:
    if "revert" in options:
        revert = options["revert"]
        return Revert(revert["run"], tuple(map(Key, revert["keys"])))
    if "purge" in options:
        return Purge(options["purge"]["before"], options["purge"].get("unknown", False))
    return None


def _checksum(body: Streamed) -> str:
    hashed = hashlib.sha256()
    for piece in compact(body):
        hashed.update(piece)
    return f"sha256:{hashed.hexdigest()}"


def _streamed(body: Mapping[str, Any]) -> Streamed:
    return {name: iter(item) if isinstance(item, list) else item for name, item in body.items()}


def _is(data: bytes, pieces: Iterable[bytes]) -> bool:
    at = 0
    for piece in pieces:
        if not data.startswith(piece, at):
            return False
        at += len(piece)
    return at == len(data)


def _decode_plan(body: Mapping[str, Any]) -> Plan:
    options = body["options"]
    return Plan(
        digest=body["digest"],
        catalog=body["catalog"]["name"],
        catalog_digest=body["catalog"]["digest"],
        origin=body["origin"],
        live={name: Seen(**seen) for name, seen in body["live"].items()},
        options=Options(
            allow={Rule(rule): count for rule, count in options["allow"].items()},
            only=tuple(options["only"]),
            retry_broken=options["retry_broken"],
            way=_decode_way(options),
        ),
        changes=tuple(decode_change(change) for change in body["changes"]),
        violations=tuple(
            Violation(Rule(told["rule"]), told["message"], told.get("key"), decode_place(told))
            for told in body["violations"]
        ),
        notes=tuple(
            Note(
                told["fact"],
                told["message"],
                told.get("key"),
                told.get("bucket"),
                told.get("file_id"),
                decode_place(told),
            )
            for told in body["notes"]
        ),
        summary=Summary(**body["summary"]),
        snapshot=Snapshot(**body["snapshot"]) if "snapshot" in body else None,
    )
