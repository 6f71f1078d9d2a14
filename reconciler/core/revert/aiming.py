"""The way back: what should be so that what a run did is taken back, and nothing else.

For each key that the run changed, three states are held against each other: what was before the
run, what the run left, and what is live now.

| the run               | live now                     | what should be                            |
|-----------------------|------------------------------|-------------------------------------------|
| changed a field,      | as the run left it           | as before                                 |
| moved the file        | as before                    | so                                        |
|                       | something else               | that: somebody changed it since, a note   |
| did not touch a field | anything                     | that                                      |
| created the file      | as the run left it           | no file                                   |
|                       | changed since, or not there  | that, and a note                          |
| deleted the file      | no file of the key           | the file, from a source of the catalogue  |
|                       |                              | that has its digest; without one: a note  |
| replaced the file     | as the run left it           | as after a delete, in the new one's place |
| threw the file away   | in the trash still           | as before: it comes out of there          |

A file is the run's by its id, or by its acr_id where a move gave it another, and only while it
carries the key's mark alone. The mark's own fields stay as they are.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from reconciler.core.aim import Aim
from reconciler.core.content import Content, Contents
from reconciler.core.marks import mark_fields, protects, source_digest
from reconciler.core.model import (
    AbsentEntry,
    Adopt,
    DesiredState,
    Entry,
    File,
    FileId,
    FileState,
    Json,
    Key,
    LiveState,
    Mode,
    Place,
    Presence,
    Source,
    SourceKind,
)
from reconciler.core.normal import canonical, same
from reconciler.core.plan import Note
from reconciler.core.revert.aftermath import Since
from reconciler.core.revert.images import Deed, Done, Gone, Look, Past, deeds
from reconciler.core.revert.losses import clipped, gone, no_audio, undeclared
from reconciler.core.revert.scope import OfKeys
from reconciler.core.revert.still_says import again, is_pulled, says_otherwise
from reconciler.core.trash import together

_MOST_NAMED = 10


def reverted(desired: DesiredState, live: LiveState, past: Past, keys: Sequence[Key] = ()) -> Aim:
    """What should be so that what a run did is taken back. `keys`: those of its keys that are
    meant; none: all. Pure."""
    return _Reverting(desired, live, past).aim(frozenset(keys))


class _Reverting:
    """What should be, key by key, and what is to be said of it."""

    def __init__(self, desired: DesiredState, live: LiveState, past: Past) -> None:
        self._desired = desired
        self._live = live
        self._past = past
        self._since = Since(desired, live, past)
        self._contents = Contents(desired)
        self._marks = mark_fields(desired.identity)
        self._buckets = {bucket.id: name for name, bucket in desired.buckets.items()}
        self._entries = dict(desired.entries)
        # By every key that an entry has or had.
        self._holders = {was: entry for entry in self._entries.values() for was in entry.was}
        self._holders |= desired.entries
        self._absent = dict(desired.absent)
        self._scope: dict[Key, FileId | None] = {}
        self._beside: AbstractSet[Key | None] = frozenset()
        self._again: dict[Key, bool] = {}
        """What the catalogue would do again, each with whether a pull keeps it from that."""
        self._notes: list[Note] = []

    def aim(self, keys: frozenset[Key]) -> Aim:
        done, beside = deeds(self._since.images())
        self._beside = {image.change.key for image in beside}
        files = Counter(deed.key for deed in done)
        # What comes back last: then it is known which files of ours are of no key.
        for deed in sorted(done, key=lambda deed: isinstance(deed, Gone)):
            if keys and deed.key not in keys:
                continue
            if files[deed.key] > 1:
                self._say("lost", deed, "the run changed several files of it: which one is meant?")
            else:
                self._take_back(deed)
        for image in beside:
            if not keys or image.change.key in keys:
                self._notes.append(gone(image))
        if self._again:
            run = self._past.run
            self._notes.append(again(self._again, None if run.dirty else run.commit))
        desired = replace(
            self._desired,
            entries=self._entries,
            absent=self._absent,
            # What there was before is known in full: no key beside it, and no file but by its mark.
            rules=replace(self._desired.rules, mode=Mode.EXACT),
            identity=replace(self._desired.identity, adopt=Adopt.NONE),
        )
        notes = sorted(self._notes, key=lambda note: (note.key is None, note.key or ""))
        reason = f"run {self._past.run.id} is taken back"
        return Aim(desired, OfKeys(self._scope, desired), tuple(notes), reason)

    def _take_back(self, deed: Done) -> None:
        if isinstance(deed, Gone):
            self._bring_back(deed, deed.was)
            return
        file = self._since.file_of(deed)
        if isinstance(file, str):
            self._say("changed since", deed, file)
        elif file.bucket in self._desired.trashes and file.state is FileState.BROKEN:
            self._say("lost", deed, "it is broken, and stays in the trash", file)
        elif deed.was is not None:
            before = self._buckets.get(deed.was.bucket_id)
            if before is not None and before in self._desired.trashes:
                self._throw_back(deed, before, deed.left, file)
            else:
                self._change_back(deed, deed.was, deed.left, file)
        elif deed.replaced is None:
            self._take_away(deed, deed.left, file)
        else:
            why = f"the run made it beside file {deed.replaced}, which it did not delete"
            self._say("lost", deed, f"{why}: what there was before is not known", file)

    # What the run created.

    def _take_away(self, deed: Deed, left: Look, file: File) -> None:
        if file.bucket in self._desired.trashes:
            return
        now = self._contents.of(file)
        others = [
            self._now(deed, name, _value(now, name))
            for name in self._names(left.content, now)
            if not self._same(_value(left.content, name), _value(now, name))
        ]
        if self._desired.buckets[file.bucket].id != left.bucket_id:
            others.append(self._moved(deed, file))
        if others:
            self._say("changed since", deed, f"it is not deleted: {'; '.join(others)}", file)
            return
        self._throw_away(deed, file)

    def _throw_away(self, deed: Deed, file: File) -> None:
        self._entries.pop(deed.key, None)
        self._absent[deed.key] = AbsentEntry(deed.key, self._place(deed))
        self._scope[deed.key] = file.id
        if deed.key in self._holders:
            self._again[self._holders[deed.key].key] = False

    def _throw_back(self, deed: Deed, trash: str, left: Look, file: File) -> None:
        """What it took out of a trash goes in there again, if that is where its bucket throws."""
        here = self._desired.buckets[file.bucket]
        if here.name == trash:
            return
        if here.id != left.bucket_id:
            self._say("changed since", deed, f"{self._moved(deed, file)}: left", file)
        elif deed.key in self._beside:
            why = f"it came out of {trash} in the place of what is gone: it stays"
            self._say("lost", deed, why, file)
        elif here.trash != trash:
            why = f"it came out of {trash}, and {here.name} does not throw away into that: it stays"
            self._say("lost", deed, why, file)
        else:
            self._throw_away(deed, file)

    # What the run deleted.

    def _bring_back(self, deed: Gone, was: Look) -> None:
        there = self._since.carriers(deed.key)
        bucket = self._buckets.get(was.bucket_id)
        digest = self._digest(was.content)
        source = None if digest is None else self._at_hand(deed.key, digest)
        if there:
            self._say("changed since", deed, "there is a file with its mark, which stays", there[0])
        elif bucket is None:
            self._say("lost", deed, undeclared(was))
        elif source is None:
            self._say("lost", deed, no_audio(digest))
        elif alike := self._of_no_key(deed.key, digest):
            # An ordinary plan would find that an entry was renamed.
            ids = ", ".join(map(str, alike[:_MOST_NAMED]))
            why = f"made from the same is what no entry has (file {ids}): plan that first"
            self._say("changed since", deed, why)
        else:
            content = Content(was.content.title, self._unmarked(was.content))
            self._want(deed, content, bucket, was.content, source)
            self._absent.pop(deed.key, None)
            self._scope[deed.key] = None
            if deed.key not in self._desired.entries:
                self._again[deed.key] = False
            said = f"its acr_id {deed.acr_id} does not come back: the new file gets another"
            self._say("lost", deed, said)

    def _of_no_key(self, key: Key, digest: str | None) -> Sequence[FileId]:
        return self._since.of_no_key(digest, {*self._entries, *self._absent, key})

    # What the run changed, or replaced.

    def _change_back(self, deed: Deed, was: Look, left: Look, file: File) -> None:
        here = self._desired.buckets[file.bucket]
        if here.name in self._desired.trashes and here.id != left.bucket_id:
            self._say("changed since", deed, f"{self._moved(deed, file)}: left", file)
            return
        content, taken = self._content_back(deed, was.content, left.content, file)
        bucket = self._bucket_back(deed, was, left, file)
        source = self._source_back(deed, was, left, file)
        self._say_marks(deed, was, left, file)
        if not taken and bucket == file.bucket and source is None:
            return
        if source is None and not together(self._live, file.bucket, bucket):
            source = self._at_hand(deed.key, source_digest(file, self._desired.identity))
            if source is None:
                self._say("lost", deed, f"{bucket} is in another region, and its audio is gone")
                bucket = file.bucket
        self._want(deed, content, bucket, self._contents.of(file), source)
        thrown = {each.id: each for each in self._since.thrown_away(deed.key)}
        back = thrown.get(deed.replaced or file.id)
        if back is not None and len(thrown) > 1:
            # Of several in the trash, this one.
            self._entries[deed.key] = replace(self._entries[deed.key], acr_id=back.acr_id)
        self._absent.pop(deed.key, None)
        self._scope[deed.key] = None if source is not None else file.id
        moved, wanted = bucket != file.bucket, self._entries[deed.key]
        holder = self._holders.get(deed.key)
        if says_otherwise(self._desired, holder, wanted, taken, moved=moved) or (
            deed.thrown_away and holder is None
        ):
            again_by = deed.key if holder is None else holder.key
            self._again[again_by] = is_pulled(self._desired, wanted)

    def _content_back(
        self, deed: Deed, was: Content, left: Content, file: File
    ) -> tuple[Content, Sequence[str | None]]:
        """What the file should have, without its mark, and the names of what is taken back."""
        now = self._contents.of(file)
        title, values = now.title, self._unmarked(now)
        taken: list[str | None] = []
        for name in self._names(was, left):
            before, after, live = (_value(content, name) for content in (was, left, now))
            if canonical(before) == canonical(after):
                continue
            if not self._same(live, before):
                if self._same(before, after):
                    continue
                if not self._same(live, after):
                    self._say("changed since", deed, f"{self._now(deed, name, live)}: left", file)
                    continue
                taken.append(name)
            # Where 8 and "8" are the same, it gets the form that it had.
            if name is None:
                title = was.title
            elif before is None:
                values.pop(name, None)
            else:
                values[name] = before
        return Content(title, values), taken

    def _bucket_back(self, deed: Deed, was: Look, left: Look, file: File) -> str:
        """Where it should be."""
        now = self._desired.buckets[file.bucket].id
        if was.bucket_id in (left.bucket_id, now):
            return file.bucket
        if now != left.bucket_id:
            self._say("changed since", deed, f"{self._moved(deed, file)}: left", file)
            return file.bucket
        before = self._buckets.get(was.bucket_id)
        if before is None:
            self._say("lost", deed, undeclared(was), file)
            return file.bucket
        return before

    def _source_back(self, deed: Deed, was: Look, left: Look, file: File) -> Source | None:
        """What the file that was replaced was made from, where that is to come back and can."""
        before, after = self._digest(was.content), self._digest(left.content)
        now = source_digest(file, self._desired.identity)
        if deed.replaced is None or (before is not None and before in (after, now)):
            return None
        if now != after:
            self._say("changed since", deed, "what it is made from is another since: left", file)
            return None
        thrown = self._since.thrown_away(deed.key)
        back = next((each for each in thrown if each.id == deed.replaced), None)
        if back is not None and before is not None and back.state is FileState.READY:
            there, then = self._contents.of(back), was.content
            if (there.title, self._unmarked(there)) == (then.title, self._unmarked(then)):
                # By its digest it is found in the trash: nothing is sent.
                return Source(SourceKind.AUDIO, "", before, presence=Presence.ABSENT)
            said = f"file {back.id}, which it replaced, was changed in the trash, and stays there"
            self._say("changed since", deed, said, file)
            return None
        source = None if before is None else self._at_hand(deed.key, before)
        said = "its audio comes back in a new file, which has another acr_id once more"
        self._say("lost", deed, no_audio(before) if source is None else said, file)
        return source

    def _say_marks(self, deed: Deed, was: Look, left: Look, file: File) -> None:
        before, after = was.content.user_defined, left.content.user_defined
        source_field = None if deed.replaced is None else self._desired.identity.source_field
        names = [
            name
            for name in sorted(self._marks - {source_field})
            if not self._same(before.get(name), after.get(name))
        ]
        if names:
            message = f"its mark stays as the run wrote it: {', '.join(names)}"
            self._say("mark stays", deed, message, file)

    # What should be.

    def _want(
        self,
        deed: Done,
        content: Content,
        bucket: str,
        marked: Content,
        source: Source | None,
    ) -> None:
        """That the key has this content. `marked`: what says whether it is protected."""
        self._entries[deed.key] = Entry(
            key=deed.key,
            title=content.title,
            bucket=bucket,
            place=self._place(deed),
            user_defined=content.user_defined,
            source=source,
            protect=protects(marked.user_defined),
        )

    def _at_hand(self, key: Key, digest: str | None) -> Source | None:
        """A source of the catalogue that has the digest: the key's own, or another's; rather one
        that can be sent from here."""
        if digest is None:
            return None
        own = self._desired.entries.get(key)
        entries = [*([] if own is None else [own]), *self._desired.entries.values()]
        sources = [e.source for e in entries if e.source is not None and e.source.digest == digest]
        here = (s for s in sources if s.presence in (Presence.HERE, Presence.ELSEWHERE))
        return next(here, sources[0] if sources else None)

    # The small questions.

    def _names(self, one: Content, other: Content) -> Iterator[str | None]:
        """Of what two contents have, the names that are the catalogue's to set; None: the title."""
        yield None
        for name in sorted(one.user_defined.keys() | other.user_defined.keys()):
            if name not in self._marks and not self._contents.is_ignored(name):
                yield name

    def _unmarked(self, content: Content) -> dict[str, Json]:
        names = self._names(content, content)
        return {name: content.user_defined[name] for name in names if name is not None}

    def _same(self, one: Json, other: Json) -> bool:
        return same(one, other, self._desired.rules.compare)

    def _digest(self, content: Content) -> str | None:
        field = self._desired.identity.source_field
        digest = None if field is None else content.user_defined.get(field)
        return digest if isinstance(digest, str) and digest else None

    def _place(self, deed: Done) -> Place:
        entry = self._desired.entries.get(deed.key) or self._desired.absent.get(deed.key)
        return deed.place if entry is None else entry.place

    # What is said.

    def _say(self, fact: str, deed: Done, message: str, file: File | None = None) -> None:
        bucket, file_id = (None, None) if file is None else (file.bucket, file.id)
        self._notes.append(Note(fact, message, deed.key, bucket, file_id, self._place(deed)))

    def _now(self, deed: Deed, name: str | None, now: Json) -> str:
        field = "title" if name is None else f"user_defined.{clipped(name)}"
        value = "gone" if now is None else clipped(canonical(now).decode())
        who = self._since.who_set(deed, lambda content: _value(content, name), now)
        return f"{field} is now {value}, {who}"

    def _moved(self, deed: Deed, file: File) -> str:
        who = self._since.who_moved(deed, self._desired.buckets[file.bucket].id)
        return f"it was moved to {file.bucket}, {who}"


def _value(content: Content, name: str | None) -> Json:
    return content.title if name is None else content.user_defined.get(name)
