"""The catalogue's head: everything but its entries. What is wrong with a part leaves the part at
its default, so that the rest is still checked."""

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final, TypeVar

from reconciler.catalog import base_url
from reconciler.catalog.problems import Findings, Likely, listed, shown
from reconciler.catalog.scalars import text_of
from reconciler.catalog.structure import Form
from reconciler.core.marks import mark_fields
from reconciler.core.model import (
    PROTECT_FIELD,
    Adopt,
    Bucket,
    Compare,
    Identity,
    Json,
    Limits,
    MarkFormat,
    Mode,
    Prune,
    Rules,
)

RESULT_FIELDS: Final = frozenset(
    {
        "title", "acrid", "acr_id", "bucket_id", "audio_id", "score", "duration_ms",
        "sample_begin_time_offset_ms", "sample_end_time_offset_ms", "db_begin_time_offset_ms",
        "db_end_time_offset_ms", "play_offset_ms", "result_from", "user_defined",
    }
)  # fmt: skip
"""What a recognition result says of a file, beside its `user_defined` names."""

_T = TypeVar("_T", bound=StrEnum)

_LONGEST_GLOB: Final = 200


@dataclass(slots=True)
class Head:
    """What holds for all entries."""

    file: str
    catalog: str = ""
    base_url: str = base_url.DEFAULT
    buckets: dict[str, Bucket] = field(default_factory=dict)
    identity: Identity = field(default_factory=Identity)
    rules: Rules = field(default_factory=Rules)
    limits: Limits = field(default_factory=Limits)
    schema: str | None = None
    """The users' own schema: a path inside the catalogue's folder."""
    default_bucket: str | None = None
    default_user_defined: dict[str, Json] | None = None
    include: list[str] = field(default_factory=list)

    def thrown_from(self) -> Mapping[str, str]:
        """By each bucket that is a trash, a bucket that throws away into it."""
        buckets = reversed(self.buckets.values())
        return {bucket.trash: bucket.name for bucket in buckets if bucket.trash is not None}


def read_head(file: str, document: Mapping[str, Any], form: Form, findings: Findings) -> Head:
    """The head of a catalogue's document; what is wrong goes to `findings`."""
    texts = {name: value for name, value in document.items() if name != "files"}
    _take_texts(texts)
    for refusal in form.refusals(texts):
        add = findings.key_error if refusal.at_key else findings.error
        add(file, refusal.path, refusal.message, refusal.hint)
    head = Head(file)
    name = texts.get("catalog")
    head.catalog = name if isinstance(name, str) else ""
    _read_buckets(head, _mapping(texts, "buckets"), findings)
    _read_address(head, _mapping(texts, "api"), findings)
    _read_identity(head, _mapping(texts, "identity"), findings)
    _read_rules(head, _mapping(texts, "user_defined"))
    _read_limits(head, _mapping(texts, "limits"))
    _read_defaults(head, _mapping(texts, "defaults"), findings)
    head.include = _texts(texts.get("include"))
    _check_buckets_state_prune(head, _mapping(texts, "buckets"), findings)
    _read_trashes(head, _mapping(texts, "buckets"), findings)
    return head


def _take_texts(document: dict[str, Any]) -> None:
    """Where a text is meant, a plain scalar is its own text (see `scalars`)."""
    document.update(_plain(document, "catalog"))
    for name, bucket in (buckets := _mapping(document, "buckets")).items():
        if isinstance(bucket, dict):
            document["buckets"] = buckets = buckets | {name: bucket | _plain(bucket, "trash")}
    for group, names in (("identity", ("field", "source_field")), ("defaults", ("bucket",))):
        part = document.get(group)
        if isinstance(part, dict):
            document[group] = part | _plain(part, *names)
    for group, name in (("identity", "former_names"), ("user_defined", "ignore"), ("", "include")):
        part = document.get(group) if group else document
        if isinstance(part, dict) and isinstance(part.get(name), list):
            items = [text_of(i) if isinstance(i, bool | int | float) else i for i in part[name]]
            document.update({group: part | {name: items}} if group else {name: items})


def _plain(part: Mapping[str, Any], *names: str) -> dict[str, str]:
    found = {name: part.get(name) for name in names}
    return {name: text_of(v) for name, v in found.items() if isinstance(v, bool | int | float)}


def _mapping(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = document.get(name)
    return value if isinstance(value, dict) else {}


def _texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _only(kind: type[_T], value: Any, default: _T) -> _T:
    """The value where it is one of an enumeration's, else the default."""
    return next((member for member in kind if member.value == value), default)


def _read_buckets(head: Head, buckets: Mapping[str, Any], findings: Findings) -> None:
    ids: dict[int, str] = {}
    for name, bucket in buckets.items():
        number = bucket.get("id") if isinstance(bucket, dict) else None
        if not isinstance(number, int) or isinstance(number, bool):
            head.buckets[name] = Bucket(name, 0)  # known by its name; the form has complained
            continue
        if number in ids:
            message = f"{number} is the id of the bucket {shown(ids[number])} already"
            findings.error(head.file, ("buckets", name, "id"), message)
        ids.setdefault(number, name)
        prune = _only(Prune, bucket.get("prune", "owned"), Prune.OWNED)
        head.buckets[name] = Bucket(name, number, prune, bucket.get("protect") is True)


def _read_trashes(head: Head, buckets: Mapping[str, Any], findings: Findings) -> None:
    """Which bucket throws away into which. Into a trash nothing else is put, and it has none."""
    named = {
        name: bucket["trash"]
        for name, bucket in buckets.items()
        if isinstance(bucket, dict) and isinstance(bucket.get("trash"), str)
    }
    for name, trash in named.items():
        where = ("buckets", name, "trash")
        if trash not in head.buckets:
            findings.error(head.file, where, *no_bucket(head, trash))
        elif trash == name:
            findings.error(head.file, where, "a bucket cannot be its own trash")
        elif trash in named and named[trash] != trash:
            message = f"{shown(trash)} has a trash of its own, {shown(named[trash])}"
            findings.error(head.file, where, message, "what is in a trash is deleted by `purge`")
        else:
            head.buckets[name] = replace(head.buckets[name], trash=trash)
    for trash, name in head.thrown_from().items():
        for rule in ("prune", "protect"):
            if rule in buckets[trash]:
                message = (
                    f"{shown(trash)} is the trash of {shown(name)}: only `purge` deletes there"
                )
                findings.key_error(head.file, ("buckets", trash, rule), message)
    if head.default_bucket in head.thrown_from():
        message = in_trash(head, head.default_bucket or "")
        findings.error(head.file, ("defaults", "bucket"), message)


def in_trash(head: Head, name: str) -> str:
    """What to say where an entry is to be put into a trash."""
    return (
        f"{shown(name)} is the trash of {shown(head.thrown_from()[name])}: no entry belongs there"
    )


def _read_address(head: Head, api: Mapping[str, Any], findings: Findings) -> None:
    url = api.get("base_url")
    if not isinstance(url, str):
        return
    try:
        head.base_url = base_url.of_catalogue(url)
    except base_url.AddressError as error:
        hint = f"any other host is set with {base_url.VARIABLE} by whoever runs the command"
        findings.error(head.file, ("api", "base_url"), str(error), hint)


def _read_identity(head: Head, identity: Mapping[str, Any], findings: Findings) -> None:
    name = identity.get("field", "catalog_key")
    source = identity.get("source_field", "catalog_source")
    head.identity = Identity(
        field=name if isinstance(name, str) else "catalog_key",
        format=_only(MarkFormat, identity.get("format"), MarkFormat.CATALOG_KEY),
        source_field=source if isinstance(source, str | None) else "catalog_source",
        former_names=tuple(_texts(identity.get("former_names"))),
        adopt=_only(Adopt, identity.get("adopt"), Adopt.NONE),
    )
    taken = {PROTECT_FIELD: "the protection of entries"}
    for path in ("field", "source_field"):
        value = getattr(head.identity, path)
        if value in taken:
            message = f"{value} holds {taken[value]} already"
            findings.error(head.file, ("identity", path), message)
        if value in RESULT_FIELDS:
            findings.warning(head.file, ("identity", path), result_field(value))
        taken[value] = "the mark"


def result_field(name: str) -> str:
    """What to say of a name that recognition results have too."""
    return f"{name} is also a field of recognition results, and one hides the other there"


def _read_rules(head: Head, rules: Mapping[str, Any]) -> None:
    # A longer one has been refused, and is not to be matched with anything either.
    globs = [glob for glob in _texts(rules.get("ignore")) if len(glob) <= _LONGEST_GLOB]
    head.rules = Rules(
        mode=_only(Mode, rules.get("mode"), Mode.EXACT),
        ignore=tuple(globs) if "ignore" in rules else Rules().ignore,
        compare=_only(Compare, rules.get("compare"), Compare.LOOSE),
    )
    schema = rules.get("schema")
    head.schema = schema if isinstance(schema, str) else None


def _read_limits(head: Head, limits: Mapping[str, Any]) -> None:
    counted: dict[str, Any] = {
        name: value
        for name, value in limits.items()
        if name in Limits.__slots__
        and (value is None or (isinstance(value, int | float) and not isinstance(value, bool)))
    }
    head.limits = Limits(**counted)


def _read_defaults(head: Head, defaults: Mapping[str, Any], findings: Findings) -> None:
    bucket = defaults.get("bucket")
    head.default_bucket = bucket if isinstance(bucket, str) else None
    if head.default_bucket is not None and head.default_bucket not in head.buckets:
        message, hint = no_bucket(head, head.default_bucket)
        findings.error(head.file, ("defaults", "bucket"), message, hint)
    user_defined = defaults.get("user_defined")
    if not isinstance(user_defined, dict):
        return
    head.default_user_defined = user_defined
    for name, value in user_defined.items():
        complaint = name_complaint(head, name, is_set=value is not None)
        path = ("defaults", "user_defined", name)
        if complaint:
            findings.key_error(head.file, path, complaint)
        elif name in RESULT_FIELDS:
            findings.warning(head.file, path, result_field(name))


def no_bucket(head: Head, name: str) -> tuple[str, Likely]:
    """What to say of a bucket that is not declared, with a hint."""
    hint = Likely(name, head.buckets, f"buckets here: {listed(head.buckets)}")
    return f"there is no bucket {shown(name)}", hint


def name_complaint(head: Head, name: str, *, is_set: bool) -> str | None:
    """Why a catalogue may not set a user_defined name, or None where it may."""
    if name in mark_fields(head.identity):
        return f"{name} is a field of the mark, which the reconciler writes itself"
    glob = next((glob for glob in head.rules.ignore if fnmatch.fnmatchcase(name, glob)), None)
    if glob is not None and is_set:
        return f"{name} is set here, and ignored by user_defined.ignore ({glob})"
    return None


def _check_buckets_state_prune(head: Head, buckets: Mapping[str, Any], findings: Findings) -> None:
    if head.identity.format is not MarkFormat.KEY:
        return
    trashes = [bucket.get("trash") for bucket in buckets.values() if isinstance(bucket, dict)]
    for name, bucket in buckets.items():
        if isinstance(bucket, dict) and "prune" not in bucket and name not in trashes:
            why = "prune is missing: with identity.format key every bucket must state it"
            findings.key_error(head.file, ("buckets", name), why)
