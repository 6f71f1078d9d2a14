"""F46: a service that gives the same page for ever, whatever page it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.api.test_client import BUCKET, page

if TYPE_CHECKING:
    from tests.api.conftest import MakeClient

from reconciler.api.listing import Lister
from reconciler.api.wire import Page
from reconciler.core.model import Bucket, File, FileId, FileState
from reconciler.errors import UnreadableAnswer
from tests.api.servers import serving

SPOTS = {"spots": Bucket("spots", 8891)}
PAGES = 5
FILES = [File(FileId(n), f"acr{n}", "spots", "T", {}, FileState.READY, None) for n in range(1, 11)]
SAME = page(range(1, 11), total=10 * PAGES, last=PAGES)


@pytest.mark.parametrize("concurrency", [1, 8])
def test_is_no_listing_that_is_proved(client: MakeClient, concurrency: int) -> None:
    with serving(BUCKET, SAME) as server:
        live = client(server.url, buckets=SPOTS, concurrency=concurrency).read_live()
        assert len(server.requests) == 1 + 4 * (PAGES + 2)
    assert (
        live.buckets["spots"].incomplete
        == "a file came twice: the bucket changed while it was read"
    )
    assert len(live.buckets["spots"].files) == 10


def test_is_no_listing_without_end() -> None:
    """I8, F43: whatever number of pages is announced."""
    asked: list[int] = []

    def read(bucket: str, number: int, size: int) -> Page:
        asked.append(number)
        return Page(tuple(FILES), 10**9, 10**8)

    with pytest.raises(UnreadableAnswer, match="hold no file that was not on a page before"):
        Lister(read, 4).files("spots")
    assert len(asked) <= 2 + 2 * 16


def test_ends_a_look_for_the_newest_soon(client: MakeClient) -> None:
    with serving(BUCKET, SAME) as server:
        found = client(server.url).read_newest("spots", FileId(3))
        assert len(server.requests) == 1 + 2 * 2
    assert [file.id for file in found] == list(range(4, 11))
