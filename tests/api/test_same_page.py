"""F46: a service that gives the same page for ever, whatever page it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.api.test_client import BUCKET, page

if TYPE_CHECKING:
    from tests.api.conftest import MakeClient

from reconciler.core.model import Bucket, FileId
from tests.api.servers import serving

SPOTS = {"spots": Bucket("spots", 8891)}
PAGES = 5
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


def test_ends_a_look_for_the_newest_with_the_last_page(client: MakeClient) -> None:
    with serving(BUCKET, SAME) as server:
        found = client(server.url).read_newest("spots", FileId(3))
        assert len(server.requests) == 1 + PAGES
    assert [file.id for file in found] == list(range(4, 11))
