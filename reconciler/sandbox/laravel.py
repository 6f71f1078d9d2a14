"""How a Laravel service answers: validation errors, redirects, pages, times.

LIKELY throughout (field notes: "a Laravel service"), except for the shape of `links` and `meta`,
the times and the redirect without `Accept: application/json`, which are KNOWN.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.sandbox.records import JsonObject, JsonValue


class ValidationError(Exception):
    """422: which fields are wrong, and how. `errors` maps each field to its messages."""

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        super().__init__("The given data was invalid.")
        self.errors = {field: list(messages) for field, messages in errors.items()}


class NotFoundError(Exception):
    """404: `what` is not there."""


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page was asked for, and how many results it may have."""

    page: int
    per_page: int

    @property
    def offset(self) -> int:
        """How many results come before the page."""
        return (self.page - 1) * self.per_page


def timestamp(seconds: float) -> str:
    """`2020-12-24T08:49:17.000000Z`: six places, but whole seconds, as MySQL keeps them."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(seconds))


def paginated(
    data: Sequence[JsonObject], paging: Paging, total: int, *, path: str, per_page_as_text: bool
) -> JsonObject:
    """One page with `links` and `meta` as the API page shows them.

    LIKELY: the links drop every query parameter but `page`. A page behind the last one is empty,
    with `from` and `to` null.
    """
    last = max(1, math.ceil(total / paging.per_page))
    rows: list[JsonValue] = list(data)
    before, after = paging.page - 1, paging.page + 1
    return {
        "data": rows,
        "links": {
            "first": f"{path}?page=1",
            "last": f"{path}?page={last}",
            "prev": f"{path}?page={before}" if before else None,
            "next": f"{path}?page={after}" if paging.page < last else None,
        },
        "meta": {
            "current_page": paging.page,
            "from": paging.offset + 1 if data else None,
            "last_page": last,
            "path": path,
            "per_page": str(paging.per_page) if per_page_as_text else paging.per_page,
            "to": paging.offset + len(data) if data else None,
            "total": total,
        },
    }


def wants_json(accept: str) -> bool:
    """Laravel's own test: the first type that is accepted names JSON. Else a failed validation
    redirects (KNOWN)."""
    first = accept.split(",", 1)[0].split(";", 1)[0]
    return first.strip().lower().endswith(("/json", "+json"))
