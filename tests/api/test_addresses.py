"""Where requests go, and where they never go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.api.addresses import Addresses, checked_region
from reconciler.core.model import Bucket
from reconciler.errors import NotThere, ServiceError
from tests.api.servers import answer, serving

if TYPE_CHECKING:
    from tests.api.conftest import MakeClient

ONE = {"spots": Bucket("spots", 7)}


class TestOneHost:
    def test_serves_all(self) -> None:
        addresses = Addresses("https://api-v2.acrcloud.com")
        assert addresses.buckets() == "https://api-v2.acrcloud.com/api/buckets"
        assert addresses.files(7, {}) == "https://api-v2.acrcloud.com/api/buckets/7/files"
        assert addresses.files(7, {7: "eu-west-1"}) == addresses.files(7, {})
        assert not addresses.has_regions

    def test_is_one_origin_with_and_without_a_slash(self) -> None:
        one, two = Addresses("https://x.acrcloud.com/"), Addresses("https://x.acrcloud.com")
        assert one.origin == two.origin == "https://x.acrcloud.com"
        assert one.buckets() == two.buckets()

    def test_may_stand_under_a_path(self) -> None:
        assert Addresses("https://proxy/acr").buckets() == "https://proxy/acr/api/buckets"


class TestATemplate:
    ADDRESSES = Addresses("https://api-{region}.acrcloud.com")

    def test_has_a_host_for_each_region(self) -> None:
        regions = {7: "eu-west-1", 8: "us-west-2"}
        assert self.ADDRESSES.files(7, regions) == (
            "https://api-eu-west-1.acrcloud.com/api/buckets/7/files"
        )
        assert self.ADDRESSES.files(8, regions) == (
            "https://api-us-west-2.acrcloud.com/api/buckets/8/files"
        )
        assert self.ADDRESSES.has_regions

    @pytest.mark.parametrize("regions", [{}, {7: None}])
    def test_asks_v2_where_the_region_is_not_known(self, regions: dict[int, str | None]) -> None:
        assert self.ADDRESSES.buckets() == "https://api-v2.acrcloud.com/api/buckets"
        assert self.ADDRESSES.files(7, regions).startswith("https://api-v2.acrcloud.com/")


@pytest.mark.parametrize("region", ["eu-west-1", "us-west-2", "ap-southeast-1", "cn-north-1"])
def test_known_regions(region: str) -> None:
    assert checked_region(region, 7) == region


@pytest.mark.parametrize("region", [None, ""])
def test_no_region(region: str | None) -> None:
    assert checked_region(region, 7) is None


@pytest.mark.parametrize(
    "region",
    [
        "evil.example.com/",
        "eu-west-1.evil.example.com",
        "eu-west-1@evil.example.com",
        "eu-west-1\n",
        "EU-WEST-1",
        "eu-west-10",
        "v2",
        " eu-west-1",
        "éu-west-1",
        "eu-west-1/../x",
        "#",
    ],
)
def test_a_region_of_another_form_is_refused_and_named(region: str) -> None:
    with pytest.raises(ServiceError, match="reading bucket 7: the service names the region"):
        checked_region(region, 7)


def bucket(region: str) -> dict[str, object]:
    return {"data": {"id": 7, "name": "spots", "region": region}}


TEMPLATE = "http://api-{region}.example"
PAGE = {"data": [], "meta": {"total": 0, "last_page": 1}}


class TestTheClient:
    def test_asks_for_the_region_once_and_goes_to_its_host(self, client: MakeClient) -> None:
        """Seen by a proxy, which is told of every host by its name."""
        with serving(answer(200, bucket("eu-west-1")), answer(200, PAGE)) as proxy:
            reading = client(TEMPLATE, buckets=ONE, proxies={"http": proxy.url})
            reading.read_live()
            reading.read_live()
        assert [line.partition("?")[0] for line in proxy.lines()] == [
            "GET http://api-v2.example/api/buckets/7",
            "GET http://api-eu-west-1.example/api/buckets/7/files",
            "GET http://api-eu-west-1.example/api/buckets/7/files",
        ]

    def test_sends_nothing_where_the_name_would_be_another_host(self, client: MakeClient) -> None:
        with serving(answer(200, bucket("x.evil.example/"))) as proxy:
            reading = client(TEMPLATE, buckets=ONE, proxies={"http": proxy.url})
            with pytest.raises(ServiceError, match=r"'x\.evil\.example/'.* no request goes there"):
                reading.read_live()
        assert proxy.lines() == ["GET http://api-v2.example/api/buckets/7"]

    def test_takes_any_name_where_it_is_part_of_no_host(self, client: MakeClient) -> None:
        with serving(answer(200, bucket("us")), answer(200, PAGE)) as server:
            live = client(server.url, buckets=ONE).read_live()
        assert live.buckets["spots"].region == "us"

    def test_says_which_bucket_is_not_there(self, client: MakeClient) -> None:
        with (
            serving(answer(404, {"message": "Not found."})) as server,
            pytest.raises(NotThere, match="names the bucket spots with the id 7"),
        ):
            client(server.url, buckets=ONE).read_live()

    def test_the_token_goes_to_no_address_of_an_answer(self, client: MakeClient) -> None:
        with serving(answer(200, PAGE)) as elsewhere:
            page = {
                "data": [],
                "links": {"next": f"{elsewhere.url}/api/buckets/7/files?page=2"},
                "meta": {"total": 0, "last_page": 1, "path": elsewhere.url},
            }
            with serving(answer(200, bucket("")), answer(200, page)) as server:
                client(server.url, buckets=ONE).read_live()
            assert len(server.requests) == 2
            assert elsewhere.requests == []
