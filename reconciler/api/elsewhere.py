"""Which addresses that the service names, beside those of the API itself, may be asked: a dump may
lie in some object storage.

Asked is https on its own port, at a host that has a name, and whose name means public addresses
only: whoever can name an address must not reach, through us, what only this machine and its
network can. A name may mean one address now and another a moment later, so what counts is where a
connection has really got to, before a byte is sent (see `connections`). Where the operator has a
proxy, the proxy finds the name's addresses, and only it could refuse them; it is the operator's to
keep it from the network's inside.

It cannot be seen whether a public host is the service's own. So it gets nothing of ours, and what
comes from it is believed only as far as it is proved (see `dump`).
"""

import ipaddress
import re

from reconciler.http.origins import is_plain

_NAMED_HOST = re.compile(
    # The last label begins with a letter: no spelling of a number (127.1, 0x7f000001) is a name.
    # None has more than 63 characters: a longer one cannot even be looked up.
    r"https://(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)+"
    r"[A-Za-z][A-Za-z0-9-]{0,62}(?::443)?/",
    re.ASCII,
)
_UNICAST = ipaddress.ip_network("2000::/3")
"""The part of IPv6 in which public addresses are. Outside of it are those that hold one of IPv4
(`::ffff:0:0/96`, `64:ff9b::/96`), whatever that is."""


def may_be_asked(url: str) -> bool:
    """Whether a plain address is one of https, on its own port, at a host that has a name."""
    return is_plain(url) and _NAMED_HOST.match(url) is not None


def is_public(address: str) -> bool:
    """Whether an IP address is one of the whole internet's."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and (ip not in _UNICAST or ip.sixtofour is not None):
        return False
    return ip.is_global and not ip.is_multicast
