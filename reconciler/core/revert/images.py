"""What a run made of each key: what was there before it, and what it left.

| the run's changes of a key              | before it          | what it left       |
|-----------------------------------------|--------------------|--------------------|
| create                                  | nothing            | the new file       |
| move, update, or both                   | the first's before | the last's after   |
| create that replaces, and its delete    | the old file       | the new file       |
| delete                                  | the file           | nothing            |
| move into the trash                     | the file           | the file, in there |
| move out of the trash, and another file | the other file     | the file that came |
| of the key into it, which keeps this    |                    | out of it          |

Any other delete beside a file that stays (`keeps`), or that goes with the one which is replaced, is
about no key: that lives on in the other. So is a move into the trash that stands for one.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias, assert_never

from reconciler.core.content import Content
from reconciler.core.model import FileId, Key, Place
from reconciler.core.plan import Change, Create, Delete, Move, Update, removes


@dataclass(frozen=True, slots=True)
class RunOf:
    """A run as the ledger has it: of which catalogue, where, and by whom."""

    id: str
    catalog: str
    origin: str
    at: str
    """When it began: RFC 3339, UTC."""
    actor: str | None = None
    commit: str | None = None
    dirty: bool = False
    """The catalogue was not byte for byte as in the commit."""


@dataclass(frozen=True, slots=True)
class Image:
    """A change that a run has sent, and the file that it left or took away."""

    change: Change
    by: RunOf
    seq: int
    """The number of the record that it began with."""
    file_id: FileId | None
    """The file's id afterwards. None: not known."""
    acr_id: str
    is_sure: bool = True
    """Whether it is known to have been done. What is known not to have been is no image."""


@dataclass(frozen=True, slots=True)
class Past:
    """What a run did, and what was done after it, by other runs: oldest first."""

    run: RunOf
    images: tuple[Image, ...]
    later: tuple[Image, ...] = ()

    @property
    def keys(self) -> Sequence[Key]:
        """The keys that it changed, in order."""
        keys = {image.change.key for image in self.images}
        return sorted(key for key in keys if key is not None)


@dataclass(frozen=True, slots=True)
class Look:
    """What a file was at a moment, and where."""

    content: Content
    bucket: str
    """As the catalogue called it then."""
    bucket_id: int


@dataclass(frozen=True, slots=True)
class Deed:
    """What a run did to a key, of which it left a file."""

    key: Key
    was: Look | None
    """None: there was no file, or what was replaced is there still."""
    left: Look
    file_id: FileId | None
    acr_id: str
    place: Place
    seq: int
    replaced: FileId | None = None
    """The file in whose place it put the one that it left."""
    thrown_away: bool = False
    """It put the file into the trash."""


@dataclass(frozen=True, slots=True)
class Gone:
    """That a run deleted the file of a key, and left none."""

    key: Key
    was: Look
    acr_id: str
    place: Place


Done: TypeAlias = Deed | Gone


class _Step(NamedTuple):
    image: Image
    change: Move | Update | Delete


def deeds(images: Iterable[Image]) -> tuple[tuple[Done, ...], tuple[Image, ...]]:
    """What was done to each key, by key; and the deletes that are about none."""
    by_key: dict[Key, list[Image]] = defaultdict(list)
    others: list[Image] = []
    for image in images:
        if image.change.key is None:
            others.append(image)
        else:
            by_key[image.change.key].append(image)
    found: list[Done] = []
    for key in sorted(by_key):
        of_key, beside = _of_key(key, by_key[key])
        found += of_key
        others += beside
    return tuple(found), tuple(others)


def _of_key(key: Key, images: Sequence[Image]) -> tuple[Sequence[Done], Sequence[Image]]:
    by_file: dict[FileId, list[_Step]] = defaultdict(list)
    beside: list[Image] = []
    made: tuple[Image, Create] | None = None
    for image in images:
        if isinstance(image.change, Create):
            made = image, image.change
        elif removes(image.change) and image.change.keeps is not None:
            beside.append(image)
        else:
            by_file[image.change.file_id].append(_Step(image, image.change))
    if made is not None:
        image, create = made
        old = by_file.pop(create.replaces, []) if create.replaces is not None else []
        steps = (step for rest in by_file.values() for step in rest)
        beside += (step.image for step in steps if removes(step.change))
        return [_created(key, image, create, old)], beside
    found: list[Done] = []
    for file_id in sorted(by_file):
        former = _in_whose_place(by_file[file_id][0].change, beside)
        if former is not None:
            beside.remove(former.image)
        found.append(_changed(key, file_id, by_file[file_id], former))
    return found, beside


def _in_whose_place(change: Move | Update | Delete, beside: Sequence[Image]) -> _Step | None:
    """What went into the trash that the file came out of, where that is what it has replaced."""
    if not isinstance(change, Move):
        return None
    went_there = (
        _Step(image, image.change)
        for image in beside
        if isinstance(image.change, Move)
        and image.change.keeps == change.file_id
        and image.change.bucket_id == change.from_bucket_id
    )
    return next(went_there, None)


def _created(key: Key, image: Image, create: Create, old: Sequence[_Step]) -> Deed:
    return Deed(
        key=key,
        was=_before(old[0].change) if old else None,
        left=Look(create.after, create.bucket, create.bucket_id),
        file_id=image.file_id,
        acr_id=image.acr_id,
        place=create.declared_at,
        seq=image.seq,
        replaced=old[-1].image.file_id if old else create.replaces,
    )


def _changed(key: Key, file_id: FileId, steps: Sequence[_Step], former: _Step | None) -> Done:
    """Of one file, in the order in which it was changed. `former`: what it has replaced."""
    first, (last, change) = steps[0], steps[-1]
    was = _before(first.change if former is None else former.change)
    place = first.change.declared_at or Place("ledger", first.image.seq, 1)
    if isinstance(change, Delete):
        return Gone(key, was, last.acr_id, place)
    content = change.after if isinstance(change, Update) else change.before
    return Deed(
        key=key,
        was=was,
        left=Look(content, change.bucket, change.bucket_id),
        file_id=file_id if last.file_id is None else last.file_id,
        acr_id=last.acr_id,
        place=place,
        seq=first.image.seq,
        replaced=None if former is None else former.image.file_id,
        thrown_away=removes(change),
    )


def _before(change: Move | Update | Delete) -> Look:
    match change:
        case Move(before=before):
            return Look(before, change.from_bucket, change.from_bucket_id)
        case Update(before=before) | Delete(before=before):
            return Look(before, change.bucket, change.bucket_id)
        case _:
            assert_never(change)
