"""Templates for the keys, titles and metadata of entries: `{artist}/{title|stem}`.

Text goes through as it is. `{name}` stands for a value, `{title|stem}` for the first of several
that there is, `{{` and `}}` for braces. Nothing else can be said: what a value holds is never read
as a template, and no name leads into anything.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

_Part: TypeAlias = str | tuple[str, ...]
"""Text, or the names of values of which the first that there is stands here."""


class TemplateError(ValueError):
    """Why a text is no template: what goes on after it."""


@dataclass(frozen=True, slots=True)
class Template:
    """A template that was understood."""

    parts: tuple[_Part, ...]

    @property
    def names(self) -> frozenset[str]:
        """All names that it has, in small letters."""
        return frozenset(name for part in self.parts if isinstance(part, tuple) for name in part)

    def filled(self, values: Mapping[str, str]) -> str:
        """The text with these values in it. What there is no value for is nothing."""
        return "".join(
            part if isinstance(part, str) else _first(part, values) for part in self.parts
        )


def template(text: str) -> Template:
    """The template that a text is. Raises `TemplateError`."""
    return Template(tuple(_parts(text)))


def _first(names: tuple[str, ...], values: Mapping[str, str]) -> str:
    return next(filter(None, (values.get(name) for name in names)), "")


def _parts(text: str) -> Iterator[_Part]:
    at = 0
    while at < len(text):
        character = text[at]
        if text[at : at + 2] in ("{{", "}}"):
            yield character
            at += 2
        elif character == "}":
            raise TemplateError("has a } without a { before it: }} stands for a brace")
        elif character == "{":
            end = text.find("}", at)
            if end < 0:
                raise TemplateError("has a { that is not closed: {{ stands for a brace")
            yield _names(text[at + 1 : end])
            at = end + 1
        else:
            yield character
            at += 1


def _names(inner: str) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in inner.split("|"))
    if not all(names) or "{" in inner:
        raise TemplateError(f"has {{{inner}}}, where a name is meant, such as {{title|stem}}")
    return names
