"""A catalogue's name, for those who need nothing else of it: the rest may be wrong."""

import re
from pathlib import Path
from typing import Final

from reconciler.catalog import events
from reconciler.catalog.disk import UnreadableError, read
from reconciler.catalog.problems import Problem
from reconciler.catalog.scalars import text_of
from reconciler.core.model import Place
from reconciler.errors import CatalogError

_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


def name_of(path: Path) -> str:
    """The name of the catalogue at `path`. Raises `CatalogError` where it cannot be told."""
    place = Place(path.name or ".", 1, 1)
    try:
        document = events.build(read(path).data)
    except UnreadableError as error:
        raise CatalogError([Problem(place, "", f"the catalogue {error}")]) from None
    if not document.complete:
        faults = [
            Problem(Place(path.name, *each.spot), "", each.message) for each in document.faults
        ]
        raise CatalogError(faults)
    told = document.value.get("catalog") if isinstance(document.value, dict) else None
    name = text_of(told) if isinstance(told, bool | int | float) else told
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        message = "expected the catalogue's name: 1 to 64 characters of letters, digits and . _ -"
        raise CatalogError([Problem(place, "catalog", message)])
    return name
