"""A ledger on a branch of `origin`: it outlives the machine, and several runners may share it.

Each group of records is a commit, which is pushed before anything else is done. A push goes through
only where the branch is still as it was known; where it is not, another runner was there first, and
the group is chained after its records. A push whose answer was lost is known by its records again.
"""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from reconciler.core.model import Json
from reconciler.core.ports import Clock
from reconciler.errors import LedgerError
from reconciler.ledger.chain import START, Anchor, anchor_of, chained, tail, walk
from reconciler.ledger.git import GitFailed, harmless
from reconciler.ledger.origin import README, ForeignFiles, Named, Origin, Tree
from reconciler.ledger.places import Branch, Kept, Segment, filled, segment_name, segment_number
from reconciler.ledger.reading import checked
from reconciler.ledger.stores import Note
from reconciler.ledger.turns import MOST_LOSSES, Tries, Turns

_ABOUT = """\
# A ledger

The applies of a catalogue of audio files: what was changed in its buckets, by whom, when, and what
it was before. `reconciler` adds to it with every apply; nothing is ever changed or taken away.

The files are one ledger, in the order of their names. Each record holds the hash of the one before,
so do not edit them, and merge nothing into this branch. To check it, run this in a clone of the
repository, with this branch's name for `ledger`:

    reconciler audit verify --ledger git:ledger
"""


@dataclass(frozen=True, slots=True)
class _Known:
    """The branch as it was seen last."""

    tip: str | None = None
    segments: tuple[Named, ...] = ()
    last: bytes = b""
    """The open segment's bytes."""
    end: Anchor = START
    has_readme: bool = False


_NOTHING = _Known()


@dataclass(frozen=True, slots=True)
class _Group:
    """Records, chained and committed."""

    data: bytes
    then: _Known
    """The branch, once they are there."""

    @property
    def commit(self) -> str:
        """The commit's id."""
        return str(self.then.tip)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was seen of the branch: all of it, or the segments that may be new."""

    tip: str
    tree: Tree
    parts: Sequence[bytes]

    @property
    def data(self) -> bytes:
        """The bytes of these segments."""
        return b"".join(self.parts)

    def kept(self, branch: Branch) -> Kept:
        """The ledger, where all of it was seen."""
        both = zip(self.tree.segments, self.parts, strict=True)
        segments = tuple(Segment(each.name, part.count(b"\n")) for each, part in both)
        return Kept(branch, self.data, segments)

    def known(self, end: Anchor) -> _Known:
        """What is known then. `end`: the last record."""
        last = self.parts[-1] if self.parts else b""
        return _Known(self.tip, self.tree.segments, last, end, self.tree.has_readme)


class BranchStore:
    """The branch, and what this runner knows of it."""

    def __init__(
        self,
        branch: Branch,
        clock: Clock,
        note: Note,
        chance: Callable[[], float] = random.random,
        losses: int = MOST_LOSSES,
    ) -> None:
        """Read the branch, if there is one, and check its chain. Nothing is pushed yet. `losses`:
        how often another runner may be first, with one group of ours.

        Raises `LedgerError`, also where it is checked out, or holds what is no ledger's.
        """
        self._branch = branch
        self._clock = clock
        self._note = note
        self._turns = Turns(chance)
        self._losses = losses
        self._known = _NOTHING
        self._took = 0.0
        with _told(f"opening the ledger {branch}"):
            self._origin = Origin(branch)
            try:
                self._open()
            except BaseException:
                self._origin.close()
                raise

    @property
    def end(self) -> Anchor:
        """The last record that is known to be at `origin`."""
        return self._known.end

    def gather(self) -> None:
        """A push takes long: wait a moment for more records, and now and then for other runners."""
        self._wait(self._turns.before_a_group())

    def append(self, records: Sequence[Mapping[str, Json]]) -> None:
        """Push the records, after whatever others have pushed meanwhile."""
        if not records:
            return
        with _told(f"writing to the ledger {self._branch}", "; nothing more is sent"):
            tries, group = Tries(self._losses), self._chained(records)
            while (failure := self._failure_of(group)) is not None:
                seen = self._known
                try:
                    if self._look(group):
                        return
                except GitFailed as error:
                    failure = error
                if self._known is seen:
                    self._wait_after(failure, tries)
                else:
                    self._wait_for_others(tries)
                    group = self._chained(records)

    def close(self) -> None:
        """Let it go."""
        self._origin.close()

    def _open(self) -> None:
        if self._origin.is_checked_out():
            raise LedgerError(
                f"{self._branch} is the branch that is checked out here: name one of its own for "
                "the ledger, such as git:ledger"
            )
        if self._origin.tip() is None:
            return
        seen = _seen(self._origin)
        kept, end = seen.kept(self._branch), START
        for record in checked(kept):
            end = anchor_of(record)
            self._note(record)
        if tail(kept.data):
            line = kept.where(kept.data.count(b"\n") + 1)
            raise LedgerError(
                f"{line}: the last line has no end, and no apply leaves one so on a branch: keep "
                "it as evidence, and name another --ledger"
            )
        self._known = seen.known(end)

    def _chained(self, records: Sequence[Mapping[str, Json]]) -> _Group:
        """The records after the last one that is known, as a commit that is only here."""
        known = self._known
        lines, end = chained(known.end, records)
        first = segment_number(known.segments[-1].name) if known.segments else 1
        parts = filled(known.last, lines)
        files = {segment_name(first + number): part for number, part in enumerate(parts)}
        more = {} if known.has_readme else {README: _ABOUT.encode()}
        message = _message(records, end)
        tip, ids = self._origin.commit(known.tip, {**files, **more}, message, self._clock.now())
        segments = (*known.segments[:-1], *(Named(name, ids[name]) for name in files))
        return _Group(b"".join(lines), _Known(tip, segments, parts[-1], end, has_readme=True))

    def _failure_of(self, group: _Group) -> GitFailed | None:
        """Push the group. None where it is there."""
        began = self._clock.monotonic()
        try:
            self._origin.push(group.commit, self._known.tip)
        except GitFailed as error:
            return error
        finally:
            self._took = self._clock.monotonic() - began
        self._turns.pushed(self._took)
        self._known = group.then
        return None

    def _wait_after(self, failure: GitFailed, tries: Tries) -> None:
        seconds = tries.after_failure(is_refused=failure.is_refused)
        if seconds is None:
            raise failure
        self._wait(seconds)

    def _wait_for_others(self, tries: Tries) -> None:
        if not tries.after_loss():
            raise GitFailed("others have pushed first every time")
        self._wait(self._turns.lost(self._took))

    def _wait(self, seconds: float) -> None:
        if seconds > 0:
            self._clock.sleep(seconds)

    def _look(self, group: _Group) -> bool:
        """See what the branch has now. True where the group is on it: only the answer was lost."""
        tip = self._origin.tip()
        if tip == self._known.tip:
            return False
        if tip == group.commit:
            self._known = group.then
            return True
        known = self._known
        seen = None if tip is None else _seen(self._origin, known)
        if seen is None or not seen.data.startswith(known.last):
            raise LedgerError(self._rewritten())
        rest, end = seen.data[len(known.last) :], known.end
        is_there = rest.startswith(group.data)
        ours = group.then.end.seq if is_there else known.end.seq
        for record in walk(rest, end):
            end = anchor_of(record)
            if end.seq > ours:
                self._note(record)
        if end.seq - known.end.seq != rest.count(b"\n") or tail(rest):
            raise LedgerError(self._rewritten())
        self._known = seen.known(end)
        return is_there

    def _rewritten(self) -> str:
        return (
            f"the ledger {self._branch} does not go on from {self.end} any more, which this run "
            "has read or written there: it was cut or written anew; nothing more is sent. Keep it "
            f"as evidence, see `reconciler audit verify --ledger {self._branch} --anchor "
            f"{self.end}`, and name another --ledger"
        )


def read_branch(branch: Branch) -> Kept | None:
    """The ledger on a branch; None where there is no such branch. Raises `LedgerError`."""
    with _told(f"reading the ledger {branch}"), Origin(branch) as origin:
        return None if origin.tip() is None else _seen(origin).kept(branch)


def _seen(origin: Origin, known: _Known = _NOTHING) -> _Seen:
    """What the branch holds now, beyond the segments that were known to be closed."""
    tip = origin.fetch()
    tree = origin.tree(tip)
    closed = known.segments[:-1]
    first = len(closed) if tree.segments[: len(closed)] == closed else 0
    return _Seen(tip, tree, origin.read([each.blob for each in tree.segments[first:]]))


def _message(records: Sequence[Mapping[str, Json]], end: Anchor) -> str:
    """What the commit says. Nothing in it comes from a catalogue or from the service."""
    kinds = Counter(str(record["kind"]) for record in records)
    run = re.sub("[^A-Za-z0-9_-]", "?", str(records[0]["run"]))[:40]
    counts = ", ".join(f"{number} {kind}" for kind, number in kinds.items())
    return f"run {run}: {counts}\n\nThe ledger is at {end}\n\n[skip ci]\n"


@contextmanager
def _told(doing: str, so: str = "") -> Iterator[None]:
    """What goes wrong with git, as a `LedgerError` that says what to do."""
    try:
        yield
    except ForeignFiles as error:
        names = harmless(str(error).encode())
        raise LedgerError(
            f"{doing}: this branch is no ledger's, since it holds other files ({names}); name one "
            "of its own, which need not be there yet"
        ) from error
    except GitFailed as error:
        raise LedgerError(f"{doing}: {error}{so}{_what_now(error)}") from error
    except OSError as error:
        # The folder for temporary files is full, or nobody may write there.
        raise LedgerError(f"{doing}: {error.filename}: {error.strerror}{so}") from error


def _what_now(error: GitFailed) -> str:
    if error.is_refused:
        return (
            ". Does this run have the right to read the repository and, where it applies, to push "
            "to that branch? On GitHub the job needs `permissions: contents: write`, and a "
            "checkout that keeps its credentials; on GitLab, a token with `write_repository`"
        )
    if error.is_nowhere:
        return (
            ". A ledger on a branch is kept at `origin` of the git repository that the catalogue "
            "is in; a file is named by --ledger PATH"
        )
    return ""
