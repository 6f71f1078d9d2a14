"""The users' own JSON Schema for their metadata. Its `$ref`s stay in the catalogue's folder, and
nothing is ever fetched."""

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote, urldefrag

import orjson

from reconciler.catalog import patterns
from reconciler.catalog.disk import UnreadableError, read
from reconciler.catalog.effort import MOST_CHECKS, Effort, EffortError
from reconciler.catalog.problems import Findings, cut, shown
from reconciler.catalog.references import LostError, References
from reconciler.catalog.structure import MOST_REFUSALS, Refusal, explain, fast_refusals
from reconciler.core.model import Json, Place

_ROOT: Final = "file:///"
"""Stands for the catalogue's folder: no `..` in a reference leads above it."""
_EXPLAINED: Final = 500_000
"""The checks that are made once more to explain what is refused: some seconds. What is beyond them
is refused in fewer words."""


class _SchemaError(Exception):
    """Why a schema cannot be used, at a place where that is known."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        self.line = line
        self.column = column
        super().__init__(message)


class UsersForm:
    """What the users demand of metadata."""

    def __init__(self, fast: Any, slow: Any, effort: Effort) -> None:
        """Take the validator that accepts, the one that explains, and what they take."""
        self._fast = fast
        self._slow = slow
        self._effort = effort
        self._left = _EXPLAINED

    def refusals(self, metadata: Json) -> list[Refusal]:
        """The ways in which the metadata is not as the users demand."""
        if self._effort.is_too_much(metadata):
            what = f"nested too deep for the schema, which makes more than {MOST_CHECKS:,} checks"
            return [Refusal((), f"{what} of one value in it")]
        if self._fast.is_valid(metadata):
            return []
        found: list[Refusal] = []
        needed = self._effort.of(metadata)
        if needed <= self._left:
            self._left -= needed
            with suppress(_SchemaError):
                found = self._explained(metadata)
        return found or fast_refusals(self._fast, metadata)

    def _explained(self, metadata: Json) -> list[Refusal]:
        try:
            errors = islice(self._slow.iter_errors(metadata), MOST_REFUSALS)
            return [refusal for error in errors for refusal in explain(error, ours=False)]
        except Exception as error:
            # A reference that only the other one knows, say: its errors have no common class.
            raise _SchemaError("cannot be explained") from error


def users_form(folder: Path, relative: str, file: str, findings: Findings) -> UsersForm | None:
    """The form in the schema at `relative`; what is wrong with it goes to `findings`."""
    try:
        return _form(folder, relative)
    except _SchemaError as error:
        path = ("user_defined", "schema")
        if (error.line, error.column) != (1, 1):
            findings.error_at(Place(relative, error.line, error.column), (), str(error))
        else:
            findings.error(file, path, f"{shown(relative)} {error}")
        return None


def _form(folder: Path, relative: str) -> UsersForm:
    import jsonschema
    import jsonschema_rs
    import referencing

    schema = _read(folder, relative)
    if not isinstance(schema, dict | bool):
        raise _SchemaError("is not a JSON Schema: expected an object")
    if isinstance(schema, dict) and not isinstance(schema.get("$schema", ""), str):
        raise _SchemaError("is not a JSON Schema: its $schema is not a text")
    base = f"{_ROOT}{quote(relative)}"
    complaints: list[_SchemaError] = []
    retrieve = _retriever(folder, complaints)
    try:
        kind: Any = jsonschema.validators.validator_for(schema, jsonschema.Draft202012Validator)
        # Without formats: whether a pattern is one, the engine says that is to match it.
        kind.check_schema(schema, format_checker=jsonschema.FormatChecker(formats=()))
        effort = _effort(schema, base, retrieve)
        fast = jsonschema_rs.validator_for(
            schema,
            validate_formats=False,
            retriever=retrieve,
            base_uri=base,
            pattern_options=patterns.options(),
        )
    except jsonschema.SchemaError as error:
        where = "/".join(map(str, error.absolute_path))
        what = f"is not a JSON Schema: {cut(error.message)} (at #/{cut(where)})"
        raise _SchemaError(what) from None
    except _SchemaError:
        raise
    except Exception as error:  # those for references have no common class
        raise (complaints or [_SchemaError(f"cannot be used: {_first_line(error)}")])[0] from error
    new_registry: Any = referencing.Registry  # its fields have other names to mypy
    registry = new_registry(retrieve=_resource(retrieve))
    if isinstance(schema, dict) and "$id" not in schema:
        schema = {**schema, "$id": base}
    return UsersForm(fast, patterns.explaining(kind)(schema, registry=registry), effort)


def _effort(schema: Any, base: str, retrieve: Callable[[str], Any]) -> Effort:
    references = References(retrieve)
    references.add(base, schema)
    try:
        return Effort(schema, references)
    except EffortError as error:
        raise _SchemaError(f"cannot be used: it {error}") from None
    except LostError as error:
        raise _SchemaError(f"cannot be used: {shown(str(error))} leads nowhere") from None


def _first_line(error: Exception) -> str:
    return cut((str(error).splitlines() or [type(error).__name__])[0])


def _retriever(folder: Path, complaints: list[_SchemaError]) -> Callable[[str], Any]:
    """Reads what a reference leads to. Why it cannot also goes to `complaints`, since the
    validators wrap what is raised into words of their own."""

    @cache
    def retrieve(uri: str) -> Any:
        location = urldefrag(uri).url
        relative = unquote(location.removeprefix(_ROOT))
        why = "it is not in the catalogue's folder, and nothing is fetched"
        try:
            if location.startswith(_ROOT):
                return _read(folder, relative)
        except _SchemaError as error:
            why = str(error)
        complaints.append(_SchemaError(f"cannot be used: it refers to {shown(relative)}: {why}"))
        raise complaints[-1]

    return retrieve


def _resource(retrieve: Callable[[str], Any]) -> Callable[[str], Any]:
    def resource(uri: str) -> Any:
        import referencing
        import referencing.jsonschema

        return referencing.Resource.from_contents(
            retrieve(uri), default_specification=referencing.jsonschema.DRAFT202012
        )

    return resource


def _read(folder: Path, relative: str) -> Any:
    """The JSON of a file inside the folder, symlinks resolved."""
    try:
        real = (folder / relative).resolve()
    except (OSError, ValueError, RuntimeError):
        raise _SchemaError("is not a usable path") from None
    if not real.is_relative_to(folder.resolve()):
        raise _SchemaError("leads outside the catalogue's folder")
    try:
        return orjson.loads(read(real).data)
    except UnreadableError as error:
        raise _SchemaError(str(error), error.line, error.column) from None
    except orjson.JSONDecodeError as error:
        message = f"not readable as JSON: {error.msg}"
        raise _SchemaError(message, error.lineno, error.colno) from None
