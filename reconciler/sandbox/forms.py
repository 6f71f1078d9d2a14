"""The parameters of each call: what is sent becomes what is meant, or `ValidationError`.

| call   | parameter                          | read by                                        |
|--------|------------------------------------|------------------------------------------------|
| every  | bucket_id                          | `calls.Service.region` (404)                   |
| every  | Authorization                      | `app` (401)                                    |
| upload | file                               | `upload` (that it is there), `audio.examine`   |
| upload | title, data_type, url, acrid       | `upload`                                       |
| upload | user_defined: JSON text or object  | `upload`, by `Rules.metadata`                  |
| upload | audio_id (acrcloudclient)          | `upload`                                       |
| list   | search (keyword), sort, order      | `listing`                                      |
| list   | state, page, per_page              | `listing`                                      |
| update | id: one id or acr_id               | `versions.Versions.find`                       |
| update | title, user_defined                | `edit`                                         |
| delete, move, get | ids: ids or acr_ids, "," | `calls` (in a path), `ids` (in a body)        |
| move   | target_bucket_id (acrcloud-cli)    | `target_bucket`                                |
| dump   | none                               |                                                |

Title, texts and bodies have upper limits of the sandbox's own; the service's are UNKNOWN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args
from urllib.parse import urlsplit

from reconciler.sandbox import json_text
from reconciler.sandbox.laravel import Paging
from reconciler.sandbox.records import NewBucket
from reconciler.sandbox.rules import Rules
from reconciler.sandbox.store import Listing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.sandbox.quirks import Quirks
    from reconciler.sandbox.records import JsonObject, JsonValue

DataType = Literal["audio", "fingerprint", "audio_url", "acrid"]
DATA_TYPES: tuple[DataType, ...] = get_args(DataType)
BUCKET_TYPES = ("File", "Live", "LiveRec", "LiveTimeshift")  # KNOWN, as are the regions
REGIONS = ("eu-west-1", "us-west-2", "ap-southeast-1")

PER_PAGE = 20  # unless asked (the page's sample)
_LONGEST_TITLE = 1000
_MOST_LABELS = 100


@dataclass(frozen=True, slots=True)
class Upload:
    """The fields of an upload. `title` None: not sent. `file` says whether one came along."""

    data_type: DataType
    title: str | None
    user_defined: JsonObject
    audio_id: str
    url: str
    acrid: str


@dataclass(frozen=True, slots=True)
class Edit:
    """The fields of an update; None: not sent, so not changed."""

    title: str | None
    user_defined: JsonObject | None


@dataclass(frozen=True, slots=True)
class BucketFilter:
    """Which buckets are listed; "" for any."""

    search: str
    region: str
    type: str


def upload(fields: Mapping[str, JsonValue], *, has_file: bool) -> Upload:
    """`POST /buckets/:bucket_id/files` (page: file, title, data_type, user_defined, url, acrid).

    `title` is not required: the vendor's client leaves it out (KNOWN).
    """
    rules = Rules(fields)
    kind = rules.choice("data_type", DATA_TYPES)
    data_type = next(name for name in DATA_TYPES if name == kind)
    when = f"The :field field is required when data type is {data_type}."
    needs_file = data_type in {"audio", "fingerprint"} and rules.has("data_type")
    if needs_file and not has_file:
        rules.fail("file", "The :field must be a file." if rules.has("file") else when)
    url = rules.text("url", required=when if data_type == "audio_url" else "")
    if url is not None and not _is_web_address(url):
        rules.fail("url", "The :field format is invalid.")
    acrid = rules.text("acrid", required=when if data_type == "acrid" else "")
    form = Upload(
        data_type=data_type,
        title=rules.text("title", longest=_LONGEST_TITLE),
        user_defined=rules.metadata(),
        audio_id=rules.text("audio_id") or "",
        url=url or "",
        acrid=acrid or "",
    )
    rules.check()
    return form


def edit(fields: Mapping[str, JsonValue]) -> Edit:
    """`PUT /buckets/:bucket_id/files/:id` (page: title, user_defined): at least one of them."""
    rules = Rules(fields)
    title = None
    if rules.has("title"):
        title = rules.text(
            "title", required="The :field field must have a value.", longest=_LONGEST_TITLE
        )
    user_defined = rules.metadata() if rules.has("user_defined") else None
    if not rules.has("title") and not rules.has("user_defined"):
        rules.fail("title", "The :field field is required when user defined is not present.")
        rules.fail("user_defined", "The :field field is required when title is not present.")
    rules.check()
    return Edit(title, user_defined)


def listing(query: Mapping[str, JsonValue], quirks: Quirks) -> tuple[Listing, Paging]:
    """`GET /buckets/:bucket_id/files` (page: search, sort, order, page, per_page, state; the
    vendor's clients: keyword, and created_at for sort)."""
    rules = Rules(query)
    sort = rules.choice("sort", ("id", "status", "created_at"), "id")
    order = rules.choice("order", ("asc", "desc"), "asc")
    state = rules.text("state")
    if state is not None and state not in {"-1", "0", "1"}:
        rules.fail("state", "The selected :field is invalid.")
    search = rules.text("search") or rules.text("keyword") or ""
    paging = _paging(rules, quirks)
    rules.check()
    return Listing(
        search=search,
        sort="status" if sort == "status" else "created_at" if sort == "created_at" else "id",
        order="desc" if "desc" in {order, quirks.order} else "asc",
        state=None if state is None else int(state),
        offset=paging.offset,
        limit=paging.per_page,
    ), paging


def bucket_listing(query: Mapping[str, JsonValue], quirks: Quirks) -> tuple[BucketFilter, Paging]:
    """`GET /buckets`: search, region, type, page, per_page."""
    rules = Rules(query)
    wanted = BucketFilter(
        search=rules.text("search") or "",
        region=rules.text("region") or "",
        type=rules.text("type") or "",
    )
    paging = _paging(rules, quirks)
    rules.check()
    return wanted, paging


def bucket(fields: Mapping[str, JsonValue]) -> NewBucket:
    """`POST /buckets`: name, type and region are required; net_type, labels and
    metadata_template (a JSON string) are not (KNOWN from the vendor's clients)."""
    rules = Rules(fields)
    name = rules.text("name", required="The :field field is required.", longest=_LONGEST_TITLE)
    labels = fields.get("labels") or []
    if not isinstance(labels, list) or len(labels) > _MOST_LABELS:
        rules.fail("labels", f"The :field must be a list of up to {_MOST_LABELS}.")
        labels = []
    template = rules.text("metadata_template")
    if template is not None and not _is_json(template):
        rules.fail("metadata_template", "The :field must be a valid JSON string.")
    new = NewBucket(
        name=name or "",
        type=rules.choice("type", BUCKET_TYPES),
        region=rules.choice("region", REGIONS),
        net_type=rules.number("net_type", 1, least=0, most=2),
        labels=tuple(str(label) for label in labels),
        metadata_template=template or "",
    )
    rules.check()
    return new


def ids(fields: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """The vendor client's `{"ids": [12, 13]}`; a comma-separated string will do as well."""
    rules = Rules(fields)
    value = fields.get("ids")
    parts: list[JsonValue] = [*value.split(",")] if isinstance(value, str) else []
    refs = [str(part).strip() for part in (value if isinstance(value, list) else parts)]
    if not any(refs):
        rules.fail("ids", "The :field field is required.")
    rules.check()
    return tuple(ref for ref in refs if ref)


def target_bucket(fields: Mapping[str, JsonValue]) -> int:
    """The vendor client's `{"target_bucket_id": 8892}`."""
    rules = Rules(fields)
    if not rules.has("target_bucket_id"):
        rules.fail("target_bucket_id", "The :field field is required.")
    bucket_id = rules.number("target_bucket_id", 0, least=1)
    rules.check()
    return bucket_id


def _paging(rules: Rules, quirks: Quirks) -> Paging:
    page = rules.number("page", 1, least=1)
    per_page = rules.number("per_page", PER_PAGE, least=1)
    return Paging(page, min(per_page, quirks.max_per_page))


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def _is_json(text: str) -> bool:
    try:
        json_text.read(text)
    except ValueError:
        return False
    return True
