"""Which addresses get the token, and which the service may be asked to fetch from."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.catalog import base_url
from reconciler.catalog.base_url import AddressError, check_audio, of_catalogue, of_operator
from tests.catalog.conftest import searched, soon

FINE = [
    "https://api-v2.acrcloud.com",
    "https://api-v2.acrcloud.com/api",
    "https://cn-api-v2.acrcloud.cn",
    "https://API-v2.ACRCloud.com:443",
    "https://api-{region}.acrcloud.com",
    "http://127.0.0.1:8080",
    "http://localhost:8080/api",
    "https://[::1]:8080",
]
BAD = [
    "http://api-v2.acrcloud.com", "https://evil.example", "https://acrcloud.com.evil.example",
    "https://evilacrcloud.com", "https://acrcloud.com", "https://api.acrcloud.com@evil.example",
    "https://u:p@api.acrcloud.com", "https://api.acrcloud.com?x=1", "https://api.acrcloud.com#x",
    "https://evil.example/.acrcloud.com", "https://evil.example\\.acrcloud.com",
    "https://evil.example%2f.acrcloud.com", "https://evil.example%00.acrcloud.com",
    "https://evil。example.acrcloud.com", "https://api.acrcloud.com.", "https://.acrcloud.com",
    "https://-.acrcloud.com", "https://{region}.evil.example", "https://{region}/x.acrcloud.com",
    "https://api.acrcloud.com/{region}", "https://{region}{region}.acrcloud.com",
    "https://api.acrcloud.com/../x", "https://api.acrcloud.com/./", "https://api.acrcloud.com:99999",
    "https://api.acrcloud.com:", "ftp://api.acrcloud.com", "//api.acrcloud.com", "api.acrcloud.com",
    "https://", "", " https://api.acrcloud.com", "https://api.acrcloud.com\n", "https://[::2]",
    "https://[::1]evil.example", "http://127.0.0.1.evil.example", "http://localhost.evil.example",
    "http://169.254.169.254", "http://10.0.0.1", "http://[fe80::1]", "http://[:::1]",
    "HTTPS://api.acrcloud.com", "https://api.acrcloud.com/a b", "https://x_y.acrcloud.com",
]  # fmt: skip


@pytest.mark.parametrize("url", FINE)
def test_a_catalogue_may_name(url: str) -> None:
    assert of_catalogue(url) == url
    assert of_catalogue(url + "/") == url


@pytest.mark.parametrize("url", BAD)
def test_a_catalogue_may_not_name(url: str) -> None:
    with pytest.raises(AddressError):
        of_catalogue(url)


@searched
@given(st.text(alphabet="htps:/.@\\#?[]{}%acrloudcomevil", max_size=30))
def test_no_other_host_whatever_the_spelling(tail: str) -> None:
    try:
        url = of_catalogue(f"https://{tail}.acrcloud.com")
    except AddressError:
        return
    host = url.removeprefix("https://").split("/")[0].split(":")[0]
    assert host.endswith((".acrcloud.com", ".acrcloud.cn"))


def test_the_operator_may_name_any_host(folder: Any) -> None:
    assert of_operator("https://proxy.example/acr/") == "https://proxy.example/acr"
    for url in (
        "http://proxy.example",
        "https://u@proxy.example",
        "https://p.example?x",
        "nothing",
    ):
        with pytest.raises(AddressError):
            of_operator(url)
    loaded = folder.load("", environment_base_url="https://proxy.example")
    assert loaded.desired.base_url == "https://proxy.example"
    problem = folder.problem("", environment_base_url="http://proxy.example")
    assert "RECONCILER_BASE_URL: the address in the environment must begin with https://" in problem
    # The catalogue is wrong all the same.
    head = folder.path / "catalog.yaml"
    head.write_text(head.read_text() + "api: {base_url: 'https://evil.example'}\n")
    assert "evil.example is none of" in folder.problem(environment_base_url="https://p.example")


@pytest.mark.parametrize(
    "url",
    ["https://cdn.example.com/a.mp3?sig=x", "HTTPS://CDN.example.com/ä%20.mp3", "https://8.8.8.8/a",
     "https://cdn.example:8443/a,b;c", "https://a_b.c-d.example./x", "https://[2606:4700::1111]/a",
     "https://[64:ff9b::808:808]/a", "https://134744072/a"],
)  # fmt: skip
def test_audio_may_be_fetched_from(url: str) -> None:
    check_audio(url, rehearsal=False)


@pytest.mark.parametrize(
    "url",
    ["http://cdn.example.com/a.mp3", "file:///etc/passwd", "ftp://x/a", "https://u:p@x/a", "https://u@x/a",
     "https:///a", "https://", "a.mp3", "https://x y/a", "https://x/\n", "https://x\\@y/a",
     "https://10.0.0.1/a", "https://192.168.1.1/", "https://172.16.0.1", "https://169.254.169.254/latest",
     "https://127.0.0.1/a", "https://localhost/a", "http://localhost:8000/a", "https://[::1]/a",
     "https://[fe80::1]/a", "https://[fd00::1]/a", "https://[::ffff:10.0.0.1]/", "https://[::ffff:127.0.0.1]/",
     "https://2130706433/", "https://0x7f.1/", "https://127.1/", "https://0/", "https://0300.0250.1.1/",
     "https://100.64.0.1/", "https://224.0.0.1/", "https://x.localhost/", "https://①②⑦.0.0.1/",
     "https://x:99999/", "https://[::1/a", "https://169.254.169.254./", "https://[64:ff9b::a9fe:a9fe]/",
     "https://[2002:a9fe:a9fe::]/", "https://[::169.254.169.254]/", "https://[::ffff:0:10.0.0.1]/",
     "https://[fec0::1]/", "https://metadata.google.internal/", "https://metadata/", "https://printer.local./",
     "https://x.home.arpa/", "https://localhost.localdomain/", "https://a..example/", "https://-a.example/",
     "https://999.1.1.1/", "https://8.8.8.8.8/", "https://a.0x7f/", "https://./", "https://../"],
)  # fmt: skip
def test_audio_may_not_be_fetched_from(url: str) -> None:
    with pytest.raises(AddressError):
        check_audio(url, rehearsal=False)


def test_a_rehearsal_may_fetch_from_this_machine(folder: Any) -> None:
    entry = "{title: T, source: {audio_url: 'http://127.0.0.1:8000/a.mp3'}}"
    assert "names this machine" in folder.problem(f"files: {{a: {entry}}}")
    assert folder.entry(entry, environment_base_url="http://localhost:8080").source
    with pytest.raises(AddressError):
        check_audio("http://10.0.0.1/a", rehearsal=True)
    with pytest.raises(AddressError):
        check_audio("ftp://127.0.0.1/a", rehearsal=True)


def test_addresses_without_a_service_are_no_rehearsal() -> None:
    assert not base_url.is_rehearsal("nonsense")
    assert not base_url.is_rehearsal(base_url.DEFAULT)
    assert base_url.is_rehearsal("http://127.9.9.9:1/api")


@pytest.mark.parametrize("text", ["a" * 10**6, "a://" * 250_000, "a://b" * 200_000 + "?"])
def test_a_long_word_is_gone_through_once(text: str) -> None:
    code = "from reconciler.catalog import base_url as b"
    assert soon(f"{code}; print(len(b.without_queries(sys.stdin.read())))", text) == len(text)


def test_a_query_is_hidden_whatever_stands_before_its_address() -> None:
    said = base_url.without_queries("(see=a://b, 1http://c?key=1#2 'x://d#e') why? a://?b a://c?")
    assert said == "(see=a://b, 1http://c?... 'x://d?...') why? a://?... a://c?"


@pytest.mark.parametrize(
    "entry",
    [
        "{title: T, source: 'URL'}",
        "{title: T, source: {audio: 'URL'}}",
        "{title: T, source: {audio_url: 'URL', acrid: 'URL', sha256: 'URL'}}",
        "{title: T, source: {audio_url: 'http://cdn.example.com/a?key=s3cret'}}",
        "{title: T, source: {audio_url: 'https://10.0.0.1/a?key=s3cret'}}",
        "{title: T, source: {audio_url: 'LONG'}}",
        "{title: T, bucket: 'URL', acr_id: 'URL', was: ['URL', 'URL']}",
        "{title: [URL], protect: 'URL', 'x': 'URL'}",
    ],
)
def test_no_message_shows_the_query_of_an_address(folder: Any, entry: str) -> None:
    """T17: who may fetch a file is often written there."""
    url = "https://cdn.example.com/a.mp3?key=s3cret&x=1#s3cret"
    text = entry.replace("URL", url).replace("LONG", f"{url}{'x' * 5000}")
    found = folder.problems(f"files:\n  a: {text}\n")
    assert "s3cret" not in "\n".join(found)
