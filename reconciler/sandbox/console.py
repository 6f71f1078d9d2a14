"""The sandbox from behind: what somebody with the console (or a test) sees and does.

Nothing here goes through HTTP, is refused by a quirk, or enters the log of mutations.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.records import File, Mutation, NewBucket, NewFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from reconciler.sandbox.app import Request
    from reconciler.sandbox.buckets import Buckets
    from reconciler.sandbox.store import Store


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox. `requests` grows with every answered request, in order."""

    url: str
    store: Store
    buckets: Buckets
    clock: Callable[[], float]
    requests: list[Request] = field(default_factory=list)

    @property
    def mutations(self) -> list[Mutation]:
        """Every committed write that came through the API, in the order of the commits."""
        return self.store.mutations()

    def forget(self) -> None:
        """Empties `requests` and `mutations`; the files stay."""
        self.requests.clear()
        self.store.forget_mutations()

    def add_bucket(self, name: str, **fields: Any) -> int:
        """Makes a bucket and answers its id. Fields: id, region ("eu-west-1"), type ("File")."""
        return self.buckets.add(NewBucket(name=name, **fields), now=self.clock(), log=False)

    def add_file(self, bucket_id: int, *, title: str, **fields: Any) -> dict[str, Any]:
        """Makes one file; the fields are those of `add_files`."""
        return self.add_files(bucket_id, [{"title": title, **fields}])[0]

    def add_files(self, bucket_id: int, files: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Makes many files at once. Fields of each: title; user_defined (any JSON, also what no
        call of the API would take), state (1; 0 stays so), duration (30.0 seconds), audio_id,
        data_type, acr_id, id, sha256, size."""
        added = self.store.add(
            bucket_id, [_new_file(fields) for fields in files], now=self.clock(), log=False
        )
        return [self._truth(file) for file in added]

    def file(self, file_id: int | str) -> dict[str, Any] | None:
        """The truth about one file by id or acr_id, in whatever bucket; None: it is gone."""
        found = self.store.live_file(str(file_id))
        return None if found is None else self._truth(found)

    def files(self, bucket_id: int | None = None) -> list[dict[str, Any]]:
        """The truth about all files of a bucket, or of all buckets, by id: no lag, no quirk."""
        return [self._truth(file) for file in self.store.live_files(bucket_id)]

    def edit(self, file_id: int | str, **fields: Any) -> dict[str, Any]:
        """Sets title, user_defined (any JSON), state, duration, bucket_id, acr_id, audio_id."""
        state = fields.pop("state", None)
        if state is not None:
            fields |= {"outcome": state, "ready_at": 0.0}
        edited = self.store.change(
            str(file_id), lambda file: replace(file, **fields), now=self.clock(), log=False
        )
        if edited is None:
            raise SandboxError(f"there is no file {file_id}")
        return self._truth(edited)

    def delete(self, *file_ids: int | str) -> None:
        """Deletes files, in whatever bucket; unknown ones are no error."""
        refs = [str(file_id) for file_id in file_ids]
        self.store.delete(None, refs, unknown="skipped", now=self.clock(), log=False)

    def _truth(self, file: File) -> dict[str, Any]:
        return {
            "id": file.id,
            "bucket_id": file.bucket_id,
            "acr_id": file.acr_id,
            "title": file.title,
            "user_defined": file.user_defined,
            "state": file.state(self.clock()),
            "duration": file.duration,
            "audio_id": file.audio_id,
            "data_type": file.data_type,
            "size": file.size,
            "sha256": file.sha256,
            "created_at": file.created_at,
            "updated_at": file.updated_at,
        }


def _new_file(fields: Mapping[str, Any]) -> NewFile:
    values: dict[str, Any] = {"duration": 30.0, "user_defined": {}, **fields}
    values["outcome"] = values.pop("state", 1)
    return NewFile(**values)
