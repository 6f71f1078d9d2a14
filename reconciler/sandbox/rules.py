"""Validation rules in Laravel's manner: every broken one is named, all of them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.sandbox import json_text
from reconciler.sandbox.laravel import ValidationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.sandbox.records import JsonObject, JsonValue

_LARGEST = 2**31 - 1
_LONGEST_TEXT = 2000


class Rules:
    """Gathers what is wrong with a request's fields, so that one answer can say all of it."""

    def __init__(self, fields: Mapping[str, JsonValue]) -> None:
        self._fields = fields
        self._errors: dict[str, list[str]] = {}

    def fail(self, field: str, message: str) -> None:
        """Notes a broken rule; `:field` in the message becomes the field's name in words."""
        words = message.replace(":field", field.replace("_", " "))
        self._errors.setdefault(field, []).append(words)

    def check(self) -> None:
        """Raises `ValidationError` if any rule was broken."""
        if self._errors:
            raise ValidationError(self._errors)

    def has(self, field: str) -> bool:
        """Whether the field was sent at all, be it empty."""
        return field in self._fields

    def text(self, field: str, *, required: str = "", longest: int = _LONGEST_TEXT) -> str | None:
        """A string; None for a field that is absent, null or empty (Laravel takes "" for null).

        `required` is the message for one that may not be so.
        """
        value = self._fields.get(field)
        if value is None or value == "":
            if required:
                self.fail(field, required)
            return None
        if not isinstance(value, str):
            self.fail(field, "The :field must be a string.")
            return None
        if len(value) > longest:
            self.fail(field, f"The :field may not be greater than {longest} characters.")
            return None
        return value

    def choice(self, field: str, values: tuple[str, ...], default: str | None = None) -> str:
        """One of some strings; without a default it is required."""
        required = "" if default is not None else "The :field field is required."
        value = self.text(field, required=required) or default
        if value is not None and value not in values:
            self.fail(field, "The selected :field is invalid.")
        return value if value in values and value is not None else values[0]

    def number(
        self, field: str, default: int, *, least: int = -_LARGEST, most: int = _LARGEST
    ) -> int:
        """An integer, as a number or as its digits."""
        value = self._fields.get(field)
        if value is None or value == "":
            return default
        number = _integer(value)
        if number is None:
            self.fail(field, "The :field must be an integer.")
        elif number < least:
            self.fail(field, f"The :field must be at least {least}.")
        elif number > most:
            self.fail(field, f"The :field may not be greater than {most}.")
        else:
            return number
        return default

    def metadata(self, field: str = "user_defined") -> JsonObject:
        """An object, or the JSON of one. Null, "" and an empty list (PHP's one kind of empty
        array) are the empty object."""
        value = self._fields.get(field)
        if isinstance(value, str) and value.strip():
            try:
                value = json_text.read(value)
            except ValueError:
                self.fail(field, "The :field must be a valid JSON string.")
                return {}
        if isinstance(value, dict):
            return value
        if value not in (None, [], "") and not (isinstance(value, str) and not value.strip()):
            self.fail(field, "The :field must be a JSON object.")
        return {}


def _integer(value: JsonValue) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or len(value) > 20:
        return None
    digits = value.strip().removeprefix("-")
    return int(value) if digits.isascii() and digits.isdecimal() else None
