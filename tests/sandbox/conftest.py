"""What the sandbox's tests share: an opened sandbox with a client, a clock, and audio."""

from __future__ import annotations

import io
import wave
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import pytest
import requests

from reconciler.sandbox.server import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.sandbox.console import Sandbox

CHRISTMAS_EVE = 1608799757.0  # 2020-12-24T08:49:17Z, the page's own moment


class Clock:
    """A clock that goes only when it is told to."""

    def __init__(self, now: float = CHRISTMAS_EVE) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Api:
    """A client with no opinion: sends what it is told and gives back what came."""

    sandbox: Sandbox
    clock: Clock
    session: requests.Session
    headers: dict[str, str] = field(
        default_factory=lambda: {"Accept": "application/json", "Authorization": "Bearer token"}
    )

    def __call__(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = options.pop("headers", self.headers)
        return self.session.request(
            method,
            f"{self.sandbox.url}/api{path}",
            headers=headers,
            allow_redirects=False,
            timeout=10,
            **options,
        )

    def upload(
        self, bucket: int, content: bytes = b"", name: str = "test.wav", **fields: str
    ) -> Any:
        """Uploads audio as the page's Python example does, and gives the answer's data."""
        fields = {"data_type": "audio", "title": "adsfad", **fields}
        files = {"file": (name, content, "audio/mpeg")}
        answer = self("POST", f"/buckets/{bucket}/files", data=fields, files=files)
        assert answer.ok, answer.text
        return answer.json()["data"]

    def list(self, bucket: int, **query: Any) -> Any:
        """The whole answer of a listing."""
        answer = self("GET", f"/buckets/{bucket}/files", params=query)
        assert answer.ok, answer.text
        return answer.json()

    def titles(self, bucket: int, **query: Any) -> Any:
        """The titles of a listing, in order."""
        return [file["title"] for file in self.list(bucket, **query)["data"]]


class Open(Protocol):
    def __call__(self, **settings: Any) -> Api: ...


@pytest.fixture
def open_sandbox() -> Iterator[Open]:
    """Opens sandboxes with two buckets, 8891 and 8892, and closes them at the end."""
    with ExitStack() as stack:

        def opened(**settings: Any) -> Api:
            clock = settings.setdefault("clock", Clock())
            sandbox = stack.enter_context(running(**settings))
            for name, bucket_id in (("spots", 8891), ("archive", 8892)):
                if sandbox.buckets.region(bucket_id) is None:
                    sandbox.add_bucket(name, id=bucket_id)
            session = stack.enter_context(requests.Session())
            session.trust_env = False
            return Api(sandbox, clock, session)

        yield opened


@pytest.fixture
def api(open_sandbox: Open) -> Api:
    """A sandbox that behaves as the page says, where files take a second to be ready."""
    return open_sandbox(ready_after=1.0)


def wav_bytes(seconds: float, *, rate: int = 8000) -> bytes:
    """Silence."""
    out = io.BytesIO()
    with wave.open(out, "wb") as audio:
        audio.setnchannels(1)
        audio.setsampwidth(2)
        audio.setframerate(rate)
        audio.writeframes(bytes(2 * round(seconds * rate)))
    return out.getvalue()


@pytest.fixture
def wav() -> bytes:
    """Two and a half seconds of wav."""
    return wav_bytes(2.5)
