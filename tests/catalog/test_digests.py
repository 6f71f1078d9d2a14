"""What was found in a source is found again without a look inside, for as long as it holds."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.catalog.digests import Contents, Digests, Memory
from reconciler.catalog.loading import load
from reconciler.catalog.pinning import pin
from reconciler.core.model import Source
from tests.apply.fake_clock import FakeClock
from tests.catalog.conftest import Folder, searched
from tests.catalog.test_sources import tone

DAY = 86_400.0
PLANTED = Contents("0" * 64, 7.5, "planted")
"""Nobody would find this in a file: who says it has not looked."""
FILES = "files: {a: {title: T, source: {audio: a.wav}}}\n"


@dataclass
class Place:
    """A catalogue with a source, and what is remembered of it."""

    folder: Folder
    clock: FakeClock
    digests: Digests

    @property
    def catalog(self) -> Path:
        return self.folder.path / "catalog.yaml"

    @property
    def audio(self) -> Path:
        return self.folder.path / "a.wav"

    @property
    def memory(self) -> Memory:
        return self.digests.of(self.catalog)

    @property
    def kept(self) -> Path:
        """The only file in the folder."""
        (only,) = self.digests.folder.iterdir()
        return only

    def source(self, key: str = "a") -> Source:
        source = load(self.catalog, digests=self.digests).desired.entries[key].source  # type: ignore[index]
        assert source is not None
        return source

    def plant(self, path: Path | None = None, contents: Contents = PLANTED) -> Contents:
        """Have this remembered of a file, where it is not remembered already; what is."""
        with self.memory as memory:
            return contents_of(memory, path or self.audio, lambda: contents)


def contents_of(memory: Memory, path: Path, read: Callable[[], Contents]) -> Contents:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return memory.contents(str(path), audio=True, descriptor=descriptor, read=read)
    finally:
        os.close(descriptor)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def place(folder: Folder, tmp_path: Path) -> Place:
    """A minute after the source was written."""
    folder.catalog(FILES)
    tone(folder.path / "a.wav")
    clock = FakeClock((folder.path / "a.wav").stat().st_ctime + 60)
    return Place(folder, clock, Digests(tmp_path / "cache" / "reconciler", clock))


class TestAFileThatIsAsItWas:
    def test_is_not_read_again(self, place: Place) -> None:
        place.plant()
        source = place.source()
        assert (source.sha256, source.duration) == (PLANTED.sha256, 7.5)
        assert source.size == place.audio.stat().st_size

    def test_is_warned_of_again(self, place: Place) -> None:
        place.plant()
        (warning,) = load(place.catalog, digests=place.digests).warnings
        assert str(warning).endswith("files.a.source.audio: planted")

    def test_gives_the_same_as_the_first_time(self, place: Place) -> None:
        place.audio.write_bytes(b"not audio at all" * 100)
        without = load(place.catalog)
        assert load(place.catalog, digests=place.digests) == without
        assert place.plant().sha256 == digest(place.audio)
        assert load(place.catalog, digests=place.digests) == without

    def test_is_not_the_same_as_a_fingerprint(self, place: Place) -> None:
        place.plant()
        place.folder.catalog("files: {a: {title: T, source: {fingerprint: a.wav}}}\n")
        assert (place.source().sha256, place.source().duration) == (digest(place.audio), None)

    def test_is_told_by_its_whole_status(self, place: Place) -> None:
        place.plant()
        status = place.audio.stat()
        parts = ("dev", "ino", "size", "mtime_ns", "ctime_ns")
        told = ",".join(str(getattr(status, f"st_{part}")) for part in parts)
        assert f'"{place.audio}",true,{told},"{PLANTED.sha256}"' in place.kept.read_text()

    def test_is_known_to_pin(self, place: Place) -> None:
        place.plant()
        assert pin(place.catalog, digests=place.digests).pinned == ("a",)
        assert f"sha256: '{PLANTED.sha256}'" in place.catalog.read_text().replace('"', "'")

    def test_may_have_a_path_that_is_not_of_utf_8(self, tmp_path: Path, place: Place) -> None:
        home = Folder(tmp_path / os.fsdecode(b"caf\xe9"))
        home.path.mkdir()
        home.catalog(FILES)
        tone(home.path / "a.wav")
        there = Place(home, place.clock, place.digests)
        there.plant()
        assert there.source().sha256 == PLANTED.sha256

    def test_is_one_of_many(self, place: Place) -> None:
        names = [f"{number}.fp" for number in range(300)]
        for name in names:
            place.folder.write(name, f"print {name}")
        lines = (f"  e{name}: {{title: T, source: {{fingerprint: {name}}}}}\n" for name in names)
        place.folder.catalog("files:\n" + "".join(lines))
        first = load(place.catalog, digests=place.digests)
        kept = place.kept.read_bytes()
        assert kept.count(b'.fp",false,') == 300
        assert load(place.catalog, digests=place.digests) == first == load(place.catalog)
        assert place.kept.read_bytes() == kept


def other(path: Path) -> bytes:
    """Other bytes, and as many."""
    return bytes(byte ^ 1 for byte in path.read_bytes())


def written(path: Path) -> None:
    path.write_bytes(other(path))


def written_and_set_back(path: Path) -> None:
    """The size, the inode and the time of the last writing stay."""
    before = path.stat()
    path.write_bytes(other(path))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replaced(path: Path) -> None:
    """By a file of the same size and time."""
    before = path.stat()
    new = path.with_name("new")
    new.write_bytes(other(path))
    os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
    new.replace(path)


def linked(path: Path) -> None:
    """To another file."""
    new = path.with_name(f"real-{path.stat().st_ctime_ns}")
    new.write_bytes(other(path))
    path.unlink()
    path.symlink_to(new.name)


def longer(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def tick_by(change: Callable[[Path], None], path: Path) -> None:
    """Change the file, until the file system's clock has ticked meanwhile."""
    before = path.stat().st_ctime_ns
    while path.stat().st_ctime_ns == before:
        change(path)


@pytest.mark.parametrize(
    "change",
    [written, written_and_set_back, replaced, linked, longer],
    ids=lambda change: change.__name__,
)
def test_a_file_that_changed_is_read(place: Place, change: Callable[[Path], None]) -> None:
    place.plant()
    tick_by(change, place.audio)
    assert place.source().sha256 == digest(place.audio)
    assert place.plant().sha256 == digest(place.audio)


class TestAFileThatIsNotAtRest:
    """As git has it: what is written to while it is young may be written to once more, unseen."""

    @pytest.mark.parametrize(("age", "remembered"), [(1.9, False), (2.1, True)])
    def test_is_not_remembered(self, place: Place, age: float, remembered: bool) -> None:
        place.clock.ahead = place.audio.stat().st_ctime + age - place.clock()
        place.plant()
        assert (place.source().sha256 == PLANTED.sha256) == remembered

    def test_may_say_that_it_is_old(self, place: Place) -> None:
        """As what `cp -p`, tar and rsync have just written."""
        os.utime(place.audio, (0, 0))
        place.clock.ahead = place.audio.stat().st_ctime + 1 - place.clock()
        place.plant()
        assert place.source().sha256 == digest(place.audio)

    def test_may_come_from_the_future(self, place: Place) -> None:
        os.utime(place.audio, (place.clock() + DAY, place.clock() + DAY))
        place.plant()
        assert place.source().sha256 == digest(place.audio)

    def test_may_change_while_it_is_read(self, place: Place) -> None:
        def read() -> Contents:
            tick_by(written, place.audio)
            return PLANTED

        with place.memory as memory:
            contents_of(memory, place.audio, read)
        assert not place.digests.folder.exists()


def no_file(path: Path) -> None:
    path.unlink()


def cut_off(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def one_bit(path: Path) -> None:
    """Of the digest itself."""
    path.write_bytes(path.read_bytes().replace(b"0000", b"0001", 1))


def by_another_version(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"mutagen ", b"mutagen 9", 1))


def in_another_form(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"digests 1,", b"digests 0,", 1))


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def a_link(path: Path) -> None:
    path.rename(path.parent.parent / "elsewhere")
    path.symlink_to("../elsewhere")
    one_bit(path)


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


class TestAMemoryThatIsNotAsItWasWritten:
    @pytest.mark.parametrize(
        "spoil",
        [no_file, emptied, cut_off, one_bit, by_another_version, in_another_form, a_pipe, a_link],
        ids=lambda spoil: spoil.__name__,
    )
    def test_is_not_believed_and_made_anew(
        self, place: Place, spoil: Callable[[Path], None]
    ) -> None:
        place.plant()
        spoil(place.memory._file)
        assert place.source().sha256 == digest(place.audio)
        assert stat.S_ISREG(place.kept.lstat().st_mode)
        assert place.plant().sha256 == digest(place.audio)

    def test_may_be_a_folder_by_now(self, place: Place) -> None:
        place.plant()
        a_folder(place.kept)
        assert place.source().sha256 == digest(place.audio)

    @searched
    @given(st.binary(max_size=200))
    def test_may_be_anything(self, tmp_path_factory: Any, data: bytes) -> None:
        home = tmp_path_factory.mktemp("any")
        tone(home / "a.wav", 0.01)
        place = Place(Folder(home), FakeClock(), Digests(home / "cache", FakeClock()))
        place.folder.catalog(FILES)
        place.digests.folder.mkdir(mode=0o700)
        place.memory._file.write_bytes(data)
        assert place.source().sha256 == digest(place.audio)


class TestWhereItIsKept:
    def test_is_for_its_owner_only(self, place: Place) -> None:
        before = os.umask(0)
        try:
            place.source()
        finally:
            os.umask(before)
        assert stat.S_IMODE(place.kept.stat().st_mode) == 0o600
        for folder in (place.digests.folder, place.digests.folder.parent):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    @pytest.mark.parametrize("depth", [0, 1])
    def test_is_no_folder_that_others_can_write_to(self, place: Place, depth: int) -> None:
        place.plant()
        [place.digests.folder, place.digests.folder.parent][depth].chmod(0o777)
        kept = place.kept.read_bytes()
        assert place.source().sha256 == digest(place.audio)
        tick_by(written, place.audio)
        assert place.source().sha256 == digest(place.audio)
        assert place.kept.read_bytes() == kept

    def test_is_no_link_to_a_folder(self, place: Place) -> None:
        place.plant()
        real = place.digests.folder.rename(place.digests.folder.with_name("real"))
        place.digests.folder.symlink_to(real)
        assert place.source().sha256 == digest(place.audio)

    def test_may_lie_behind_a_link_of_the_users_own(self, place: Place) -> None:
        place.plant()
        above = place.digests.folder.parent
        above.symlink_to(above.rename(above.with_name("scratch")))
        assert place.source().sha256 == PLANTED.sha256

    @pytest.mark.parametrize("where", ["/proc/self/cache", "/dev/null/cache", "a\nb" * 200])
    def test_may_be_impossible(self, place: Place, where: str) -> None:
        nowhere = Digests(Path(where), place.clock)
        assert load(place.catalog, digests=nowhere) == load(place.catalog)

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    def test_may_be_read_only(self, place: Place) -> None:
        place.plant()
        place.digests.folder.chmod(0o500)
        assert place.source().sha256 == PLANTED.sha256
        tick_by(written, place.audio)
        assert place.source().sha256 == digest(place.audio)

    @pytest.mark.parametrize(
        "text", ["", FILES.replace("a.wav", "x/a.wav"), FILES.replace("a.", "b.")]
    )
    def test_is_not_made_where_no_source_is_there(self, place: Place, text: str) -> None:
        place.folder.catalog(text)
        load(place.catalog, digests=place.digests)
        assert not place.digests.folder.exists()

    def test_is_written_only_where_there_is_something_new(self, place: Place) -> None:
        place.plant()
        before = place.kept.stat()
        place.source()
        assert place.kept.stat() == before

    def test_has_what_was_found_until_it_was_stopped(self, place: Place) -> None:
        def stopped() -> Contents:
            raise KeyboardInterrupt

        second = place.folder.write("b.wav", "other")
        with place.memory as memory:
            contents_of(memory, place.audio, lambda: PLANTED)
            with pytest.raises(KeyboardInterrupt):
                contents_of(memory, second, stopped)
        assert place.source().sha256 == PLANTED.sha256

    def test_is_a_file_for_each_catalogue(self, place: Place) -> None:
        place.plant()
        other = place.folder.write("other.yaml", place.catalog.read_bytes())
        load(other, digests=place.digests)
        assert len([*place.digests.folder.iterdir()]) == 2
        assert place.source().sha256 == PLANTED.sha256


class TestTwoAtOnce:
    def test_leave_what_one_of_them_found(self, place: Place) -> None:
        """Whole, and not mixed: the last one's. What the other found is looked for once more."""
        second = place.folder.write("b.wav", place.audio.read_bytes())
        with place.memory as one, place.memory as other:
            contents_of(one, place.audio, lambda: PLANTED)
            contents_of(other, second, lambda: PLANTED)
        with place.memory as memory:
            assert contents_of(memory, place.audio, lambda: PLANTED) == PLANTED
            assert contents_of(memory, second, lambda: Contents("1")) == Contents("1")


class TestWhatNobodyAsksFor:
    """It is dropped when something else is written."""

    def is_kept(self, place: Place) -> bool:
        return str(place.audio).encode() in place.memory._file.read_bytes()

    def something_new(self, place: Place) -> None:
        place.plant(place.folder.write(f"{place.clock()}.wav", "new"))

    @pytest.mark.parametrize(("days", "kept"), [(90, True), (91, False)])
    def test_is_kept_for_a_while(self, place: Place, days: int, kept: bool) -> None:
        place.plant()
        place.clock.sleep(days * DAY)
        self.something_new(place)
        assert self.is_kept(place) == kept

    def test_is_not_what_is_asked_for_now_and_then(self, place: Place) -> None:
        """Also where there is nothing new for a long time."""
        place.plant()
        for _ in range(4):
            place.clock.sleep(31 * DAY)
            assert place.source().sha256 == PLANTED.sha256
        self.something_new(place)
        assert place.source().sha256 == PLANTED.sha256

    def test_is_what_a_file_was_before(self, place: Place) -> None:
        place.plant()
        tick_by(written, place.audio)
        place.source()
        assert PLANTED.sha256.encode() not in place.kept.read_bytes()

    def test_is_a_catalogue_that_is_gone(self, place: Place) -> None:
        place.plant()
        kept = place.kept
        half_written = kept.with_name(f".{kept.name}.0123456789ab.new")
        theirs = kept.with_name("not-ours")
        half_written.touch()
        theirs.touch()
        place.clock.sleep(91 * DAY)
        load(place.catalog.rename(place.folder.path / "moved.yaml"), digests=place.digests)
        left = {*place.digests.folder.iterdir()}
        assert len(left) == 2
        assert theirs in left
        assert kept not in left
