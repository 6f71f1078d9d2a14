"""Where requests go, and where they never go."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest

from reconciler.api.addresses import Addresses, checked_region
from reconciler.app import Connection, connected
from reconciler.core.model import Bucket
from reconciler.errors import NotThere, ServiceError, UsageError
from tests.api.servers import answer, serving

if TYPE_CHECKING:
    import trustme

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


WHAT_IT_COVERS = [
    ("https://x.acrcloud.com", "https://x.acrcloud.com/api/buckets"),
    ("https://x.acrcloud.com/", "https://x.acrcloud.com/api/"),
    ("https://x.acrcloud.com:8443", "https://x.acrcloud.com:8443/api/buckets/7"),
    ("https://proxy/a.cr", "https://proxy/a.cr/api/buckets"),
    ("http://[::1]:8080", "http://[::1]:8080/api/buckets"),
    ("https://api-{region}.acrcloud.com", "https://api-v2.acrcloud.com/api/buckets"),
    ("https://api-{region}.acrcloud.com", "https://api-eu-west-1.acrcloud.com/api/buckets/7/files"),
]
WHAT_IT_DOES_NOT = [
    ("https://x.acrcloud.com", "https://x.acrcloud.com"),
    ("https://x.acrcloud.com", "https://x.acrcloud.com/api"),
    ("https://x.acrcloud.com", "https://xyacrcloud.com/api/"),
    ("https://x.acrcloud.com", "https://x.acrcloud.com.evil.example/api/"),
    ("https://x.acrcloud.com", "https://x.acrcloud.com@evil.example/api/"),
    ("https://x.acrcloud.com", "http://x.acrcloud.com/api/"),
    ("https://x.acrcloud.com", "https://evil.example/#https://x.acrcloud.com/api/"),
    ("https://proxy/a.cr", "https://proxy/api/buckets"),
    ("https://proxy/a.cr", "https://proxy/abcr/api/buckets"),
    ("https://api-{region}.acrcloud.com", "https://api-.acrcloud.com/api/buckets"),
    ("https://api-{region}.acrcloud.com", "https://api-v3.acrcloud.com/api/buckets"),
    ("https://api-{region}.acrcloud.com", "https://api-eu-west-1.evil.com/api/buckets"),
    ("https://api-{region}.acrcloud.com", "https://api-eu-west-10.acrcloud.com/api/buckets"),
    ("https://api-{region}.acrcloud.com", "https://api-x.evil.com/.acrcloud.com/api/buckets"),
    ("https://api-{region}.acrcloud.com", "https://api-{region}.acrcloud.com/api/buckets"),
    ("https://api-{region}.acrcloud.com", "https://api-é-west-1.acrcloud.com/api/buckets"),
]


class TestWhatABaseUrlCovers:
    """I12: the token goes wherever a request goes."""

    @pytest.mark.parametrize(("base_url", "url"), WHAT_IT_COVERS)
    def test_is_the_api_under_it(self, base_url: str, url: str) -> None:
        assert Addresses(base_url).cover(url)

    @pytest.mark.parametrize(("base_url", "url"), WHAT_IT_DOES_NOT)
    def test_is_nothing_else(self, base_url: str, url: str) -> None:
        assert not Addresses(base_url).cover(url)

    @pytest.mark.parametrize("region", [None, "eu-west-1", "ap-southeast-1"])
    def test_is_whatever_it_makes_itself(self, region: str | None) -> None:
        for base_url in ("https://x.acrcloud.com/", "https://api-{region}.acrcloud.cn"):
            addresses = Addresses(base_url)
            assert addresses.cover(f"{addresses.buckets()}/7")
            assert addresses.cover(f"{addresses.files(7, {7: region})}/1,2/move")


class TestABaseUrl:
    @pytest.mark.parametrize(
        "base_url",
        [
            "",
            "api-v2.acrcloud.com",
            "ftp://api-v2.acrcloud.com",
            "HTTPS://api-v2.acrcloud.com",
            "https://",
            "https://user:password@api-v2.acrcloud.com",
            "https://api-v2.acrcloud.com?x=y",
            "https://api-v2.acrcloud.com#x",
            "https://api-v2.acrcloud.com\\@evil.example",
            "https://api-v2.acrcloud.com\n",
            "https://api-v2.acrcloud.com/a b",
            "https://api-{region}-{region}.acrcloud.com",
            "https://api-{place}.acrcloud.com",
            "https://①.acrcloud.com",
            " https://api-v2.acrcloud.com",
        ],
    )
    def test_that_is_none_is_refused(self, base_url: str) -> None:
        with pytest.raises(UsageError, match=r"is not https://host/path, without user name"):
            Addresses(base_url)

    @pytest.mark.parametrize(
        "base_url",
        [
            "http://127.0.0.1",
            "http://127.0.0.1:8080",
            "http://127.255.0.3:8080/sub",
            "http://localhost:8080",
            "http://LOCALHOST",
            "http://[::1]:8080",
            "http://[0:0:0:0:0:0:0:1]",
        ],
    )
    def test_of_plain_http_may_be_this_machine(self, base_url: str) -> None:
        """T20."""
        assert not Addresses(base_url).is_tls

    @pytest.mark.parametrize(
        "base_url",
        [
            "http://api-v2.acrcloud.com",
            "http://128.0.0.1",
            "http://10.0.0.1",
            "http://0.0.0.0",
            "http://127.1",
            "http://2130706433",
            "http://127.0.0.1.evil.example",
            "http://evil.localhost",
            "http://localhost.evil.example",
            "http://[::2]",
            "http://[::]",
            "http://api-{region}.localhost",
        ],
    )
    def test_of_plain_http_may_be_nothing_else(self, base_url: str) -> None:
        """T20."""
        with pytest.raises(UsageError, match=r"it must begin with https:// \(http is for 127"):
            Addresses(base_url)

    def test_is_judged_by_whatever_connects(self) -> None:
        """From Python too, before anything is sent."""
        with (
            pytest.raises(UsageError, match="in plain http"),
            connected("http://api-v2.acrcloud.com", ONE, Connection(token="secret")),
        ):
            raise AssertionError("connected")


def bucket(region: str) -> dict[str, object]:
    return {"data": {"id": 7, "name": "spots", "region": region}}


TEMPLATE = "https://api-{region}.example"
PAGE = {"data": [], "meta": {"total": 0, "last_page": 1}}


class TestTheClient:
    """Seen by a proxy, which is told of every host by its name."""

    @pytest.fixture
    def tls(self, authority: trustme.CA) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("api-v2.example", "api-eu-west-1.example").configure_cert(context)
        return context

    def test_asks_for_the_region_once_and_goes_to_its_host(
        self, client: MakeClient, tls: ssl.SSLContext, trusted: str
    ) -> None:
        answers = answer(200, bucket("eu-west-1")), answer(200, PAGE)
        with serving(*answers, tls=tls, tunnel=True) as proxy:
            proxies = {"https": proxy.url}
            reading = client(TEMPLATE, buckets=ONE, proxies=proxies, ca_bundle=trusted)
            reading.read_live()
            reading.read_live()
        assert [line.partition("?")[0] for line in proxy.lines()] == [
            "CONNECT api-v2.example:443",
            "GET /api/buckets/7",
            "CONNECT api-eu-west-1.example:443",
            "GET /api/buckets/7/files",
            "GET /api/buckets/7/files",
        ]

    def test_sends_nothing_where_the_name_would_be_another_host(
        self, client: MakeClient, tls: ssl.SSLContext, trusted: str
    ) -> None:
        with serving(answer(200, bucket("x.evil.example/")), tls=tls, tunnel=True) as proxy:
            proxies = {"https": proxy.url}
            reading = client(TEMPLATE, buckets=ONE, proxies=proxies, ca_bundle=trusted)
            with pytest.raises(ServiceError, match=r"'x\.evil\.example/'.* no request goes there"):
                reading.read_live()
        assert proxy.lines() == ["CONNECT api-v2.example:443", "GET /api/buckets/7"]

    def test_shows_its_token_to_no_proxy(
        self, client: MakeClient, tls: ssl.SSLContext, trusted: str
    ) -> None:
        with serving(answer(200, bucket("")), tls=tls, tunnel=True) as proxy:
            proxies = {"https": proxy.url.replace("//", "//somebody:else@")}
            reading = client(TEMPLATE, buckets=ONE, proxies=proxies, ca_bundle=trusted)
            reading.bucket_name("spots")
        connect, asked = proxy.requests
        assert "authorization" not in connect.headers
        assert connect.headers["proxy-authorization"].startswith("Basic ")
        assert asked.headers["authorization"] == "Bearer secret"
        assert "proxy-authorization" not in asked.headers

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
