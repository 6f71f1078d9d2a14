"""A service that is never what is measured: files in memory, one thread, no framework.

It answers what the reconciler asks, in the shapes of the API page, each request after `--latency`
milliseconds, and counts what came. With `--rps R` a window of a second holds R requests, and what
is beyond gets a 429: the strictest of the usual limiters. It listens on this machine only, and
ends when its standard input does.

    python -m benchmarks.load_server --live FILE.jsonl [--latency MS] [--rps R] [--retry-after]

It says its port on a line of standard output, and at `GET /-/counts` what it has counted: of each
kind of request how many were let through (`requests`), when the first came and when the last was
answered (`began`, `ended`, in seconds of one clock); how many got a 429 (`limited`); and how much
CPU all of it took (`cpu`).
"""

import argparse
import asyncio
import gc
import json
import selectors
import sys
import time
from collections import Counter
from itertools import chain
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from benchmarks.data import ARCHIVE, BUCKET

_LARGEST_PAGE = 1000
_JSON = b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n"


class Store:
    """The files of the buckets, each as the bytes that a listing shows."""

    def __init__(self, lines: list[bytes]) -> None:
        """Take a file a line, by id."""
        by_id = {json.loads(line[: line.index(b",")] + b"}")["id"]: line for line in lines}
        self.buckets: dict[int, dict[int, bytes]] = {BUCKET: by_id, ARCHIVE: {}}
        self._ids: dict[int, list[int]] = {}
        self._by_acr_id: dict[str, int] = {}
        self._pages: dict[tuple[int, int, int, bool], bytes] = {}
        """As they were sent, until something changes."""
        self.newest = max(by_id, default=0)

    def ids(self, refs: str) -> list[int]:
        """The ids of what a URL names: by id, or by acr_id. Nobody's is 0."""
        if not self._by_acr_id and not refs.replace(",", "").isdecimal():
            # Most of what is measured never asks.
            files = chain.from_iterable(files.values() for files in self.buckets.values())
            told = map(json.loads, files)
            self._by_acr_id = {file["acr_id"]: file["id"] for file in told}
        known = self._by_acr_id
        return [known.get(ref) or (int(ref) if ref.isdecimal() else 0) for ref in refs.split(",")]

    def page(self, bucket: int, number: int, size: int, *, ascending: bool) -> bytes:
        """One page of a listing."""
        asked = (bucket, number, size, ascending)
        if asked not in self._pages:
            self._pages[asked] = self._page(*asked)
        return self._pages[asked]

    def _page(self, bucket: int, number: int, size: int, ascending: bool) -> bytes:
        files = self.buckets[bucket]
        ids = self._ids.get(bucket)
        if ids is None:
            ids = self._ids[bucket] = sorted(files)
        total = len(ids)
        last = max(-(-total // size), 1)
        start = (number - 1) * size
        chosen = ids[start : start + size] if ascending else ids[::-1][start : start + size]
        meta = b'"meta":{"current_page":%d,"per_page":"%d","total":%d,"last_page":%d}'
        return b'{"data":[%s],%s}' % (
            b",".join([files[i] for i in chosen]),
            meta % (number, size, total, last),
        )

    def get(self, bucket: int, refs: list[int]) -> bytes:
        """Some files by id."""
        files = self.buckets[bucket]
        return b'{"data":[%s]}' % b",".join([files[i] for i in refs if i in files])

    def put(self, bucket: int, file_id: int, sent: dict[str, object]) -> bytes:
        """An update: what was sent goes in the place of what was."""
        self._pages.clear()
        file = json.loads(self.buckets[bucket][file_id]) | sent
        self.buckets[bucket][file_id] = line = _compact(file)
        return b'{"data":%s}' % line

    def move(self, destination: int, refs: list[int]) -> bytes:
        """A move, from whatever bucket."""
        for bucket, files in self.buckets.items():
            for file_id in refs:
                if bucket != destination and file_id in files:
                    file = json.loads(files.pop(file_id)) | {"bucket_id": destination}
                    self.buckets[destination][file_id] = _compact(file)
        self._changed()
        return b'{"data":[]}'

    def delete(self, bucket: int, refs: list[int]) -> bytes:
        """A removal."""
        for file_id in refs:
            self.buckets[bucket].pop(file_id, None)
        self._changed()
        return b""

    def create(self, bucket: int, fields: dict[str, object]) -> bytes:
        """A new file, at once ready."""
        self.newest += 1
        file = {
            "id": self.newest,
            "bucket_id": bucket,
            "state": 1,
            "acr_id": f"{self.newest:032x}",
            "duration": "180.5",
            **fields,
        }
        self.buckets[bucket][self.newest] = line = _compact(file)
        self._by_acr_id.clear()
        self._changed()
        return b'{"data":%s}' % line

    def _changed(self) -> None:
        self._ids.clear()
        self._pages.clear()


class Limiter:
    """So many requests in each second, counted from the second's first."""

    def __init__(self, rps: int | None) -> None:
        """`rps`: None for no limit."""
        self._rps = rps
        self._began = 0.0
        self._used = 0

    def lets_through(self, now: float) -> bool:
        """Whether one more fits in."""
        if self._rps is None:
            return True
        if now - self._began >= 1:
            self._began, self._used = now, 0
        self._used += 1
        return self._used <= self._rps


class Service:
    """What the requests have in common."""

    def __init__(
        self, store: Store, limiter: Limiter, *, latency: float, retry_after: bool
    ) -> None:
        self.store = store
        self.latency = latency
        self._limiter = limiter
        self._retry_after = retry_after
        self._requests: Counter[str] = Counter()
        self._limited = 0
        self._began: dict[str, float] = {}
        self._ended: dict[str, float] = {}
        self._cpu_before = time.process_time()

    def answer(self, method: str, target: str, body: bytes, content_type: str, now: float) -> bytes:
        """The whole answer, head and body."""
        url = urlsplit(target)
        parts = url.path.strip("/").split("/")
        if parts == ["-", "counts"]:
            return _framed(200, _compact(self._counts()))
        if not self._limiter.lets_through(now):
            self._limited += 1
            head = b"Retry-After: 1\r\n" if self._retry_after else b""
            return _framed(429, b'{"message":"Too Many Attempts."}', head)
        kind, answer = self._routed(method, parts, parse_qs(url.query), body, content_type)
        self._requests[kind] += 1
        self._began.setdefault(kind, now)
        self._ended[kind] = now + self.latency
        return answer

    def _counts(self) -> dict[str, object]:
        return {
            "requests": self._requests,
            "limited": self._limited,
            "began": self._began,
            "ended": self._ended,
            "cpu": time.process_time() - self._cpu_before,
        }

    def _routed(
        self,
        method: str,
        parts: list[str],
        query: dict[str, list[str]],
        body: bytes,
        content_type: str,
    ) -> tuple[str, bytes]:
        """What kind of request it is, and the answer."""
        store = self.store
        match method, parts:
            case "GET", ["api", "buckets", bucket]:
                told = {"id": int(bucket), "name": bucket, "region": "eu-west-1"}
                return "bucket", _framed(200, _compact({"data": told}))
            case "GET", ["api", "buckets", bucket, "files"]:
                size = min(int(query["per_page"][0]), _LARGEST_PAGE)
                ascending = query.get("order", ["asc"])[0] == "asc"
                page = store.page(int(bucket), int(query["page"][0]), size, ascending=ascending)
                return "list", _framed(200, page)
            case "GET", ["api", "buckets", bucket, "files", refs]:
                return "get", _framed(200, store.get(int(bucket), store.ids(refs)))
            case "PUT", ["api", "buckets", bucket, "files", refs]:
                return "update", _framed(200, store.put(int(bucket), int(refs), json.loads(body)))
            case "PUT", ["api", "buckets", bucket, "files", refs, "move"]:
                return "move", _framed(200, store.move(int(bucket), store.ids(refs)))
            case "DELETE", ["api", "buckets", bucket, "files", refs]:
                store.delete(int(bucket), store.ids(refs))
                return "delete", b"HTTP/1.1 204 X\r\n\r\n"
            case "POST", ["api", "buckets", bucket, "files"]:
                file = store.create(int(bucket), _fields(body, content_type))
                return "create", _framed(201, file)
            case _:
                return "unknown", _framed(404, b'{"message":"Not Found."}')


class Connection(asyncio.Protocol):
    """HTTP/1.1 with `Content-Length`, one request after another."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._held = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer once the request is there."""
        self._held += data
        end = self._held.find(b"\r\n\r\n")
        if end < 0:
            return
        start, *lines = self._held[:end].decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        length = int(headers.get("content-length", "0"))
        if len(self._held) < end + 4 + length:
            return
        body, self._held = self._held[end + 4 : end + 4 + length], b""
        method, target, _ = start.split(" ")
        loop = asyncio.get_running_loop()
        answer = self._service.answer(
            method, target, body, headers.get("content-type", ""), loop.time()
        )
        if self._service.latency:
            loop.call_later(self._service.latency, self._write, answer)
        else:
            self._write(answer)

    def _write(self, answer: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(answer)


def _compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _framed(status: int, body: bytes, head: bytes = b"") -> bytes:
    return _JSON % (status, len(body), head) + body


def _fields(body: bytes, content_type: str) -> dict[str, object]:
    """An upload's title and metadata, of JSON or of a form with a file in it."""
    if content_type.startswith("application/json"):
        sent = json.loads(body)
        return {name: sent[name] for name in ("title", "user_defined")}
    boundary = content_type.partition("boundary=")[2].strip('"').encode()
    fields: dict[str, object] = {}
    for part in body.split(b"--" + boundary):
        head, _, value = part.partition(b"\r\n\r\n")
        for name in ("title", "user_defined"):
            if f'name="{name}"'.encode() in head:
                fields[name] = value.removesuffix(b"\r\n").decode()
    fields["user_defined"] = json.loads(str(fields.get("user_defined") or "{}"))
    return fields


async def _serve(options: argparse.Namespace) -> None:
    lines = Path(options.live).read_bytes().splitlines()
    service = Service(
        Store(lines),
        Limiter(options.rps),
        latency=options.latency / 1000,
        retry_after=options.retry_after,
    )
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(service), "127.0.0.1", 0, backlog=256)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    # Whoever started it holds the other end: no server outlives its bench.
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


def main() -> None:
    """Serve until standard input ends."""
    options = argparse.ArgumentParser()
    options.add_argument("--live", required=True)
    options.add_argument("--latency", type=float, default=0)
    options.add_argument("--rps", type=int)
    options.add_argument("--retry-after", action="store_true")
    gc.disable()
    # The usual selector counts in whole milliseconds and rounds up: 50 ms would be 51.
    loop = asyncio.SelectorEventLoop(selectors.SelectSelector())
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(_serve(options.parse_args()))


if __name__ == "__main__":
    main()
