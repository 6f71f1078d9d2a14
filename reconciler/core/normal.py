"""When two values are the same: both sides pass through here once, before they are compared.

| live or desired                        | normal form                                   |
|----------------------------------------|-----------------------------------------------|
| title                                  | NFC, without outer white space                |
| user_defined `[]`, null, "" or absent  | `{}`                                          |
| user_defined as a JSON string          | its object, also where it was encoded twice   |
| any other user_defined                 | `Opaque`                                      |
| a null value in an object              | the key is absent                             |
| order of keys                          | means nothing                                 |

The service's API page shows an empty `user_defined` as `{}`; the other spellings of it are
known of Laravel services, whose empty object easily becomes an empty list.
"""

import unicodedata
from collections.abc import Mapping
from typing import TypeGuard

import orjson

from reconciler.core.model import Compare, Json, Opaque, UserDefined

_EMPTY: tuple[Json, ...] = (None, "", [])
_FLAT = frozenset({str, int, float, bool})


def normal_title(text: str) -> str:
    """The title as it is compared, shown and sent."""
    if text.isascii():
        return text.strip()
    return unicodedata.normalize("NFC", text).strip()


def normal_user_defined(value: Json) -> UserDefined | Opaque:
    """The object that `value` means, or `Opaque` where it means none."""
    if isinstance(value, dict):
        return without_nulls(value)
    meant = value
    for _ in range(2):
        if not isinstance(meant, str) or meant == "":
            break
        try:
            meant = orjson.loads(meant)
        except ValueError:
            return Opaque(_text(value))
    if isinstance(meant, Mapping):
        return without_nulls(meant)
    if meant in _EMPTY:
        return {}
    return Opaque(_text(value))


def without_nulls(value: Mapping[str, Json]) -> UserDefined:
    """The object without its null values, in nested objects too."""
    if is_flat(value):
        return value
    return {
        key: without_nulls(item) if isinstance(item, Mapping) else item
        for key, item in value.items()
        if item is not None
    }


def is_flat(value: Mapping[str, Json]) -> bool:
    """Whether there is nothing in the object but texts, numbers and booleans, as in nearly every
    one: no null, and nothing inside it to look at."""
    return _FLAT.issuperset(map(type, value.values()))


def same(one: Json, other: Json, compare: Compare) -> bool:
    """Whether two values in normal form are equal, under LOOSE with a number equal to its text.

    As JSON means it: True is not 1, and 8 is 8.0.
    """
    if canonical(one) == canonical(other):
        return True
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(
            same(item, other[key], compare) for key, item in one.items()
        )
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(
            same(mine, theirs, compare) for mine, theirs in zip(one, other, strict=True)
        )
    if _is_number(one) and _is_number(other):
        return one == other
    if compare is Compare.LOOSE:
        return _is_text_of(one, other) or _is_text_of(other, one)
    return False


def _is_number(value: Json) -> TypeGuard[int | float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_text_of(text: Json, number: Json) -> bool:
    """Whether the text is one that a service makes of the number: 8.0 is "8" in PHP."""
    return _is_number(number) and text in (number_text(number), repr(number))


def canonical(value: Json) -> bytes:
    """One byte form for each value: compact JSON, keys sorted. Types stay what they are."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def number_text(number: int | float) -> str:
    """A number as its shortest JSON text: 8.0 is "8"."""
    if isinstance(number, float) and number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    return repr(number)


def _text(value: Json) -> str:
    return value if isinstance(value, str) else canonical(value).decode()
