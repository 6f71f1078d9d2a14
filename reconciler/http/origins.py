"""Where a token may go: to what is encrypted, or to this machine; and which addresses of others are
read in one way only."""

import ipaddress
import re
from typing import Final, NamedTuple

_BASE: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::[0-9]{1,5})?"
    r"(?:/[A-Za-z0-9._~-]*)*",
    re.ASCII,
)
_PLAIN: Final = re.compile(
    r"https?://(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?"
    r"/[A-Za-z0-9/?&=._~%!$'()*+,;:@-]*",
    re.ASCII,
)
"""What all programs read alike: no user name, fragment, backslash or white space."""
_UPWARDS: Final = re.compile(
    r"(?:/|%2f|%5c)(?:\.|%2e){1,2}(?:[/?;]|%2f|%5c|$)", re.IGNORECASE | re.ASCII
)
"""Would lead out of an API's path on a host that it shares, as some servers read it."""


class Base(NamedTuple):
    """A base URL of the form `https://host/path`: no user name, query or fragment."""

    is_tls: bool
    is_loopback: bool
    """Whether it is this machine, without asking anybody. Other names for it, such as 127.1, are
    taken by some and not by others: they do not count."""


def base_of(url: str) -> Base | None:
    """What a base URL is; None where it is none."""
    parts = _BASE.fullmatch(url)
    if parts is None:
        return None
    return Base(parts["scheme"] == "https", _is_loopback(parts["host"]))


def is_plain(url: str) -> bool:
    """Whether an address can be read in one way only."""
    return _PLAIN.fullmatch(url) is not None and _UPWARDS.search(url) is None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
