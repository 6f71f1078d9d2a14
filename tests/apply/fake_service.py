"""The service in memory: a whole implementation of the port `Writing`, which does what it is told
and fails where the script says so, before, amid or after the effect."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from reconciler.core.model import (
    DesiredState,
    File,
    FileId,
    FileState,
    LiveBucket,
    LiveState,
    Source,
    UserDefined,
)
from reconciler.core.normal import normal_user_defined
from reconciler.errors import NotThere, ServiceError, Unclear

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reconciler.core.ports import Sending
    from reconciler.errors import ReconcilerError

Result = TypeVar("Result")


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one call. `done`: how many of its files it does before (None: all)."""

    error: ReconcilerError
    done: int | None = 0
    again: bool = False
    """The client sends it once more by itself."""


@dataclass(frozen=True)
class Call:
    """One call that writes: `detail` is a key's mark, or the ids, with commas."""

    what: str
    bucket: str
    detail: str

    def __str__(self) -> str:
        return f"{self.what} {self.bucket} {self.detail}"


@dataclass
class FakeService:
    """Files in buckets. What is public may be set by a test at any time."""

    desired: DesiredState
    live: LiveState
    files: dict[FileId, File] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    merges: bool = False
    """PUT keeps the keys that are not named, but for those that are null."""
    new_ids: bool = False
    """A moved file gets a new id."""
    keeps: frozenset[str] = frozenset()
    """Keys that no PUT takes away."""
    made: FileState = FileState.READY
    """The state of new files."""
    as_stored: Callable[[File], File] = lambda file: file
    """What the service makes of what it is sent."""
    as_listed: Callable[[LiveState], LiveState] = lambda live: live
    """What the service shows of what it has."""
    says: Callable[[File], File] = lambda file: file
    """What the service answers of a file that it made."""
    watch: Callable[[Call], None] = lambda call: None
    """Called with each call that writes, before it has any effect."""
    watch_reads: Callable[[str], None] = lambda read: None
    """Called with each call that reads, as in `reads`, before it is answered."""
    held_up: Callable[[], None] = lambda: None
    """Called before each time that a call goes out: a pace may take its time here."""

    def __post_init__(self) -> None:
        self.files |= {f.id: f for bucket in self.live.buckets.values() for f in bucket.files}
        self._faults: dict[str, deque[Fault | None]] = defaultdict(deque)
        self._lock = threading.RLock()
        self._last_id = max([100, *self.files])

    def script(self, what: str, *faults: Fault | None) -> None:
        """What goes wrong with the next calls of this method; None: nothing."""
        self._faults[what].extend(faults)

    def put(self, file: File) -> None:
        """Somebody else makes or changes a file."""
        with self._lock:
            self.files[file.id] = file
            self._last_id = max(self._last_id, file.id)

    def edit(self, file_id: int, **fields: Any) -> None:
        """Somebody else changes a file."""
        with self._lock:
            self.files[FileId(file_id)] = replace(self.files[FileId(file_id)], **fields)

    def lose(self, file_id: FileId) -> None:
        """Somebody else deletes a file."""
        with self._lock:
            self.files.pop(file_id, None)

    def lines(self) -> list[str]:
        """The calls that wrote, as text."""
        return list(map(str, self.calls))

    # The port: reading.

    def read_live(self) -> LiveState:
        self._trip("read_live")
        buckets = {
            name: LiveBucket(
                bucket.id,
                [self.files[i] for i in sorted(self.files) if self.files[i].bucket == name],
                bucket.region,
                bucket.incomplete,
            )
            for name, bucket in self.live.buckets.items()
        }
        return self.as_listed(LiveState(self.live.origin, buckets))

    def read_files(self, bucket: str, ids: Sequence[FileId | str]) -> Sequence[File]:
        assert ids, "never a request without ids"
        self._trip("read_files", f"{bucket} {','.join(map(str, ids))}")
        with self._lock:
            return [
                file
                for file in self.files.values()
                if file.bucket == bucket and (file.id in ids or file.acr_id in ids)
            ]

    def read_newest(self, bucket: str, above: FileId) -> Sequence[File]:
        self._trip("read_newest", f"{bucket} above {above}")
        with self._lock:
            return [f for f in self.files.values() if f.bucket == bucket and f.id > above]

    # The port: writing.

    def create(
        self,
        bucket: str,
        title: str,
        user_defined: UserDefined,
        source: Source,
        sending: Sending,
    ) -> File:
        call = Call("create", bucket, str(user_defined["catalog_key"]).partition("/")[2])

        def made(fault: Fault | None) -> File | None:
            sending.sent(source.size or 0)
            done = fault is None or fault.done != 0
            return self.make(bucket, title, user_defined) if done else None

        file = self._ask(call, sending, made)
        assert file is not None
        return self.says(file)

    def make(self, bucket: str, title: str, user_defined: UserDefined) -> File:
        """A new file, as an upload makes it."""
        with self._lock:
            self._last_id += 1
            new = File(
                FileId(self._last_id),
                f"acr{self._last_id}",
                bucket,
                title,
                user_defined,
                self.made,
            )
            self.files[new.id] = self.as_stored(new)
            return self.files[new.id]

    def update(
        self,
        bucket: str,
        file_id: FileId,
        title: str,
        user_defined: UserDefined,
        sending: Sending,
    ) -> File:
        def updated(fault: Fault | None) -> File | None:
            if fault is not None and fault.done == 0:
                return None
            old = self.files.get(file_id)
            if old is None or old.bucket != bucket:
                raise NotThere("no such file", status=404)
            assert isinstance(old.user_defined, dict)
            kept = old.user_defined if self.merges else {}
            kept |= {k: v for k, v in old.user_defined.items() if k in self.keeps}
            values = normal_user_defined({**kept, **user_defined})
            assert isinstance(values, dict)
            values |= {k: v for k, v in old.user_defined.items() if k in self.keeps - set(values)}
            self.files[file_id] = self.as_stored(replace(old, title=title, user_defined=values))
            return self.files[file_id]

        file = self._ask(Call("update", bucket, str(file_id)), sending, updated)
        assert file is not None
        return file

    def move(self, destination: str, ids: Sequence[FileId], sending: Sending) -> None:
        assert ids, "never a request without ids"

        def moved(file_id: FileId) -> None:
            file = self.files.pop(file_id, None)
            if file is None:
                raise NotThere("no such file", status=404)
            if self.new_ids and file.bucket != destination:
                self._last_id += 1
                file = replace(file, id=FileId(self._last_id))
            self.files[file.id] = replace(file, bucket=destination)

        self._each(Call("move", destination, ",".join(map(str, ids))), ids, moved, sending)

    def delete(self, bucket: str, ids: Sequence[FileId], sending: Sending) -> None:
        assert ids, "never a request without ids"

        def deleted(file_id: FileId) -> None:
            file = self.files.get(file_id)
            if file is None or file.bucket != bucket:
                raise NotThere("no such file", status=404)
            del self.files[file_id]

        self._each(Call("delete", bucket, ",".join(map(str, ids))), ids, deleted, sending)

    def _each(
        self,
        call: Call,
        ids: Sequence[FileId],
        do: Callable[[FileId], None],
        sending: Sending,
    ) -> None:
        def each(fault: Fault | None) -> None:
            for file_id in ids if fault is None or fault.done is None else ids[: fault.done]:
                do(file_id)

        self._ask(call, sending, each)

    def _ask(self, call: Call, sending: Sending, do: Callable[[Fault | None], Result]) -> Result:
        """As a client does it: what says that it goes on is sent once more."""
        while True:
            self.held_up()
            sending.goes()
            with self._lock:
                self.watch(call)
                self.calls.append(call)
                fault = self._faults[call.what].popleft() if self._faults[call.what] else None
                try:
                    result = do(fault)
                    if fault is not None:
                        raise fault.error
                except ServiceError as error:
                    sending.ended(error.status, known=not isinstance(error, Unclear))
                    if fault is None or not fault.again:
                        raise
                else:
                    sending.ended(200, known=True)
                    return result

    def _trip(self, what: str, detail: str = "") -> None:
        with self._lock:
            self.reads.append(f"{what} {detail}".strip())
            fault = self._faults[what].popleft() if self._faults[what] else None
        self.watch_reads(f"{what} {detail}".strip())
        if fault is not None:
            raise fault.error
