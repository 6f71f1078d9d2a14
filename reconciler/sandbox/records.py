"""What the sandbox remembers: buckets, files, dumps, and the log of what was done to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
JsonObject: TypeAlias = dict[str, JsonValue]

Action = Literal["create", "update", "move", "delete", "create_bucket"]


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket; `files` and `size` are what is in it now."""

    id: int
    name: str
    type: str
    region: str
    net_type: int
    labels: tuple[str, ...]
    metadata_template: str
    created_at: float
    updated_at: float
    files: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is stored, before any quirk touches how it is shown.

    `outcome` is the state that the file has from `ready_at` on; before that it is 0.
    `user_defined` is an object unless somebody in the console made it something else.
    `sha256` and `size` are those of the bytes that were uploaded ("" and 0 without any).
    """

    id: int
    bucket_id: int
    acr_id: str
    title: str
    user_defined: JsonValue
    outcome: int
    ready_at: float
    duration: float
    audio_id: str
    data_type: str
    size: int
    sha256: str
    created_at: float
    updated_at: float

    def state(self, at: float) -> int:
        """0 while it is processed, then what became of it: 1 ready, -1 error (page, `state`)."""
        return 0 if self.ready_at > at else self.outcome


@dataclass(frozen=True, slots=True)
class NewFile:
    """What is known of a file before it has an id. `acr_id` None: one is made up."""

    title: str
    user_defined: JsonValue = field(default_factory=dict)
    data_type: str = "audio"
    audio_id: str = ""
    duration: float = 0.0
    outcome: int = 1
    ready_at: float = 0.0
    size: int = 0
    sha256: str = ""
    acr_id: str | None = None
    id: int | None = None


@dataclass(frozen=True, slots=True)
class NewBucket:
    """What is known of a bucket before it has an id."""

    name: str
    type: str = "File"
    region: str = "eu-west-1"
    net_type: int = 1
    labels: tuple[str, ...] = ()
    metadata_template: str = ""
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Dump:
    """One task that writes down a bucket; `content` is the JSON array of its files."""

    task_id: str
    bucket_id: int
    day: str
    ready_at: float
    content: bytes


@dataclass(frozen=True, slots=True)
class Mutation:
    """One committed write that came through the API: what, to which ids, in which bucket.

    A move is logged with its destination; under `move_ids=new` with the new ids.
    """

    what: Action
    ids: tuple[int, ...]
    bucket: int
