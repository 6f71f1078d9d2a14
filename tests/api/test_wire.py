"""The service's JSON, in every shape of the field notes, and our values."""

from __future__ import annotations

import tracemalloc
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.api import wire
from reconciler.core.model import FileId, FileState, Opaque
from reconciler.errors import AnswerTooLarge, UnreadableAnswer

DEEPEST = 1000
"""Levels that the parser reads, and that Python's own `str` does not follow."""
PAGE_FILE: dict[str, Any] = {
    "id": 2057,
    "bucket_id": 8891,
    "acr_id": "6d3e17559677cd79ecb0b7cd2c79bea0",
    "title": "Spring ad",
    "user_defined": {"artist": "Acme"},
    "state": 1,
    "duration": 79,
    "audio_id": "",
    "fp_id": 7,
    "created_at": "2020-12-24 08:49:17",
}


def read(**changes: Any) -> Any:
    """The file of the page's sample, with changes; None takes a field away."""
    item = {name: value for name, value in {**PAGE_FILE, **changes}.items() if value != "ABSENT"}
    return wire.file(item, "spots", 8891, "doing")


class TestAFile:
    def test_of_the_api_page(self) -> None:
        file = read()
        assert (file.id, file.bucket, file.title) == (2057, "spots", "Spring ad")
        assert file.acr_id == "6d3e17559677cd79ecb0b7cd2c79bea0"
        assert file.user_defined == {"artist": "Acme"}
        assert (file.state, file.duration) == (FileState.READY, 79)

    @pytest.mark.parametrize("bucket_id", [8891, "8891", "ABSENT"])
    def test_its_bucket_may_be_a_number_a_text_or_unsaid(self, bucket_id: object) -> None:
        assert read(bucket_id=bucket_id).bucket == "spots"

    @pytest.mark.parametrize("bucket_id", [8892, "x", None, True, 1.5])
    def test_of_another_bucket_is_refused(self, bucket_id: object) -> None:
        with pytest.raises(UnreadableAnswer, match="not in 8891"):
            read(bucket_id=bucket_id)

    @pytest.mark.parametrize("file_id", [2057, "2057"])
    def test_its_id_may_be_text(self, file_id: object) -> None:
        assert read(id=file_id).id == 2057

    @pytest.mark.parametrize(
        "file_id",
        ["ABSENT", None, 0, -1, "0", "-1", "", "x", "20 57", 1.0, True, [], "9" * 5000, "٣"],
    )
    def test_without_a_usable_id_is_refused(self, file_id: object) -> None:
        with pytest.raises(UnreadableAnswer, match="has no id"):
            read(id=file_id)

    @pytest.mark.parametrize("item", [None, 7, "x", [], [PAGE_FILE]])
    def test_that_is_no_object_is_refused(self, item: object) -> None:
        with pytest.raises(UnreadableAnswer, match="not a file"):
            wire.file(item, "spots", 8891, "doing")

    @pytest.mark.parametrize(
        ("title", "meant"),
        [("  x ", "x"), ("Cafe\u0301", "Caf\u00e9"), ("", ""), (None, ""), ("ABSENT", "")],
    )
    def test_its_title(self, title: object, meant: str) -> None:
        assert read(title=title).title == meant

    @pytest.mark.parametrize("title", [7, [], {}, True])
    def test_with_a_title_that_is_no_text_is_refused(self, title: object) -> None:
        with pytest.raises(UnreadableAnswer, match="title of file 2057"):
            read(title=title)

    @pytest.mark.parametrize("value", ["ABSENT", None, 7, "", "a,b", "../1", "a/b", "é", ["x"]])
    def test_without_a_usable_acr_id_has_none(self, value: object) -> None:
        assert read(acr_id=value).acr_id == ""

    @pytest.mark.parametrize("empty", [{}, [], None, "", "{}", "[]", "null", '""', "ABSENT"])
    def test_its_user_defined_may_be_empty_in_many_ways(self, empty: object) -> None:
        assert read(user_defined=empty).user_defined == {}

    @pytest.mark.parametrize(
        "value",
        [
            {"a": 1, "b": None},
            '{"a": 1}',
            '"{\\"a\\": 1}"',
        ],
        ids=["object", "text", "text in text"],
    )
    def test_its_user_defined_may_be_an_object_or_text(self, value: object) -> None:
        assert read(user_defined=value).user_defined == {"a": 1}

    @pytest.mark.parametrize("value", ["x", "{", [1], 7, True, "[1]", '"x"'])
    def test_its_user_defined_may_be_unreadable(self, value: object) -> None:
        assert isinstance(read(user_defined=value).user_defined, Opaque)

    @pytest.mark.parametrize("depth", [300, 1000])
    @pytest.mark.parametrize("as_text", [True, False], ids=["text", "value"])
    @pytest.mark.parametrize(("begin", "end"), [(b'{"a":', b"}"), (b"[", b"]")], ids=["{", "["])
    def test_its_user_defined_may_be_too_deep_to_be_written_again(
        self, depth: int, as_text: bool, begin: bytes, end: bytes
    ) -> None:
        text = b'{"x":' + begin * depth + b"1" + end * depth + b"}"
        value = text.decode() if as_text else orjson.loads(text)
        assert isinstance(read(user_defined=value).user_defined, Opaque)

    @pytest.mark.parametrize("depth", [100, *range(230, 256)])
    def test_whatever_it_is_it_can_be_written_into_a_plan(self, depth: int) -> None:
        """There it stands deeper than by itself."""
        text = b'{"a":' * depth + b"1" + b"}" * depth
        content = read(user_defined=orjson.loads(text)).user_defined
        assert depth > 100 or not isinstance(content, Opaque)
        if not isinstance(content, Opaque):
            orjson.dumps({"changes": [{"before": {"user_defined": content}}]})

    @pytest.mark.parametrize(
        ("value", "state"),
        [
            (1, FileState.READY),
            ("1", FileState.READY),
            (-1, FileState.BROKEN),
            ("-1", FileState.BROKEN),
            (0, FileState.PENDING),
            ("0", FileState.PENDING),
            (7, FileState.PENDING),
            (None, FileState.PENDING),
            ("ready", FileState.PENDING),
            ("ABSENT", FileState.PENDING),
        ],
    )
    def test_its_state(self, value: object, state: FileState) -> None:
        assert read(state=value).state is state

    @pytest.mark.parametrize(
        ("value", "seconds"),
        [
            (79, 79.0),
            ("78.5", 78.5),
            (0, None),
            ("", None),
            (None, None),
            ("x", None),
            ([], None),
            (-1, None),
            ("inf", None),
            ("nan", None),
            ("1e999", None),
            ("ABSENT", None),
        ],
    )
    def test_its_duration(self, value: object, seconds: float | None) -> None:
        assert read(duration=value).duration == seconds


def page(**changes: Any) -> Any:
    answer = {
        "data": [PAGE_FILE],
        "links": {"next": "http://127.0.0.1:8080/api/buckets/8891/files?page=2"},
        "meta": {"current_page": 1, "last_page": 3, "per_page": "20", "total": 41},
    }
    return wire.page({**answer, **changes}, "spots", 8891, "listing")


class TestAPage:
    def test_of_the_api_page(self) -> None:
        found = page()
        assert [file.id for file in found.files] == [2057]
        assert (found.total, found.last) == (41, 3)

    def test_its_numbers_may_be_text(self) -> None:
        found = page(meta={"last_page": "3", "total": "41"})
        assert (found.total, found.last) == (41, 3)

    @pytest.mark.parametrize("last", [0, 1, -7])
    def test_an_empty_one_is_the_only_one(self, last: int) -> None:
        found = page(data=[], meta={"last_page": last, "total": 0})
        assert (found.files, found.total, found.last) == ((), 0, 1)

    @pytest.mark.parametrize(
        "meta", [{}, {"total": 1}, {"last_page": 1}, {"total": -1, "last_page": 1}, {"total": None}]
    )
    def test_that_does_not_say_how_many_there_are(self, meta: object) -> None:
        with pytest.raises(UnreadableAnswer):
            page(meta=meta)

    @pytest.mark.parametrize("data", [None, {}, "x", 7])
    def test_whose_data_is_no_list(self, data: object) -> None:
        with pytest.raises(UnreadableAnswer):
            page(data=data)

    @pytest.mark.parametrize("answer", [None, [], "x", 7, {}])
    def test_that_is_none(self, answer: object) -> None:
        with pytest.raises(UnreadableAnswer, match="no data"):
            wire.page(answer, "spots", 8891, "listing")

    def test_that_is_an_error_under_another_name_says_it(self) -> None:
        with pytest.raises(UnreadableAnswer, match="it says 'quota exceeded'"):
            wire.page({"error": "quota exceeded"}, "spots", 8891, "listing")


def files(answer: Any, *ids: int | str) -> list[int]:
    asked = [FileId(i) if isinstance(i, int) else i for i in ids]
    return [file.id for file in wire.files(answer, asked, "spots", 8891, "reading")]


class TestFilesById:
    def test_as_a_list_and_as_an_object(self) -> None:
        assert files({"data": [PAGE_FILE]}, 2057) == [2057]
        assert files({"data": PAGE_FILE}, 2057) == [2057]

    def test_by_acr_id(self) -> None:
        assert files({"data": [PAGE_FILE]}, PAGE_FILE["acr_id"]) == [2057]

    @pytest.mark.parametrize("nothing", [[], {}, None])
    def test_none_of_them(self, nothing: object) -> None:
        assert files({"data": nothing}, 2057) == []

    def test_in_another_bucket_are_not_in_this_one(self) -> None:
        assert files({"data": [{**PAGE_FILE, "bucket_id": 8892}]}, 2057) == []

    def test_that_nobody_asked_for_are_refused(self) -> None:
        with pytest.raises(UnreadableAnswer, match="2057 came, and was not asked for"):
            files({"data": [PAGE_FILE]}, 2058)

    @pytest.mark.parametrize(
        "answer", [{}, [], "x", None, 7, {"error": "nope"}, {"data": 7}, {"data": [7]}]
    )
    def test_an_answer_that_does_not_say_is_not_taken_for_none(self, answer: object) -> None:
        with pytest.raises(UnreadableAnswer):
            files(answer, 2057)


class TestABucket:
    def test_its_region(self) -> None:
        answer = {"data": {"id": "8891", "name": "spots", "region": "eu-west-1", "num": 3}}
        assert wire.bucket_info(answer, "x") == wire.BucketInfo(8891, "spots", "eu-west-1")

    @pytest.mark.parametrize("region", [None, "", "ABSENT"])
    def test_without_one(self, region: str | None) -> None:
        data = {"id": 8891, "region": region}
        if region == "ABSENT":
            del data["region"]
        assert wire.bucket_info({"data": data}, "x") == wire.BucketInfo(8891, "", None)

    @pytest.mark.parametrize("data", [[], {}, {"id": "x"}, "x"])
    def test_that_is_none(self, data: object) -> None:
        with pytest.raises(UnreadableAnswer):
            wire.bucket_info({"data": data}, "x")


class TestARefusal:
    @pytest.mark.parametrize(
        ("body", "said"),
        [
            (b'{"message": "The title is required."}', "The title is required."),
            (b'{"error": "Authentication Exception"}', "Authentication Exception"),
            (b'{"title": "Bad", "detail": "too large", "status": 413}', "too large; Bad"),
            (
                b'{"message": "Invalid.", "errors": {"title": ["Too long.", "Bad."], "file": "x"}}',
                "Invalid.; title: Too long. Bad.; file: x",
            ),
            (b'{"message": "same", "error": "same"}', "same"),
            (b'{"message": {"deep": [1]}}', "{'deep': [1]}"),
            (b"<html>", ""),
            (b"", ""),
            (b"[1]", ""),
            (b"\xff", ""),
        ],
    )
    def test_in_the_ways_that_services_say_it(self, body: bytes, said: str) -> None:
        assert wire.refusal(body) == said

    def test_is_not_endless(self) -> None:
        assert len(wire.refusal(orjson.dumps({"message": "x" * 10_000}))) == 500

    @pytest.mark.parametrize("name", ["message", "errors"])
    @pytest.mark.parametrize("begin", [b"[", b'{"a":'])
    def test_may_be_nested_deeper_than_python_goes(self, name: str, begin: bytes) -> None:
        """F60."""
        end = b"]" if begin == b"[" else b"}"
        deep = begin * DEEPEST + b"1" + end * DEEPEST
        body = b'{"%b": {"a": %b}, "error": "no"}' % (name.encode(), deep)
        assert "no" in wire.refusal(body)

    def test_does_not_tell_the_query_of_an_address(self) -> None:
        """T17: the service may say which address it could not fetch."""
        url = "https://cdn.example.com/a.mp3?signature=s3cret#x"
        body = {
            "message": f"cannot fetch {url} now",
            "errors": {"url": [f'bad: "{url}"', f"<{url}>"]},
        }
        assert wire.refusal(orjson.dumps(body)) == (
            "cannot fetch https://cdn.example.com/a.mp3?... now; "
            'url: bad: "https://cdn.example.com/a.mp3?..." <https://cdn.example.com/a.mp3?...>'
        )


class TestHostileJson:
    """F60: read or refused, within bounds, and nothing else."""

    @pytest.mark.parametrize(
        "body",
        [
            b"[" * 100_000,
            b'{"a":' * 100_000,
            b'{"data": [NaN]}',
            b'{"data": Infinity}',
            b'{"data": 1e999}',
            b'{"data": ' + b"9" * 400 + b"}",
            b'{"title": "\\ud800"}',
            b'{"title": "\xed\xa0\x80"}',
            b'{"title": "a\nb"}',
            b'{"data": [],}',
            b"\xef\xbb\xbf{}",
            b"",
            b"{}{}",
        ],
        ids=lambda body: repr(body[:20]),
    )
    def test_what_is_no_json_of_ours(self, body: bytes) -> None:
        with pytest.raises(UnreadableAnswer) as caught:
            wire.parse(body, "listing")
        assert len(str(caught.value)) < 400

    @pytest.mark.parametrize(
        "body",
        [
            b'{"data": [' + b"[]," * 5_000_000 + b"0]}",
            b'{"data": [' + b"{}," * 5_000_000 + b"0]}",
            b'{"data": [' + b"1," * 8_000_000 + b"0]}",
            b'{"data": {' + b",".join(b'"%x":0' % n for n in range(1_500_000)) + b"}}",
        ],
        ids=["lists", "objects", "numbers", "names"],
    )
    def test_that_would_take_much_more_than_itself_is_not_built(self, body: bytes) -> None:
        """T28."""
        tracemalloc.start()
        try:
            with pytest.raises(AnswerTooLarge, match="listing: the answer is too large: it holds"):
                wire.parse(body, "listing")
            assert wire.refusal(body) == ""
            assert tracemalloc.get_traced_memory()[1] < 1_000_000
        finally:
            tracemalloc.stop()

    def test_that_is_a_page_of_files_with_much_metadata_is_read(self) -> None:
        held = {"user_defined": {f"key {n}": "x" * 10 for n in range(400)}}
        files = [{**PAGE_FILE, **held, "id": n} for n in range(1, 1001)]
        body = orjson.dumps({"data": files, "meta": {"total": 1000, "last_page": 1}})
        assert len(body) > 9_000_000
        found = wire.page(wire.parse(body, "listing"), "spots", 8891, "listing")
        assert len(found.files) == 1000

    def test_of_a_repeated_name_the_last_counts_everywhere(self) -> None:
        """One parser reads the answer, so no two readers can differ about it."""
        answer = wire.parse(b'{"id": 1, "id": 2057, "title": "a", "title": "b"}', "listing")
        found = wire.file(answer, "spots", 8891, "listing")
        assert (found.id, found.title) == (2057, "b")

    def test_a_title_of_ten_million_characters_is_a_title(self) -> None:
        assert len(read(title="é" * 10_000_000).title) == 10_000_000

    @pytest.mark.parametrize("bucket_id", ["9" * 10_000_000, [["x" * 10_000_000]]])
    def test_a_message_does_not_grow_with_what_came(self, bucket_id: object) -> None:
        with pytest.raises(UnreadableAnswer) as caught:
            read(bucket_id=bucket_id)
        assert len(str(caught.value)) < 200

    @pytest.mark.parametrize("name", ["bucket_id", "name", "region"])
    def test_a_field_may_be_nested_deeper_than_python_goes(self, name: str) -> None:
        deep = orjson.loads(b"[" * DEEPEST + b"]" * DEEPEST)
        if name == "bucket_id":
            with pytest.raises(UnreadableAnswer):
                read(bucket_id=deep)
        else:
            assert wire.bucket_info({"data": {"id": 1, name: deep}}, "x").id == 1

    @pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "9" * 400])
    def test_numbers_that_are_none_make_user_defined_opaque(self, number: str) -> None:
        assert isinstance(read(user_defined=f'{{"a": {number}}}').user_defined, Opaque)


def test_what_is_no_json_is_shown_by_its_beginning() -> None:
    with pytest.raises(UnreadableAnswer, match="it begins with '<!DOCTYPE html>"):
        wire.parse(b"<!DOCTYPE html>" + b"x" * 1000, "reading")


def test_bodies_that_are_sent() -> None:
    assert wire.update_body("T", {"a": 1}) == {"title": "T", "user_defined": {"a": 1}}
    assert wire.upload_fields("T", {}, "audio_url", {"url": "https://x"}) == {
        "title": "T",
        "data_type": "audio_url",
        "user_defined": {},
        "url": "https://x",
    }


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
names = st.sampled_from([*PAGE_FILE, "data", "meta", "total", "last_page", "error"])


@given(st.dictionaries(names, json_values) | json_values)
def test_whatever_comes_is_read_or_refused_and_nothing_else(answer: Any) -> None:
    readers = (
        lambda: wire.page(answer, "spots", 8891, "x"),
        lambda: wire.files(answer, [FileId(1)], "spots", 8891, "x"),
        lambda: wire.one_file(answer, "spots", 8891, "x"),
        lambda: wire.one_file({"data": answer}, "spots", 8891, "x"),
        lambda: wire.page({"data": [answer], "meta": answer}, "spots", 8891, "x"),
        lambda: wire.bucket_info({"data": answer}, "x"),
    )
    for reader in readers:
        try:
            reader()
        except UnreadableAnswer:
            continue
