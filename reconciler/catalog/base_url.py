"""Which addresses may get the token, and which may be handed to the service to fetch from.

Whoever can change the catalogue must not be able to send the token elsewhere: a catalogue
names hosts of the service or this machine's loopback. Any other host is the operator's to name.
"""

import ipaddress
import re
import socket
from typing import Final

DEFAULT: Final = "https://api-v2.acrcloud.com"
VARIABLE: Final = "RECONCILER_BASE_URL"

_REGION: Final = "{region}"
_SERVICE: Final = (".acrcloud.com", ".acrcloud.cn")
_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?P<port>:[0-9]{1,5})?"
    r"(?P<path>(?:/[A-Za-z0-9._~-]*)*)",
    re.ASCII,
)
_LABEL: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?", re.ASCII)
_INSIDE: Final = (".local", ".internal", ".home.arpa", ".localdomain")
"""Names of nothing on the internet (RFC 6762, RFC 8375, ICANN on .internal): of a printer, say, or
of a cloud's service that gives away its keys."""
_WITH_IPV4: Final = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "::ffff:0:0:0/96", "::/96")))
"""Where an IPv6 address ends with one of IPv4 (RFC 6052, RFC 2765, RFC 4291); and `2002::/16`."""
_NUMBER: Final = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*", re.ASCII)
_AUDIO: Final = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<rest>[^\s\\]*)"
)
_QUERY: Final = re.compile(
    r"""(?<![^\s"'<>])((?>[^\s"'<>]*?[A-Za-z0-9+.-]://)[^\s?#"'<>]*+)[?#][^\s"'<>]+"""
)
"""Begins where a word does and never goes back in it, so that a long one is gone through once."""
_AUTHORITY: Final = re.compile(
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?P<port>:[0-9]{1,5})?", re.ASCII
)


class AddressError(ValueError):
    """Why an address may not be used."""


def of_catalogue(url: str) -> str:
    """The base URL that a catalogue names, without a last slash. Raises `AddressError`."""
    scheme, host = _parts(url)
    if is_loopback(host):
        return url.rstrip("/")
    if not host.endswith(_SERVICE):
        raise AddressError(f"the host {host} is none of *.acrcloud.com, *.acrcloud.cn and loopback")
    if scheme != "https":
        raise AddressError("must begin with https://")
    return url.rstrip("/")


def of_operator(url: str) -> str:
    """The base URL from the operator's environment: any host. Raises `AddressError`."""
    scheme, host = _parts(url)
    if scheme != "https" and not is_loopback(host):
        raise AddressError("must begin with https:// (http is for loopback)")
    return url.rstrip("/")


def check_audio(url: str, *, rehearsal: bool) -> None:
    """Raise `AddressError` where the service must not be asked to fetch from `url`.

    In a rehearsal, with the service itself on loopback, this machine may serve the audio.
    """
    split = _AUDIO.fullmatch(url)
    if split is None or not url.isprintable():
        raise AddressError("is not an address such as https://host/path")
    if "@" in split["authority"]:
        raise AddressError("must not hold a user name or password")
    authority = _AUTHORITY.fullmatch(split["authority"])
    if authority is None or int((authority["port"] or ":0")[1:]) > 65535:
        raise AddressError("has no usable host")
    host = authority["host"].lower()
    if is_loopback(host):
        if not rehearsal:
            raise AddressError("names this machine, which the service cannot reach")
    elif _is_private(host):
        raise AddressError(f"names an address of a private network: {host}")
    elif not host.startswith("[") and not _is_public_name(host):
        raise AddressError("has no host that is known on the internet")
    scheme = split["scheme"].lower()
    if scheme != "https" and not (scheme == "http" and is_loopback(host)):
        raise AddressError("must begin with https://")


def is_rehearsal(base_url: str) -> bool:
    """Whether the service is played on this machine."""
    try:
        return is_loopback(_parts(base_url)[1])
    except AddressError:
        return False


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself, without asking any name server."""
    if f".{host.rstrip('.').lower()}".endswith(".localhost"):
        return True
    address = _address(host)
    return address is not None and address.is_loopback


def without_query(url: str) -> str:
    """The URL without its query and fragment: what may be shown, and what counts."""
    return re.split(r"[?#]", url, maxsplit=1)[0]


def without_queries(text: str) -> str:
    """A text for people, in which no address has its query or fragment: keys stand there."""
    return _QUERY.sub(r"\1?...", text)


def _parts(url: str) -> tuple[str, str]:
    if url.count(_REGION) > 1:
        raise AddressError(f"may hold {_REGION} once")
    split = _URL.fullmatch(url.replace(_REGION, "region"))
    if split is None:
        raise AddressError("must be https://host/path, without user name, query and fragment")
    if _REGION in url and _REGION not in url.removeprefix(f"{split['scheme']}://").split("/")[0]:
        raise AddressError(f"may hold {_REGION} in its host only")
    host = split["host"].lower()
    if not host.startswith("[") and not all(map(_LABEL.fullmatch, host.split("."))):
        raise AddressError("has no usable host")
    if host.startswith("[") and _address(host) is None:
        raise AddressError("has no usable host")
    if int((split["port"] or ":0")[1:]) > 65535:
        raise AddressError("has no usable port")
    if {".", ".."} & set(split["path"].split("/")):
        raise AddressError("must not hold . or .. in its path")
    return split["scheme"], host


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a host is written as, in any of the spellings that libraries take."""
    try:
        if host.startswith("["):
            six = ipaddress.IPv6Address(host.strip("[]"))
            return six.ipv4_mapped or six
        # 2130706433, 0x7f.1 and 127.1 are 127.0.0.1 to most of them. Reads only, resolves nothing.
        return ipaddress.IPv4Address(socket.inet_aton(host.rstrip(".")))
    except (OSError, ValueError):
        return None


def _is_private(host: str) -> bool:
    address = _address(host)
    if isinstance(address, ipaddress.IPv6Address):
        inner = _ipv4_in(address)
        if inner is not None:
            address = inner
        elif address.is_site_local:
            return True
    return address is not None and (not address.is_global or address.is_multicast)


def _ipv4_in(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The address of IPv4 that a gateway would make of it."""
    if any(address in network for network in _WITH_IPV4):
        return ipaddress.IPv4Address(address.packed[-4:])
    return address.sixtofour


def _is_public_name(host: str) -> bool:
    """Whether a name server on the internet may know the host: no name server is asked."""
    if _address(host) is not None:
        return True
    *most, last = labels = host.removesuffix(".").split(".")
    shaped = all(_LABEL.fullmatch(label.replace("_", "0")) for label in labels)
    inside = f".{'.'.join(labels)}".endswith(_INSIDE)
    return bool(most) and shaped and not inside and not _NUMBER.fullmatch(last)
