"""What differs between two contents, by name: deepdiff looks only where they are not equal."""

import re
from collections.abc import Sequence

from reconciler.core.content import Content
from reconciler.core.model import Compare, UserDefined
from reconciler.core.normal import canonical, same

_PLAIN = re.compile(r"[^\W\d][\w-]*")


def differing_fields(before: Content, after: Content, compare: Compare) -> tuple[str, ...]:
    """The names of what differs, ordered: `title`, `user_defined.artist`, `user_defined.x[0]`."""
    title = ("title",) if before.title != after.title else ()
    inside = _paths(before.user_defined, after.user_defined, compare)
    return title + tuple(sorted(inside))


def field_of(key: str) -> str:
    """The name of a whole `user_defined` value."""
    return _name([key])


def removed_values(before: UserDefined, after: UserDefined) -> tuple[str, ...]:
    """The names of the values that `after` no longer has, ordered."""
    return tuple(sorted(before.keys() - after.keys()))


def _paths(before: UserDefined, after: UserDefined, compare: Compare) -> set[str]:
    differing = {
        key
        for key in before.keys() | after.keys()
        if not same(before.get(key), after.get(key), compare)
    }
    if not differing:
        return set()
    # deepdiff is slow to import and to run: most runs find every pair equal and need neither.
    from deepdiff import DeepDiff

    tree = DeepDiff(
        {key: value for key, value in before.items() if key in differing},
        {key: value for key, value in after.items() if key in differing},
        view="tree",
        verbose_level=2,
        threshold_to_diff_deeper=0,  # else objects with few keys in common have one difference: all
    )
    found: list[list[str | int]] = []
    for kind, levels in tree.items():
        for level in levels:
            both_there = kind in ("values_changed", "type_changes")
            if not (both_there and same(level.t1, level.t2, compare)):
                found.append(level.path(output_format="list"))
    # What deepdiff takes for equal and we do not (True and 1) is named by its own key.
    unnamed = differing - {path[0] for path in found}
    return {_name(path) for path in found} | {_name([key]) for key in unnamed}


def _name(path: Sequence[str | int]) -> str:
    """A path in the form that people write: `user_defined.tags[0]`, `user_defined["a.b"]`."""
    name = "user_defined"
    for step in path:
        if isinstance(step, int):
            name += f"[{step}]"
        elif _PLAIN.fullmatch(step):
            name += f".{step}"
        else:
            name += f"[{canonical(step).decode()}]"
    return name
