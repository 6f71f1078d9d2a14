"""What the references of a users' schema may lead to.

Where the validators, or the drafts, may read a reference differently, it leads to all that it may
mean: this serves to count work before it is done, and not to check anything.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote, urldefrag, urljoin

METASCHEMAS: Final = ("http://json-schema.org/", "https://json-schema.org/")
"""Schemas of schemas, which the validators bring along."""

_WITH_ID: Final = ("http://json-schema.org/draft-03/", "http://json-schema.org/draft-04/")
"""Where the keyword is `id`, and not `$id`."""


class LostError(Exception):
    """A reference leads nowhere."""


class References:
    """Knows the documents of a schema by their addresses, and reads what they refer to."""

    def __init__(self, retrieve: Callable[[str], Any]) -> None:
        """`retrieve`: the document at an address; what it raises goes through."""
        self._retrieve = retrieve
        self._bases: dict[int, str] = {}
        self._resources: dict[str, list[Any]] = {}
        self._anchors: dict[tuple[str, str], list[Any]] = {}
        self._dynamic: dict[str, list[Any]] = {}
        self._recursive: list[Any] = []
        self._drafts: list[str] = []

    def add(self, address: str, document: Any) -> None:
        """Know a document, and the addresses and anchors that are in it."""
        self._resources.setdefault(address, []).append(document)
        draft = document.get("$schema") if isinstance(document, Mapping) else None
        self._drafts.append(draft if isinstance(draft, str) else "".join(self._drafts[:1]))
        name = "id" if self._drafts[-1].startswith(_WITH_ID) else "$id"
        waiting = [(document, address)]
        while waiting:
            item, base = waiting.pop()
            if isinstance(item, Mapping):
                base = self._named(item, base, name)
                waiting += [(inner, base) for inner in item.values()]
            elif isinstance(item, list):
                waiting += [(inner, base) for inner in item]

    def _named(self, item: Mapping[str, Any], base: str, name: str) -> str:
        own = item.get(name)
        if isinstance(own, str):
            within, anchor = urldefrag(urljoin(base, own))
            self._anchors.setdefault((within, anchor), []).append(item)
            if not anchor:
                self._resources.setdefault(within, []).append(item)
            base = within
        for label in (item.get("$anchor"), item.get("$dynamicAnchor")):
            if isinstance(label, str):
                self._anchors.setdefault((base, label), []).append(item)
        dynamic = item.get("$dynamicAnchor")
        if isinstance(dynamic, str):
            self._dynamic.setdefault(dynamic, []).append(item)
        if item.get("$recursiveAnchor") is True:
            self._recursive.append(item)
        self._bases[id(item)] = base
        return base

    def of(self, schema: Mapping[str, Any]) -> Iterator[Any]:
        """What the references of a schema in a known document lead to, each once.

        Raises `LostError`, or what the retriever raises.
        """
        found = {id(one): one for one in self._all(schema)}
        yield from found.values()

    def _all(self, schema: Mapping[str, Any]) -> Iterator[Any]:
        base = self._bases[id(schema)]
        for keyword in ("$ref", "$dynamicRef", "$recursiveRef"):
            reference = schema.get(keyword)
            if isinstance(reference, str):
                address, fragment = urldefrag(urljoin(base, reference))
                if not address.startswith(METASCHEMAS):
                    yield from self._found(address, unquote(fragment), reference)
                if keyword == "$dynamicRef":
                    yield from self._dynamic.get(unquote(fragment), ())
                elif keyword == "$recursiveRef":
                    yield from self._recursive

    def _found(self, address: str, fragment: str, reference: str) -> list[Any]:
        if address not in self._resources:
            self.add(address, self._retrieve(address))
        if fragment and not fragment.startswith("/"):
            found = self._anchors.get((address, fragment), [])
        else:
            places = (_at(root, fragment) for root in self._resources[address])
            found = [place for place in places if place is not None]
        if not found:
            raise LostError(reference)
        return found


def _at(root: Any, pointer: str) -> Any | None:
    """What a JSON pointer leads to (RFC 6901); None for nothing."""
    found = root
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, Mapping) and name in found:
            found = found[name]
        elif (
            isinstance(found, list) and name.isascii() and name.isdigit() and int(name) < len(found)
        ):
            found = found[int(name)]
        else:
            return None
    return found
