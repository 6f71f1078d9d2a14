"""What is remembered -> what is answered: the fields of the page's samples, and the quirks.

| field        | on upload             | elsewhere                                  |
|--------------|-----------------------|--------------------------------------------|
| id, uid      | numbers               | the same; the account's uid is always 1    |
| acr_id       | 32 hex digits         | the same                                   |
| bucket_id    | number                | the same                                   |
| state        | 0                     | 0, then 1 or -1                            |
| title        | string                | the same                                   |
| audio_id     | string, mostly ""     | the same                                   |
| duration     | string, "78.524082"   | rounded number, 79                         |
| user_defined | object (see quirks)   | the same                                   |
| fp_id        | never                 | null, on files made of a fingerprint only  |
| created_at, updated_at | timestamps  | the same                                   |

`fp_id` stands at one file of the page's list sample only; which ones have it is UNKNOWN.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
from typing import TYPE_CHECKING

from reconciler.sandbox import json_text
from reconciler.sandbox.laravel import timestamp

if TYPE_CHECKING:
    from reconciler.sandbox.quirks import Quirks
    from reconciler.sandbox.records import Bucket, Dump, File, JsonObject, JsonValue

UID = 1
_COLUMNS = (
    *("id", "uid", "bucket_id", "acr_id", "state", "title", "user_defined", "duration"),
    *("audio_id", "created_at", "updated_at"),
)


def uploaded(file: File, quirks: Quirks) -> JsonObject:
    """The `data` of an upload's answer."""
    return {
        "uid": UID,
        "acr_id": file.acr_id,
        "bucket_id": file.bucket_id,
        "state": 0,  # also where it is ready in no time: nothing is processed within the request
        "title": file.title,
        "audio_id": file.audio_id,
        "duration": f"{file.duration:.6f}",
        "user_defined": shown_user_defined(file.user_defined, quirks),
        "updated_at": timestamp(file.updated_at),
        "created_at": timestamp(file.created_at),
        "id": file.id,
    }


def listed(file: File, quirks: Quirks, *, at: float) -> JsonObject:
    """A file as every other answer shows it; `at` decides its state."""
    fingerprint: JsonObject = {"fp_id": None} if file.data_type == "fingerprint" else {}
    return {
        "id": file.id,
        "uid": UID,
        "bucket_id": file.bucket_id,
        "acr_id": file.acr_id,
        **fingerprint,
        "state": file.state(at),
        "title": file.title,
        "user_defined": shown_user_defined(file.user_defined, quirks),
        "duration": math.floor(file.duration + 0.5),
        "audio_id": file.audio_id,
        "created_at": timestamp(file.created_at),
        "updated_at": timestamp(file.updated_at),
    }


def shown_user_defined(value: JsonValue, quirks: Quirks) -> JsonValue:
    """The quirks `empty`, `user_defined` and `numbers`, in this order."""
    if value == {}:
        shown: JsonValue = {"object": {}, "list": [], "null": None, "string": ""}[quirks.empty]
        as_text = quirks.user_defined == "text" and isinstance(shown, (dict, list))
        return json_text.write(shown) if as_text else shown
    if not isinstance(value, dict):
        return value  # somebody in the console stored it: as it is
    if quirks.numbers == "text":
        value = {key: _numbers_as_text(child) for key, child in value.items()}
    return json_text.write(value) if quirks.user_defined == "text" else value


def _numbers_as_text(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {key: _numbers_as_text(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_numbers_as_text(child) for child in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return json.dumps(value)
    return value


def bucket(found: Bucket) -> JsonObject:
    """A bucket with the fields that the field notes name (KNOWN names, LIKELY types)."""
    return {
        "id": found.id,
        "uid": UID,
        "name": found.name,
        "type": found.type,
        "state": 1,
        "region": found.region,
        "metadata_template": found.metadata_template,
        "labels": list(found.labels),
        "net_type": found.net_type,
        "num": found.files,
        "size": found.size,
        "access_permission": "private",
        "created_at": timestamp(found.created_at),
        "updated_at": timestamp(found.updated_at),
    }


def dump_task(dump: Dump, name: str, *, host: str, at: float) -> JsonObject:
    """The state of a dump: not wrapped in `data` (page). `down_url` is "" until it is ready."""
    ready = dump.ready_at <= at
    path = f"/api/buckets/{dump.bucket_id}/down/{dump.task_id}"
    return {
        "status": 1 if ready else 0,
        "down_url": f"{host}{path}" if ready else "",
        "id": dump.bucket_id,
        "name": name,
        "task_id": dump.task_id,
    }


def dump_content(content: bytes, quirks: Quirks) -> tuple[bytes, str]:
    """What `down_url` gives, and its media type (quirk `dump`)."""
    if quirks.dump == "array":
        return content, "application/json"
    if quirks.dump == "gzip":
        return gzip.compress(content, 1), "application/gzip"
    rows: list[JsonObject] = json.loads(content)
    if quirks.dump == "lines":
        lines = "".join(json_text.write(row) + "\n" for row in rows)
        return lines.encode(), "application/x-ndjson"
    return _csv(rows).encode(), "text/csv; charset=utf-8"


def _csv(rows: list[JsonObject]) -> str:
    """`user_defined` stands in its cell as JSON; a null is an empty cell."""
    out = io.StringIO()
    writer = csv.DictWriter(out, _COLUMNS, extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        shown = row["user_defined"]
        cell = json_text.write(shown) if isinstance(shown, (dict, list)) else shown
        writer.writerow({**row, "user_defined": cell})
    return out.getvalue()
