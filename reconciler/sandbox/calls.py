"""The calls of the audio-files API: one method a call, each request in, answer out.

| call of the page             | method of `FileCalls` | also spelt (vendor's client)           |
|------------------------------|-----------------------|----------------------------------------|
| Upload an audio file         | upload                |                                        |
| List the files               | listing               | `keyword` for `search`                 |
| Update a file                | update                |                                        |
| Delete files                 | delete                | DELETE /files `{"ids"}`                |
| Move the files               | move                  | POST /files/move                       |
|                              |                       | `{"target_bucket_id", "ids"}`          |
| Get one or multiple files    | get                   |                                        |
| Dump all the files           | dump, then down       | GET /files/dump                        |

Parameters are read in `forms`, fields are written in `answers`. Each method checks in the order
in which a Laravel controller does: the bucket (404), the parameters (422), the files (404).
"""

from __future__ import annotations

import time
import unicodedata
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Response, jsonify, request

from reconciler.sandbox import answers, audio, forms, incoming, json_text
from reconciler.sandbox.laravel import NotFoundError, ValidationError, paginated
from reconciler.sandbox.records import File, NewFile
from reconciler.sandbox.store import Batch, Listing

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.typing import ResponseReturnValue

    from reconciler.sandbox.buckets import Buckets
    from reconciler.sandbox.dumps import Dumps
    from reconciler.sandbox.quirks import Quirks
    from reconciler.sandbox.records import JsonObject
    from reconciler.sandbox.store import Store


@dataclass(frozen=True, slots=True)
class Service:
    """What the calls work with. `ready_after`: the seconds that processing a file takes."""

    store: Store
    buckets: Buckets
    dumps: Dumps
    quirks: Quirks
    clock: Callable[[], float]
    ready_after: float

    def region(self, bucket: str) -> tuple[int, str]:
        """The id and the region of the bucket that a path names, or 404."""
        is_id = bucket.isascii() and bucket.isdecimal() and len(bucket) <= 18  # fits 64 bits
        region = self.buckets.region(int(bucket)) if is_id else None
        if region is None:
            raise NotFoundError(f"bucket {bucket}")
        return int(bucket), region


class FileCalls:
    """The seven calls of the page."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._quirks = service.quirks

    def upload(self, bucket: str) -> ResponseReturnValue:
        """Makes a file of bytes, a URL or an acrid. The same audio twice makes two files."""
        bucket_id, _ = self._service.region(bucket)
        fields = incoming.fields()  # first of all: it says how large a body may be
        sent = request.files.get("file")
        form = forms.upload(fields, has_file=sent is not None)
        now = self._service.clock()
        new = NewFile(
            title=self._title(form.title or _default_title(form, sent.filename if sent else "")),
            user_defined=form.user_defined,
            data_type=form.data_type,
            audio_id=form.audio_id,
            ready_at=now + self._service.ready_after,
        )
        if sent is not None and form.data_type in {"audio", "fingerprint"}:
            found = audio.examine(
                sent.stream, sent.filename or "", fingerprint=form.data_type == "fingerprint"
            )
            new = replace(
                new,
                duration=found.duration,
                outcome=1 if found.readable else -1,
                size=found.size,
                sha256=found.sha256,
            )
        (file,) = self._service.store.add(bucket_id, [new], now=now)
        answer = {"data": answers.uploaded(file, self._quirks)}
        return jsonify(answer), int(self._quirks.create)

    def listing(self, bucket: str) -> ResponseReturnValue:
        """A page of the bucket's files."""
        bucket_id, _ = self._service.region(bucket)
        wanted, paging = forms.listing(incoming.query(), self._quirks)
        now = self._service.clock()
        files, total = self._service.store.page(bucket_id, wanted, now=now)
        return jsonify(
            paginated(
                [self._read(file, now) for file in files],
                paging,
                total,
                path=f"{incoming.host()}/api/buckets/{bucket_id}/files",
                per_page_as_text=self._quirks.per_page == "text",
            )
        )

    def update(self, bucket: str, ref: str) -> ResponseReturnValue:
        """Changes title, user_defined or both. Without either: 422, which is also what the
        page's curl for moving gets, since it lacks `/move`."""
        bucket_id, _ = self._service.region(bucket)
        edit = forms.edit(incoming.fields())

        def edited(file: File) -> File:
            title = file.title if edit.title is None else self._title(edit.title)
            user_defined = file.user_defined
            if edit.user_defined is not None:
                merges = self._quirks.put == "merge" and isinstance(user_defined, dict)
                kept = user_defined if merges and isinstance(user_defined, dict) else {}
                user_defined = {**kept, **edit.user_defined}
            return replace(file, title=title, user_defined=user_defined)

        now = self._service.clock()
        file = self._service.store.change(ref.strip(), edited, bucket_id=bucket_id, now=now)
        if file is None:
            raise NotFoundError(f"file {ref}")
        return jsonify({"data": answers.listed(file, self._quirks, at=now)})

    def delete(self, bucket: str, refs: str = "") -> ResponseReturnValue:
        """Deletes files by ids in the path, or by `{"ids"}` in the body. 204 (LIKELY)."""
        bucket_id, _ = self._service.region(bucket)
        wanted = _refs(refs) if refs else forms.ids(incoming.fields())
        batch = self._service.store.delete(
            {bucket_id}, wanted, unknown=self._quirks.unknown_id, now=self._service.clock()
        )
        self._refuse_missing(batch)
        return Response(status=204)

    def move(self, bucket: str, refs: str) -> ResponseReturnValue:
        """Moves files of any bucket to the one in the path (page). Files in another region are
        unknown there, since file calls go to a region's own host (KNOWN of the hosts)."""
        destination, region = self._service.region(bucket)
        return self._move(destination, _refs(refs), self._service.buckets.in_region(region))

    def move_from(self, bucket: str) -> ResponseReturnValue:
        """The vendor client's spelling: from the bucket in the path to the one in the body."""
        source, region = self._service.region(bucket)
        fields = incoming.fields()
        destination = forms.target_bucket(fields)
        wanted = forms.ids(fields)
        if destination not in self._service.buckets.in_region(region):
            raise ValidationError({"target_bucket_id": ["The target bucket id is invalid."]})
        return self._move(destination, wanted, frozenset({source}))

    def get(self, bucket: str, refs: str) -> ResponseReturnValue:
        """Files by their ids or acr_ids, as a list (quirk `get_one`)."""
        bucket_id, _ = self._service.region(bucket)
        wanted, now = _refs(refs), self._service.clock()
        batch = self._service.store.get(bucket_id, wanted, unknown=self._quirks.unknown_id, now=now)
        self._refuse_missing(batch)
        shown = [self._read(file, now) for file in batch.files]
        if self._quirks.get_one == "object" and len(wanted) == 1 and shown:
            return jsonify({"data": shown[0]})
        return jsonify({"data": shown})

    def dump(self, bucket: str) -> ResponseReturnValue:
        """Starts the day's dump, or tells how it stands. Days are UTC's (LIKELY)."""
        bucket_id, _ = self._service.region(bucket)
        now = self._service.clock()

        def content() -> bytes:
            files, _ = self._service.store.page(bucket_id, Listing(), now=now)
            return json_text.write([self._read(file, now) for file in files]).encode()

        task = self._service.dumps.of_day(
            bucket_id,
            time.strftime("%Y-%m-%d", time.gmtime(now)),
            ready_at=now + self._service.ready_after,
            content=content,
        )
        found = self._service.buckets.get(bucket_id)
        name = found.name if found else ""
        return jsonify(answers.dump_task(task, name, host=incoming.host(), at=now))

    def down(self, bucket: str, task: str) -> ResponseReturnValue:
        """What a dump wrote, once it is ready."""
        bucket_id, _ = self._service.region(bucket)
        dump = self._service.dumps.task(bucket_id, task)
        if dump is None or dump.ready_at > self._service.clock():
            raise NotFoundError(f"dump {task}")
        body, media_type = answers.dump_content(dump.content, self._quirks)
        return Response(body, content_type=media_type)

    def _move(
        self, destination: int, refs: tuple[str, ...], sources: frozenset[int]
    ) -> ResponseReturnValue:
        now = self._service.clock()
        batch = self._service.store.move(
            destination,
            refs,
            sources=sources,
            unknown=self._quirks.unknown_id,
            new_ids=self._quirks.move_ids == "new",
            now=now,
        )
        self._refuse_missing(batch)
        return jsonify({"data": [answers.listed(f, self._quirks, at=now) for f in batch.files]})

    def _read(self, file: File, now: float) -> JsonObject:
        return answers.listed(file, self._quirks, at=now - self._quirks.read_lag)

    def _refuse_missing(self, batch: Batch) -> None:
        if batch.missing and self._quirks.unknown_id == "refused":
            raise ValidationError({"ids": ["The selected ids is invalid."]})
        if batch.missing:
            raise NotFoundError(f"file {batch.missing[0]}")

    def _title(self, title: str) -> str:
        if self._quirks.titles == "trimmed":
            return title.strip()
        return unicodedata.normalize("NFC", title) if self._quirks.titles == "nfc" else title


def _refs(text: str) -> tuple[str, ...]:
    """Ids separated by ","; none at all names nothing, whatever the quirks (never "all")."""
    refs = tuple(part.strip() for part in text.split(",") if part.strip())
    if not refs:
        raise NotFoundError("file without an id")
    return refs


def _default_title(form: forms.Upload, filename: str | None) -> str:
    """UNKNOWN what the service does without a title; the name of what was sent serves here."""
    name = filename or urlsplit(form.url).path or form.acrid
    return PurePosixPath(name).stem[:255] or "untitled"
