"""The service's calls, for those who may read, and for those who may also write."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import count, pairwise
from typing import Any

import orjson

from reconciler.api import classify, wire
from reconciler.api.addresses import checked_region
from reconciler.api.asking import Asking, Meant
from reconciler.api.counting import CallCounter
from reconciler.api.dump import Calls, Dumps, Memory
from reconciler.api.dump_format import objects
from reconciler.api.listing import FilesOf, Lister, in_pages
from reconciler.api.pace import Pace
from reconciler.api.transport import Request, Transport
from reconciler.api.upload import Furthest, Upload
from reconciler.core.model import (
    Bucket,
    File,
    FileId,
    LiveBucket,
    LiveState,
    Source,
    SourceKind,
    UserDefined,
)
from reconciler.core.ports import Clock, Sending
from reconciler.errors import AnswerTooLarge, Busy, NotThere, Rejected, UnreadableAnswer

_MOST_IDS = 100
_LONGEST_IDS = 2000
"""How many ids go into one URL, and how many characters. Nobody knows the service's limits."""
_NEWEST = (100, 20)
"""Files a page, where only the newest are looked at."""
_UNKNOWN_ID = (404, 422)
"""What a service may answer for an id that is not in the bucket."""


class ReadClient:
    """Reads the catalogue's buckets. It has no method that changes anything."""

    def __init__(
        self,
        *,
        buckets: Mapping[str, Bucket],
        transport: Transport,
        pace: Pace,
        clock: Clock,
        concurrency: int = 8,
        counter: CallCounter | None = None,
    ) -> None:
        """`buckets`: by the catalogue's names, which every method takes. A client is one run's, as
        its pace is. `counter`: is told of every request, for whoever wants to know."""
        self._addresses = transport.addresses
        self._buckets = buckets
        self._asking = Asking(transport, pace, clock, counter or CallCounter())
        self._clock = clock
        self._concurrency = concurrency
        self._regions: dict[int, str | None] = {}
        self._regions_lock = threading.Lock()

    def give_up(self) -> None:
        """Nobody waits for an answer any more: whatever asks ends with `CancelledError`, soon."""
        self._asking.give_up()

    def read_live(self) -> LiveState:
        """All files of all buckets, each listing with its proof, or with why it has none."""
        return self._read_all(Lister(self._page, self._concurrency).files)

    def read_live_by_dump(self, memory: Memory, tell: Callable[[str], None]) -> LiveState:
        """The same, from the service's dumps of the buckets. Where one may not be asked for, by
        `memory`, or is not proved to be the whole bucket now, the bucket is listed, and `tell`
        is told why."""
        origin = self._addresses.origin
        calls = Calls(
            ask=self._ask_for_dump,
            download=self._download_dump,
            claim=lambda bucket, day: memory.claim(origin, self._buckets[bucket].id, day),
        )
        dumps = Dumps(calls, Lister(self._page, self._concurrency), self._clock, tell)
        for name in sorted(self._buckets):
            self._region(self._buckets[name])
            dumps.start(name)
        return self._read_all(dumps.files)

    def read_files(self, bucket: str, ids: Sequence[FileId | str]) -> Sequence[File]:
        """Those of the files that are in the bucket, by id or acr_id."""
        found: dict[FileId, File] = {}
        for chunk in chunks(ids):
            for file in self._read_chunk(bucket, chunk):
                found[file.id] = file
        return list(found.values())

    def read_newest(self, bucket: str, above: FileId) -> Sequence[File]:
        """The bucket's files whose id is greater than `above`, however the service orders them.

        More than one page is read until a reading adds nothing: a file that is deleted between
        two pages would hide another."""
        return in_pages(_NEWEST, lambda size: self._read_newest(bucket, above, size))

    def _read_newest(self, bucket: str, above: FileId, size: int) -> Sequence[File]:
        found: dict[FileId, File] = {}
        while True:
            known = len(found)
            pages = self._add_newest(found, bucket, above, size)
            if pages == 1 or len(found) == known:
                return sorted(found.values(), key=lambda file: file.id)

    def _add_newest(self, found: dict[FileId, File], bucket: str, above: FileId, size: int) -> int:
        """Read once, and say how many pages it took. Pages without any new file are the end,
        whatever the service says of their number."""
        seen: set[FileId] = set()
        for number in count(1):
            page = self._page(bucket, number, size, order="desc")
            found |= {file.id: file for file in page.files if file.id > above}
            descending = all(one.id > two.id for one, two in pairwise(page.files))
            reached = descending and page.files and page.files[-1].id <= above
            ids = {file.id for file in page.files}
            if reached or ids <= seen or number >= page.last:
                break
            seen |= ids
        return number

    def bucket_name(self, bucket: str) -> str:
        """What the service calls the bucket."""
        bucket_id = self._buckets[bucket].id
        doing = f"reading bucket {bucket_id}"
        return self._bucket_info(bucket_id, doing).name

    def _read_all(self, files_of: FilesOf) -> LiveState:
        live = {
            name: self._read_bucket(self._buckets[name], files_of) for name in sorted(self._buckets)
        }
        return LiveState(self._addresses.origin, live)

    def _read_bucket(self, bucket: Bucket, files_of: FilesOf) -> LiveBucket:
        region = self._region(bucket)
        files, incomplete = files_of(bucket.name)
        return LiveBucket(bucket.id, files, region, incomplete)

    def _ask_for_dump(self, bucket: str, goes: Callable[[], None]) -> wire.DumpTask:
        """How the dump stands, which may start it: so it is asked once, whatever comes of it."""
        bucket_id = self._buckets[bucket].id
        doing = f"asking for the dump of bucket {bucket} ({bucket_id})"
        request = Request("GET", self._addresses.dump(bucket_id, self._regions), doing)
        return self._asking.ask_once(
            request, lambda body: wire.dump_task(wire.parse(body, doing), bucket_id, doing), goes
        )

    def _download_dump(self, bucket: str, url: str) -> Mapping[FileId, File]:
        """Row by row: nothing is held but the files."""
        bucket_id = self._buckets[bucket].id
        doing = f"reading the dump of bucket {bucket} ({bucket_id})"
        found: dict[FileId, File] = {}

        def read(pieces: Iterator[bytes]) -> None:
            for each in objects(pieces):
                file = wire.dumped_file(self._asking.redacted(each), bucket, bucket_id, doing)
                if file.id in found:
                    raise ValueError(f"file {file.id} is in it twice")
                found[file.id] = file

        try:
            self._asking.download(Request("GET", url, doing), read)
        except ValueError as error:
            raise UnreadableAnswer(f"{doing}: {error}") from error
        return found

    def _region(self, bucket: Bucket) -> str | None:
        """The bucket's region, asked for once a run; it also shows that the bucket is there."""
        with self._regions_lock:
            if bucket.id in self._regions:
                return self._regions[bucket.id]
        doing = f"reading bucket {bucket.name} ({bucket.id})"
        try:
            region = self._bucket_info(bucket.id, doing).region
        except NotThere as error:
            raise NotThere(
                f"{error}: the catalogue names the bucket {bucket.name} with the id {bucket.id}, "
                "and this token sees no such bucket",
                status=404,
            ) from error
        if self._addresses.has_regions:
            region = checked_region(region, bucket.id)
        with self._regions_lock:
            self._regions[bucket.id] = region
        return region

    def _read_chunk(self, bucket: str, ids: Sequence[FileId | str]) -> Sequence[File]:
        """Where the service refuses all for one that it does not know, or says more than can be
        read, ask for half and half.
        Only a refusal of one id alone, by a status that means so, says that it is not there."""
        declared = self._buckets[bucket]
        doing = f"reading {len(ids)} file(s) of bucket {bucket}"
        read = partial(wire.files, ids=ids, bucket=bucket, bucket_id=declared.id, doing=doing)
        try:
            return self._get(self._files_url(declared, *ids), doing, read)
        except Busy:
            raise
        except (Rejected, AnswerTooLarge) as error:
            if len(ids) == 1:
                if error.status in _UNKNOWN_ID:
                    return []
                raise
            half = len(ids) // 2
            return [*self._read_chunk(bucket, ids[:half]), *self._read_chunk(bucket, ids[half:])]

    def _page(self, bucket: str, number: int, size: int, *, order: str = "asc") -> wire.Page:
        declared = self._buckets[bucket]
        doing = f"listing bucket {bucket} ({declared.id}), page {number}"
        return self._get(
            self._files_url(declared),
            doing,
            partial(wire.page, bucket=bucket, bucket_id=declared.id, doing=doing),
            {"page": number, "per_page": size, "sort": "id", "order": order},
        )

    def _bucket_info(self, bucket_id: int, doing: str) -> wire.BucketInfo:
        url = f"{self._addresses.buckets()}/{bucket_id}"
        return self._get(url, doing, partial(wire.bucket_info, doing=doing))

    def _get(
        self,
        url: str,
        doing: str,
        read: Callable[[Any], Meant],
        params: Mapping[str, str | int] | None = None,
    ) -> Meant:
        request = Request("GET", url, doing, params)
        return self._asking.ask(
            request, lambda body: read(wire.parse(body, doing)), repeatable=True
        )

    def _files_url(self, bucket: Bucket, *ids: FileId | str) -> str:
        self._region(bucket)
        url = self._addresses.files(bucket.id, self._regions)
        if not ids:
            return url
        return f"{url}/{_path_of(ids)}"


class WriteClient(ReadClient):
    """Reads and changes the catalogue's buckets."""

    def create(
        self,
        bucket: str,
        title: str,
        user_defined: UserDefined,
        source: Source,
        sending: Sending,
    ) -> File:
        """Upload a new file. After an unclear end it is not sent again: whoever asked looks."""
        declared = self._buckets[bucket]
        doing = f"uploading {title!r} to bucket {bucket}"
        url = self._files_url(declared)
        made = partial(_one_file, bucket=bucket, bucket_id=declared.id, doing=doing)
        match source.kind:
            case SourceKind.AUDIO | SourceKind.FINGERPRINT:
                fields = {
                    "title": title,
                    "data_type": source.kind.value,
                    "user_defined": orjson.dumps(user_defined).decode(),
                }
                request = Request("POST", url, doing)
                furthest = Furthest(sending.sent)
                return self._asking.ask(
                    request,
                    made,
                    repeatable=False,
                    sending=sending,
                    upload=lambda: Upload(fields, source, furthest.reached),
                )
            case SourceKind.AUDIO_URL | SourceKind.ACRID:
                name = "url" if source.kind is SourceKind.AUDIO_URL else "acrid"
                body = wire.upload_fields(
                    title, user_defined, source.kind.value, {name: source.location}
                )
                request = Request("POST", url, doing, body=orjson.dumps(body))
                return self._asking.ask(request, made, repeatable=False, sending=sending)

    def update(
        self,
        bucket: str,
        file_id: FileId,
        title: str,
        user_defined: UserDefined,
        sending: Sending,
    ) -> File:
        """Set a file's title and whole user_defined. Sending it twice does what once does."""
        declared = self._buckets[bucket]
        doing = f"updating file {file_id} of bucket {bucket}"
        body = orjson.dumps(wire.update_body(title, user_defined))
        request = Request("PUT", self._files_url(declared, file_id), doing, body=body)
        told = partial(_one_file, bucket=bucket, bucket_id=declared.id, doing=doing)
        file = self._asking.ask(
            request,
            lambda answer: told(answer) if answer else None,
            repeatable=True,
            sending=sending,
        )
        if file is None:
            file = next(iter(self.read_files(bucket, [file_id])), None)
        if file is None:
            raise NotThere(f"{doing}: it is gone", status=404)
        if file.id != file_id:
            raise UnreadableAnswer(f"{doing}: the answer is file {file.id}")
        return file

    def move(self, destination: str, ids: Sequence[FileId], sending: Sending) -> None:
        """Move files into a bucket: `PUT /buckets/:destination/files/:ids/move` (the page's text;
        its curl leaves `/move` out, which is the update's URL)."""
        declared = self._buckets[destination]
        doing = f"moving {len(ids)} file(s) to bucket {destination}"
        url = f"{self._files_url(declared, *_some(ids))}/move"
        done = partial(_done, doing=doing)
        self._asking.ask(Request("PUT", url, doing), done, repeatable=False, sending=sending)

    def delete(self, bucket: str, ids: Sequence[FileId], sending: Sending) -> None:
        """Delete files of a bucket."""
        declared = self._buckets[bucket]
        doing = f"deleting {len(ids)} file(s) of bucket {bucket}"
        url = self._files_url(declared, *_some(ids))
        done = partial(_done, doing=doing)
        self._asking.ask(Request("DELETE", url, doing), done, repeatable=False, sending=sending)


def chunks(ids: Sequence[FileId | str]) -> Iterator[Sequence[FileId | str]]:
    """The ids in pieces that fit into one URL."""
    chunk: list[FileId | str] = []
    length = 0
    for file_id in ids:
        more = len(str(file_id)) + 1
        if chunk and (len(chunk) == _MOST_IDS or length + more > _LONGEST_IDS):
            yield chunk
            chunk, length = [], 0
        chunk.append(file_id)
        length += more
    if chunk:
        yield chunk


def _some(ids: Sequence[FileId]) -> Sequence[FileId]:
    """Never a request without ids: what it would do to a bucket, nobody knows."""
    if not ids:
        raise ValueError("no ids")
    return ids


def _path_of(ids: Sequence[FileId | str]) -> str:
    """Ids as they stand in a URL: digits and letters only, whatever a file or a plan says."""
    texts = [str(file_id) for file_id in ids]
    if not all(text.isascii() and text.isalnum() for text in texts):
        raise ValueError("an id that is not of digits and letters")
    return ",".join(texts)


def _one_file(answer: bytes, *, bucket: str, bucket_id: int, doing: str) -> File:
    return wire.one_file(wire.parse(answer, doing), bucket, bucket_id, doing)


def _done(answer: bytes, *, doing: str) -> None:
    """The answer of a move or a delete: nobody knows what it holds, so anything but a web page
    or an error will do. Raises `UnreadableAnswer`."""
    if answer.lstrip().startswith(b"<"):
        wire.parse(answer, doing)
    try:
        told = wire.value(answer)
    except (ValueError, AnswerTooLarge):
        return
    if isinstance(told, dict) and "data" not in told and {"error", "code"} & told.keys():
        raise UnreadableAnswer(f"{doing}: the answer is an error: {classify.said(answer)}")
