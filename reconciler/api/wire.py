"""The service's JSON and our values: the only place that knows the API's field names.

Sources: the API page for the fields; the field notes for what else they may look like.
Unknown fields are accepted; ids are read strictly, since effects are addressed by them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from reconciler.core.model import File, FileId, FileState, Json, Opaque, UserDefined
from reconciler.core.normal import canonical, is_flat, normal_title, normal_user_defined
from reconciler.errors import AnswerTooLarge, UnreadableAnswer
from reconciler.http.redaction import without_queries

_MOST_VALUES = 1_000_000
"""What an answer may hold: a page of 1,000 files has some 20,000. An empty list is three bytes of
an answer, and twenty times as many here."""
_READ = ("id", "acr_id", "title", "user_defined", "state", "duration")
"""The fields of a file that are read."""
_LONGEST = 18
"""Digits of a whole number that comes as text: what fits into 64 bits."""
_MOST_AROUND = 16
"""How deep in a plan, a snapshot, a ledger or a report the content of a file may stand."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing."""

    files: tuple[File, ...]
    total: int
    last: int
    """The number of the last page, by the size that the service granted."""


@dataclass(frozen=True, slots=True)
class DumpTask:
    """How a bucket's dump stands."""

    id: str
    status: int
    """1: it is ready. 0: not yet."""
    url: str
    """Where it lies, once it is ready: whatever the service says."""


@dataclass(frozen=True, slots=True)
class BucketInfo:
    """What the service says of a bucket."""

    id: int
    name: str
    region: str | None


def value(body: bytes) -> Any:
    """What JSON means. Raises `ValueError` where it is none, or `AnswerTooLarge`."""
    # Counted before anything is built, where there may be so many. What stands in texts counts as
    # well, and does no harm.
    if len(body) > _MOST_VALUES and sum(map(body.count, (b"[", b"{", b","))) > _MOST_VALUES:
        raise AnswerTooLarge(f"it holds more than {_MOST_VALUES:,} values")
    return orjson.loads(body)


def parse(body: bytes, doing: str) -> Any:
    """The JSON of an answer. Raises `UnreadableAnswer` where it is none."""
    try:
        return value(body)
    except AnswerTooLarge as error:
        raise AnswerTooLarge(f"{doing}: the answer is too large: {error}") from None
    except ValueError as error:
        start = without_queries(body[:60].decode("utf-8", "replace"))
        raise UnreadableAnswer(
            f"{doing}: the answer is not JSON, it begins with {start!r}: {error}; "
            "is the base URL the API's, and not a web page's?"
        ) from error


def page(answer: Any, bucket: str, bucket_id: int, doing: str) -> Page:
    """One page of `GET /buckets/:id/files`."""
    data = _member(answer, "data", doing)
    meta = _member(answer, "meta", doing)
    if not isinstance(data, list) or not isinstance(meta, dict):
        raise UnreadableAnswer(f"{doing}: the answer's data is not a list, or it has no meta")
    total, last = _whole(meta.get("total")), _whole(meta.get("last_page"))
    if total is None or last is None or total < 0:
        raise UnreadableAnswer(f"{doing}: the answer does not say how many files there are")
    files = tuple(file(item, bucket, bucket_id, doing) for item in data)
    return Page(files, total, max(last, 1))


def files(
    answer: Any, ids: Sequence[FileId | str], bucket: str, bucket_id: int, doing: str
) -> Sequence[File]:
    """The answer of `GET /buckets/:id/files/:ids`: a list (API page), one object (vendor), or
    nothing. What is said to be in another bucket is left out: that it is not in this one is an
    answer too. What nobody asked for makes the answer unreadable."""
    if isinstance(answer, dict) and "data" in answer and not answer["data"]:
        return []
    data = _member(answer, "data", doing)
    asked = set(map(str, ids))
    found: list[File] = []
    for item in data if isinstance(data, list) else [data]:
        if isinstance(item, dict) and _whole(item.get("bucket_id", bucket_id)) not in (
            None,
            bucket_id,
        ):
            continue
        each = file(item, bucket, bucket_id, doing)
        if not {str(each.id), each.acr_id} & asked:
            raise UnreadableAnswer(f"{doing}: file {each.id} came, and was not asked for")
        found.append(each)
    return found


def one_file(answer: Any, bucket: str, bucket_id: int, doing: str) -> File:
    """The answer of an upload or an update."""
    return file(_member(answer, "data", doing), bucket, bucket_id, doing)


def bucket_info(answer: Any, doing: str) -> BucketInfo:
    """The answer of `GET /buckets/:id`."""
    data = _member(answer, "data", doing)
    bucket_id = _whole(data.get("id")) if isinstance(data, dict) else None
    if bucket_id is None:
        raise UnreadableAnswer(f"{doing}: the answer is not a bucket")
    region = data.get("region")
    return BucketInfo(bucket_id, _words(data.get("name", "")), _words(region) if region else None)


def file(item: Any, bucket: str, bucket_id: int, doing: str) -> File:
    """One file object. Its id and title must be there, and its bucket be the one asked for."""
    if not isinstance(item, dict):
        raise UnreadableAnswer(f"{doing}: an item of the answer is not a file")
    get = item.get
    file_id = _whole(get("id"))
    if file_id is None or file_id <= 0:
        raise UnreadableAnswer(f"{doing}: a file of the answer has no id")
    said_bucket = get("bucket_id", bucket_id)
    if _whole(said_bucket) != bucket_id:
        raise UnreadableAnswer(
            f"{doing}: file {file_id} is said to be in bucket {_words(said_bucket)[:60]}, "
            f"not in {bucket_id}"
        )
    title = get("title")
    if title is not None and not isinstance(title, str):
        raise UnreadableAnswer(f"{doing}: the title of file {file_id} is not text")
    meant = get("user_defined")
    return File(
        FileId(file_id),
        _acr_id(get("acr_id")),
        bucket,
        normal_title(title or ""),
        meant if isinstance(meant, dict) and is_flat(meant) else _user_defined(meant),
        _state(get("state")),
        _seconds(get("duration")),
    )


def dump_task(answer: Any, bucket_id: int, doing: str) -> DumpTask:
    """The answer of `GET /buckets/:id/dump`, which is not wrapped in `data`."""
    status = _whole(_member(answer, "status", doing))
    url = answer.get("down_url") or ""
    if status is None or not isinstance(url, str):
        raise UnreadableAnswer(f"{doing}: the answer does not say how the dump stands")
    if _whole(answer.get("id", bucket_id)) != bucket_id:
        raise UnreadableAnswer(f"{doing}: the answer is about another bucket's dump")
    return DumpTask(_words(answer.get("task_id", "")), status, url)


def dumped_file(text: bytes, bucket: str, bucket_id: int, doing: str) -> File:
    """One file of a dump, a JSON object. Nobody knows what a dump holds: one that leaves a field
    out would look as if it were empty everywhere, so each must be there."""
    item = orjson.loads(text)
    left_out = [name for name in _READ if name not in item] if isinstance(item, dict) else []
    if left_out:
        raise UnreadableAnswer(f"{doing}: a file of it has no {left_out[0]}")
    return file(item, bucket, bucket_id, doing)


def upload_fields(
    title: str, user_defined: UserDefined, data_type: str, extra: Mapping[str, str]
) -> dict[str, Json]:
    """The JSON body of an upload that carries no file."""
    return {"title": title, "data_type": data_type, "user_defined": user_defined, **extra}


def update_body(title: str, user_defined: UserDefined) -> dict[str, Json]:
    """The JSON body of an update: the page sends `user_defined` as an object."""
    return {"title": title, "user_defined": user_defined}


def refusal(body: bytes) -> str:
    """What a refusal says: Laravel's `message` and `errors`, `error`, problem+json's `detail`."""
    try:
        told = value(body)
    except (ValueError, AnswerTooLarge):
        return ""
    return _said(told) if isinstance(told, dict) else ""


def _said(told: Mapping[str, Any]) -> str:
    names = ("message", "error", "detail", "title")
    said = [_words(told[name]) for name in names if told.get(name)]
    errors = told.get("errors")
    if isinstance(errors, dict):
        said += [f"{name}: {_joined(reasons)}" for name, reasons in errors.items()]
    return without_queries("; ".join(dict.fromkeys(said)))[:500]


def _joined(reasons: Any) -> str:
    return " ".join(map(_words, reasons)) if isinstance(reasons, list) else _words(reasons)


def _words(value: Any) -> str:
    """What a value says, whatever it is: JSON may be nested deeper than Python goes."""
    try:
        return str(value)
    except RecursionError:
        return "..."


def _member(answer: Any, name: str, doing: str) -> Any:
    if not isinstance(answer, dict) or answer.get(name) is None:
        said = _said(answer) if isinstance(answer, dict) else ""
        raise UnreadableAnswer(
            f"{doing}: the answer has no {name}" + (f", it says {said!r}" if said else "")
        )
    return answer[name]


def _whole(value: Any) -> int | None:
    """A whole number, or its text: `per_page` is known to come as text."""
    if type(value) is int:  # and not a boolean
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _LONGEST:
        return int(value)
    return None


def _acr_id(value: Any) -> str:
    """An acr_id stands in URLs. What cannot be one there is as good as none."""
    return value if isinstance(value, str) and value.isascii() and value.isalnum() else ""


def _user_defined(value: Any) -> UserDefined | Opaque:
    """`user_defined` in normal form; where it is nested deeper than can be written again, as
    nobody means it to be, it is opaque, and so never overwritten."""
    try:
        meant = normal_user_defined(value)
        if not isinstance(meant, Opaque) and not is_flat(meant):
            canonical(_inside(meant))
    except (RecursionError, TypeError):
        return Opaque("an object that is nested too deep")
    return meant


def _inside(value: Json) -> Json:
    """The value as deep inside another as plans, snapshots, ledgers and reports have any."""
    for _ in range(_MOST_AROUND):
        value = [value]
    return value


def _state(value: Any) -> FileState:
    if value in (1, "1"):
        return FileState.READY
    return FileState.BROKEN if value in (-1, "-1") else FileState.PENDING


def _seconds(value: Any) -> float | None:
    """A duration: a number when listed, text when uploaded. Zero means not known."""
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        return None
    return seconds if 0 < seconds < float("inf") else None
