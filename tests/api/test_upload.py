"""An upload: what goes over the wire, and what never goes whole."""

from __future__ import annotations

import hashlib
import io
import os
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.formparser import parse_form_data

from reconciler.api.upload import Furthest, SourceChanged, Upload
from reconciler.core.model import Presence, Source, SourceKind
from tests.api.conftest import Watched
from tests.api.servers import answer, serving

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.api.conftest import MakeClient

CONTENT = bytes(range(256)) * 1000


def source(path: Path, content: bytes = CONTENT) -> Source:
    """The source as it was planned."""
    digest = hashlib.sha256(content).hexdigest()
    return Source(SourceKind.AUDIO, str(path), f"sha256:{digest[:16]}", sha256=digest)


@pytest.fixture
def audio(tmp_path: Path) -> Source:
    path = tmp_path / "spring.mp3"
    path.write_bytes(CONTENT)
    return source(path)


def body(upload: Upload, most: int = 65536) -> bytes:
    pieces: list[bytes] = []
    while piece := upload.read(most):
        assert len(piece) <= most
        pieces.append(piece)
    return b"".join(pieces)


@dataclass(frozen=True)
class Part:
    """The file of a body."""

    filename: str | None
    content: bytes
    headers: list[str]


def parsed(data: bytes, content_type: str) -> tuple[Mapping[str, str], Part]:
    """The fields and the file, by werkzeug's parser."""
    environ = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(data)),
        "wsgi.input": io.BytesIO(data),
    }
    _, form, files = parse_form_data(environ)
    assert list(files) == ["file"]
    with closing(files["file"]) as file:
        part = Part(file.filename, file.read(), [name for name, _ in file.headers])
    return form.to_dict(), part


def sent(size: int) -> None:
    """Nobody counts."""


class TestTheBody:
    @pytest.mark.parametrize("most", [7, 16384, 10_000_000])
    def test_is_what_a_parser_reads(self, audio: Source, most: int) -> None:
        fields = {"title": "Spring — ad", "data_type": "audio", "user_defined": '{"a":"é"}'}
        with Upload(fields, audio, sent) as upload:
            data = body(upload, most)
            assert len(data) == len(upload)
            form, file = parsed(data, upload.content_type)
        assert form == fields
        assert file.filename == "spring.mp3"
        assert file.content == CONTENT

    def test_tells_how_far_it_came(self, audio: Source) -> None:
        places: list[int] = []
        with Upload({"title": "T"}, audio, places.append) as upload:
            body(upload, 1000)
        assert places == [*range(1000, len(CONTENT), 1000), len(CONTENT)]

    def test_is_not_read_as_a_whole(self, audio: Source) -> None:
        with Upload({}, audio, sent) as upload:
            upload.read(16384)
            assert len(upload.read(16384)) == 16384

    def test_of_an_empty_file(self, tmp_path: Path) -> None:
        path = tmp_path / "empty.mp3"
        path.touch()
        with Upload({}, source(path, b""), sent) as upload:
            _, file = parsed(body(upload), upload.content_type)
        assert file.content == b""

    def test_has_another_boundary_each_time(self, audio: Source) -> None:
        with Upload({}, audio, sent) as one, Upload({}, audio, sent) as two:
            assert one.content_type != two.content_type


hostile = st.text(
    st.sampled_from("\"\\\r\n;=-:%'() aé\x00\u2028") | st.characters(exclude_categories=["Cs"]),
    min_size=1,
    max_size=20,
)


class TestHostileNames:
    @given(title=hostile, values=hostile)
    def test_of_fields_change_no_field(
        self, tmp_path_factory: pytest.TempPathFactory, title: str, values: str
    ) -> None:
        path = tmp_path_factory.getbasetemp() / "a.mp3"
        path.write_bytes(b"audio")
        fields = {"title": title, "user_defined": values}
        with Upload(fields, source(path, b"audio"), sent) as upload:
            form, file = parsed(body(upload), upload.content_type)
        assert form == fields
        assert file.content == b"audio"

    @pytest.mark.parametrize(
        "name",
        [
            'a".mp3',
            "a\\",
            "a\r\nX-Injected: 1",
            'x"; name="title',
            'a\r\n\r\n--boundary\r\nContent-Disposition: form-data; name="title"\r\n\r\nb',
            "é.mp3",
            "a;b.mp3",
        ],
    )
    def test_of_files_change_no_header(self, tmp_path: Path, name: str) -> None:
        path = tmp_path / name
        path.write_bytes(b"audio")
        with Upload({"title": "T"}, source(path, b"audio"), sent) as upload:
            form, file = parsed(body(upload), upload.content_type)
        assert form == {"title": "T"}
        assert file.headers == ["Content-Disposition", "Content-Type"]
        assert file.content == b"audio"

    def test_of_no_valid_utf_8(self, tmp_path: Path) -> None:
        path = tmp_path / os.fsdecode(b"\xff.mp3")
        path.write_bytes(b"audio")
        with Upload({"title": "T"}, source(path, b"audio"), sent) as upload:
            form, file = parsed(body(upload), upload.content_type)
        assert (form, file.filename, file.content) == ({"title": "T"}, "?.mp3", b"audio")
        path.unlink()
        with pytest.raises(SourceChanged) as caught:
            Upload({}, source(path), sent)
        assert str(caught.value).encode(), "it can be written to the ledger"

    def test_a_title_cannot_end_the_part(self, audio: Source) -> None:
        """The boundary is not known before."""
        with Upload({"title": "T"}, audio, sent) as upload:
            boundary = upload.content_type.partition("boundary=")[2]
        title = f'\r\n--{boundary}\r\nContent-Disposition: form-data; name="x"\r\n\r\ny'
        with Upload({"title": title}, audio, sent) as upload:
            form, _ = parsed(body(upload), upload.content_type)
        assert form == {"title": title}


class TestWhatCannotBeSent:
    def test_vanished(self, audio: Source, tmp_path: Path) -> None:
        (tmp_path / "spring.mp3").unlink()
        with pytest.raises(SourceChanged, match=r"spring\.mp3 cannot be opened: No such file"):
            Upload({}, audio, sent)

    def test_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(SourceChanged, match="is not a regular file"):
            Upload({}, source(tmp_path), sent)

    def test_a_fifo_which_does_not_hold_the_run_up(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "fifo")
        with pytest.raises(SourceChanged, match="is not a regular file"):
            Upload({}, source(tmp_path / "fifo"), sent)

    def test_a_device(self, tmp_path: Path) -> None:
        with pytest.raises(SourceChanged, match="is not a regular file"):
            Upload({}, source(tmp_path.joinpath("/dev/zero")), sent)

    def test_an_lfs_pointer(self, audio: Source) -> None:
        with pytest.raises(SourceChanged, match="git lfs pull"):
            Upload({}, replace(audio, presence=Presence.POINTER), sent)


class TestASourceThatIsNotWhatWasPlanned:
    """The body is never completed, so the service never has a whole request."""

    @pytest.mark.parametrize(
        "content",
        [b"", b"x", CONTENT[:-1], CONTENT[:-1] + b"\x00", CONTENT + b"\x00"],
        ids=["empty", "another", "shorter", "one byte", "longer"],
    )
    def test_changed_before_it_is_sent(self, audio: Source, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "spring.mp3").write_bytes(content)
        with Upload({}, audio, sent) as upload:
            pieces: list[bytes] = []
            with pytest.raises(SourceChanged, match=r"spring\.mp3 is not what was planned"):
                pieces.extend(iter(upload.read, b""))
            assert len(b"".join(pieces)) < len(upload)
            assert f"--{upload.content_type.partition('=')[2]}--".encode() not in b"".join(pieces)

    def test_nobody_knows_what_was_planned(self, audio: Source) -> None:
        with (
            Upload({}, replace(audio, sha256=None), sent) as upload,
            pytest.raises(SourceChanged, match="planned was None"),
        ):
            body(upload)

    def test_cut_while_it_is_sent(self, audio: Source, tmp_path: Path) -> None:
        with Upload({}, audio, sent) as upload:
            upload.read()
            upload.read(1000)
            os.truncate(tmp_path / "spring.mp3", 2000)
            with pytest.raises(SourceChanged, match="became shorter while it was sent"):
                body(upload)

    def test_of_a_disk_that_fails_while_it_is_sent(self, audio: Source) -> None:
        """Played by a descriptor that nothing can be read from."""
        with Upload({}, audio, sent) as upload, Path(os.devnull).open("wb") as unreadable:
            upload.read()
            os.dup2(unreadable.fileno(), upload._file)
            with pytest.raises(SourceChanged, match=r"spring\.mp3 cannot be read: Bad file"):
                body(upload)

    def test_grown_while_it_is_sent_counts_as_it_was(self, audio: Source, tmp_path: Path) -> None:
        with Upload({}, audio, sent) as upload:
            upload.read()
            with (tmp_path / "spring.mp3").open("ab") as file:
                file.write(b"more")
            whole = body(upload)
        assert CONTENT in whole
        assert b"more" not in whole

    def test_nothing_is_created(self, client: MakeClient, audio: Source, tmp_path: Path) -> None:
        (tmp_path / "spring.mp3").write_bytes(CONTENT[::-1])
        bucket = answer(200, {"data": {"id": 8891}})
        with serving(bucket, answer(200, {"data": {"id": 1}})) as server:
            writing = client(server.url)
            with pytest.raises(SourceChanged):
                writing.create("spots", "T", {}, audio, Watched())
        assert server.lines() == ["GET /api/buckets/8891"], "no whole request came"

    def test_nothing_of_it_is_taken_for_an_answer_of_the_service(
        self, client: MakeClient, audio: Source, tmp_path: Path
    ) -> None:
        """F73: whoever follows the write is told that no answer came."""
        (tmp_path / "spring.mp3").unlink()
        watched = Watched()
        with serving(answer(200, {"data": {"id": 8891}})) as server:
            writing = client(server.url)
            with pytest.raises(SourceChanged):
                writing.create("spots", "T", {}, audio, watched)
        assert watched.told == [("goes", None), ("ended", None)]


class TestHowFarItCame:
    def test_over_several_attempts_counts_no_byte_twice(self) -> None:
        told: list[int] = []
        furthest = Furthest(told.append)
        for place in (10, 20, 5, 20, 21, 10, 30):
            furthest.reached(place)
        assert told == [10, 10, 1, 9]

    def test_after_a_429_goes_on_where_it_was(self, client: MakeClient, audio: Source) -> None:
        """F16: the bar neither goes back nor beyond its end."""
        watched = Watched()
        one_file = answer(201, {"data": {"id": 7, "bucket_id": 8891, "title": "T"}})
        bucket = answer(200, {"data": {"id": 8891}})
        with serving(bucket, answer(429, {}), answer(423, {}), one_file) as server:
            client(server.url).create("spots", "T", {}, audio, watched)
        sizes = [size for what, size in watched.told if what == "sent"]
        assert min(size or 0 for size in sizes) > 0
        assert watched.bytes == len(CONTENT)
        assert len({request.body.count(CONTENT) for request in server.requests[1:]}) == 1
