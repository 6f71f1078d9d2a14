"""Drift, and what a baseline accepts of it for now -> what is left, and what is accepted.

| an acceptance                              | what becomes of the drift that it names           |
|--------------------------------------------|---------------------------------------------------|
| until today, or a day that is still to come| accepted                                          |
| until a day that is over                   | left, and the acceptance is told to have expired  |
| of a field                                 | the other fields are left, with their direction   |
| of a field that must be something live     | accepted only while it is                         |
| of all fields of a file to be replaced     | that it is to be replaced is left                 |
| of what is not so                          | nothing; it is told to be idle                    |

Of a part of the catalogue nothing is told to be idle: what it accepts may be in the rest.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from reconciler.core.content import Content
from reconciler.core.describe import field_of
from reconciler.core.drift import Acceptance, Accepted, Direction, Drift, DriftItem, Said, Sides
from reconciler.core.model import Compare, FileId, Json, Key, Place
from reconciler.core.normal import same, without_nulls


def accepted_by(
    baseline: Sequence[Acceptance],
    drift: Drift,
    *,
    today: str,
    compare: Compare = Compare.LOOSE,
    unmanaged: bool = False,
) -> Drift:
    """The drift without what the baseline accepts, which is told apart. `today`: `2026-12-31`, UTC.
    `unmanaged`: foreign files are among the items."""
    of_key: dict[Key, list[Acceptance]] = defaultdict(list)
    of_file: dict[FileId | None, list[Acceptance]] = defaultdict(list)
    for one in baseline:
        if one.key is not None:
            of_key[one.key].append(one)
        else:
            of_file[one.file_id].append(one)
    left: list[DriftItem] = []
    accepted: list[Accepted] = []
    met: set[int] = set()
    for item in drift.items:
        named = [] if item.key is None else of_key.get(item.key, [])
        if not named and item.key is None and item.file_id is not None:
            named = of_file.get(item.file_id, [])
        meeting = [one for one in named if _meets(one, item, compare)]
        met.update(map(id, meeting))
        rest, parts = _divided(item, [one for one in meeting if today <= one.until])
        left += [] if rest is None else [rest]
        accepted += parts
    return replace(
        drift,
        items=tuple(left),
        accepted=tuple(accepted),
        expired=tuple(one for one in baseline if id(one) in met and today > one.until),
        idle=tuple(
            one
            for one in baseline
            if id(one) not in met and not drift.only and (one.key is not None or unmanaged)
        ),
    )


def rest_of(
    item: DriftItem, baseline: Sequence[Acceptance], *, today: str, compare: Compare
) -> DriftItem | None:
    """What of one item the baseline does not accept; None where it accepts all of it."""
    alone = Drift((item,), 0, 0, 0, 0)
    return next(iter(accepted_by(baseline, alone, today=today, compare=compare).items), None)


def to_accept(items: Iterable[DriftItem], *, reason: str, until: str) -> tuple[Acceptance, ...]:
    """What accepts these items as they are now: each value that differs while it is what it is
    live; where no value does, all of the direction. Their places are none yet."""
    found: dict[tuple[Key | None, FileId | None, str | None, Direction | None], Acceptance] = {}
    for item in items:
        file_id = item.file_id if item.key is None else None
        fields = _whole_values(item)
        for field in [*fields, None] if item.is_replaced or not fields else fields:
            live = None if field is None else Said(_value(item.before, field))
            direction = item.direction if field is None else None
            found[item.key, file_id, field, direction] = Acceptance(
                item.key, file_id, reason, until, Place("", 0, 0), field, live, direction
            )
    return tuple(found.values())


def _meets(one: Acceptance, item: DriftItem, compare: Compare) -> bool:
    """Whether it accepts the item, or some of its fields, if not for its day."""
    if one.direction is not None and one.direction is not item.direction:
        return False
    if one.field is None:
        return True
    if not any(_covers(one.field, name) for name in item.fields):
        return False
    if one.live is None:
        return True
    return same(_value(item.before, one.field), _normal(one.live.value), compare)


def _whole_values(item: DriftItem) -> list[str | None]:
    """The names of the whole values that the item's fields are, or are parts of."""
    if item.before is None or item.wanted is None:
        return []
    keys = dict.fromkeys((*item.before.user_defined, *item.wanted.user_defined))
    names = ("title", *map(field_of, keys))
    return [name for name in names if any(_covers(name, field) for field in item.fields)]


def _divided(
    item: DriftItem, accepting: Iterable[Acceptance]
) -> tuple[DriftItem | None, list[Accepted]]:
    """What is left of the item, and what is accepted of it, each part once."""
    fields, parts = item.fields, list[Accepted]()
    for one in accepting:
        if one.field is None:
            is_rest = not parts or bool(fields) or item.is_replaced
            whole = [] if not is_rest else [Accepted(_part(item, fields), one)]
            return None, [*parts, *whole]
        taken = tuple(name for name in fields if _covers(one.field, name))
        if taken:
            fields = tuple(name for name in fields if name not in taken)
            parts.append(Accepted(_part(item, taken), one))
    if parts and not fields and item.is_replaced:
        return replace(item, fields=(), sides=None), parts
    if parts and not fields:
        return None, parts
    return _part(item, fields), parts


def _part(item: DriftItem, fields: tuple[str, ...]) -> DriftItem:
    """The item with some of its fields, and the direction that these have."""
    if fields == item.fields:
        return item
    if item.sides is None:
        return replace(item, fields=fields)
    live, desired = (
        tuple(side for side in sides if any(_covers(side, name) for name in fields))
        for sides in (item.sides.live, item.sides.desired)
    )
    part = Sides(live, desired)
    if part.direction is item.direction and item.direction is not Direction.BOTH_CHANGED:
        return replace(item, fields=fields, sides=part)
    return replace(item, fields=fields, sides=part, direction=part.direction, message=part.message)


def _covers(field: str, name: str) -> bool:
    """Whether a field is, or holds, the one of this name."""
    return name == field or name.startswith((f"{field}.", f"{field}["))


def _value(live: Content | None, field: str) -> Json:
    """What a content has by the name of a whole value; None: nothing."""
    if live is None:
        return None
    if field == "title":
        return live.title
    found = (value for key, value in live.user_defined.items() if field_of(key) == field)
    return next(found, None)


def _normal(value: Json) -> Json:
    return without_nulls(value) if isinstance(value, dict) else value
