"""A dump in whatever form it comes, in whatever pieces."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.api.dump_format import objects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

Row = dict[str, Any]
FILES: list[Row] = [
    {"id": 1, "title": 'a "b",\nc }] \\', "user_defined": {"ä": {"n": [8, None]}, "b": "{["}},
    {"id": 2, "title": "", "user_defined": {}},
    {"id": 3, "title": "\\\\", "user_defined": {"quoted": '{"'}},
]

# Without a time in it: these bytes name tests, and every worker must collect the same names.
gzipped = partial(gzip.compress, mtime=0)


def in_csv(files: list[Row]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, ["id", "title", "user_defined"])
    writer.writeheader()
    for each in files:
        writer.writerow({**each, "user_defined": json.dumps(each["user_defined"])})
    return out.getvalue().encode()


def of_csv(row: Row) -> Row:
    """What a row of CSV holds, whose cells are all texts."""
    return {**row, "id": int(row["id"]), "user_defined": json.loads(row["user_defined"])}


FORMS: dict[str, Callable[[list[Row]], bytes]] = {
    "array": lambda files: json.dumps(files).encode(),
    "a pretty array": lambda files: json.dumps(files, indent=2, ensure_ascii=False).encode(),
    "lines": lambda files: b"".join(json.dumps(each).encode() + b"\n" for each in files),
    "lines without the last end": lambda files: b"\r\n".join(
        json.dumps(each).encode() for each in files
    ),
    "csv": in_csv,
}
AROUND: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda data: data,
    "white space": lambda data: b" \r\n" + data + b"\n\n",
    "the mark of UTF-8": lambda data: b"\xef\xbb\xbf" + data,
    "gzip": gzipped,
    "gzip in two members": lambda data: gzipped(data[:9]) + gzipped(data[9:]),
}


def in_pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def in_members(data: bytes) -> bytes:
    """As gzip, each byte by itself."""
    return b"".join(gzipped(bytes([byte])) for byte in data)


def read(data: bytes, size: int = 65536) -> list[Row]:
    return [json.loads(each) for each in objects(in_pieces(data, size))]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 65536])
@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_told_by_its_bytes(form: str, around: str, size: int) -> None:
    found = read(AROUND[around](FORMS[form](FILES)), size)
    assert (list(map(of_csv, found)) if form == "csv" else found) == FILES


@pytest.mark.parametrize("nothing", [b"", b"\n", b"[]", b" [ ] ", b"id,title\r\n", b"\xef\xbb\xbf"])
def test_a_dump_of_no_files(nothing: bytes) -> None:
    assert read(nothing) == []
    assert read(gzipped(nothing)) == []


texts = st.text(max_size=8) | st.sampled_from(['"', "\\", "{", "}", '\\"', "},{", "\n"])
rows = st.fixed_dictionaries(
    {"id": st.integers(1, 9), "title": texts, "user_defined": st.dictionaries(texts, texts)}
)


@given(st.lists(rows, max_size=5), st.sampled_from(["array", "lines"]), st.integers(1, 40))
def test_whatever_is_in_the_texts(files: list[Row], form: str, size: int) -> None:
    assert read(FORMS[form](files), size) == files


@pytest.mark.parametrize("around", ["plain", "gzip"])
@pytest.mark.parametrize("form", FORMS)
@given(data=st.data())
def test_what_is_cut_off_is_an_error_or_less(form: str, around: str, data: st.DataObject) -> None:
    """At the end of a row it has fewer files, which whoever counts them finds."""
    whole = AROUND[around](FORMS[form](FILES))
    cut = data.draw(st.integers(1, len(whole.rstrip()) - 1))
    try:
        found = read(whole[:cut])
    except ValueError:
        return
    assert len(found) < len(FILES) or form == "csv"


WRONG = {
    b"<html>no</html>": "it is no JSON array, no JSON Lines and no CSV",
    b"PK\x03\x04": "its CSV has no column id, or one twice",
    b'[{"id": 1}': "its JSON array is cut off, or goes on after its end",
    b"[": "its JSON array is cut off, or goes on after its end",
    b'[{"id": 1},]': "its JSON array is cut off, or goes on after its end",
    b'[{"id": 1}][]': "its JSON array is cut off, or goes on after its end",
    b'[{"id": 1}]{}': "it is no JSON array of objects",
    b'[{"id": 1}{"id": 2}]': "it is no JSON array of objects",
    b'[1, {"id": 1}]': "it is no JSON array of objects",
    b'["{", {"id": 1}]': "it is no JSON array of objects",
    b"[1, 2]": "its JSON array is cut off, or goes on after its end",
    b"id,id\r\n1,2\r\n": "its CSV has no column id, or one twice",
    b"id,title\r\n1\r\n": "a row of its CSV has not as many cells as its header",
    b"id,title\r\n1,a,b\r\n": "a row of its CSV has not as many cells as its header",
    b'id,title\r\n1,"a\r\n': "its CSV is broken",
    b"id,title\r\n1," + b"a" * 200_000: "its CSV is broken",
    b"id,user_defined\r\n1,[8]\r\n": "its CSV has a user_defined that is no object",
    b"id,title\r\n1,\xff\r\n": "can't decode",
    gzipped(b"[]")[:-3]: "its gzip is cut off",
    gzipped(b"[]") + b"more": "its gzip is broken",
    b"\x1f\x8bno": "its gzip is broken",
    gzipped(gzipped(b"[]")): "it is no JSON array, no JSON Lines and no CSV",
    b" " * 2_000_000: "a file of it is larger than 1 MiB",
    b'[{"a": "' + b"a" * 2_000_000: "a file of it is larger than 1 MiB",
    b'{"a": "' + b"a" * 2_000_000: "a file of it is larger than 1 MiB",
}


@pytest.mark.parametrize(("data", "said"), WRONG.items(), ids=[key[:20] for key in WRONG])
def test_what_is_no_dump_says_so(data: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read(data)


@pytest.mark.parametrize("around", [bytes, in_members], ids=["plain", "gzip"])
def test_many_small_pieces_are_looked_through_as_few_large_ones(
    around: Callable[[bytes], bytes],
) -> None:
    """T18. Else a file that comes byte by byte is gone through from its start with each."""
    data = around(b'[{"a": "' + b"a" * 5_000 + b'"}]')
    looks = 0

    def note(frame: FrameType, event: str, _: Any) -> None:
        nonlocal looks
        looks += event == "call" and frame.f_code.co_name in ("_object", "_short")

    sys.setprofile(note)
    try:
        read(data, 1)
    finally:
        sys.setprofile(None)
    assert 0 < looks < 20


def test_a_row_of_csv_without_end_is_given_up_at_1_mib() -> None:
    """T18. Each line of it is short, and ends inside a cell."""
    line = b'"\n' + b"a" * 60_000 + b'",'
    asked = 0

    def pieces() -> Iterator[bytes]:
        nonlocal asked
        yield b"id,title\n"
        while asked < 100:
            asked += 1
            yield line

    with pytest.raises(ValueError, match="a file of it is larger than 1 MiB"):
        list(objects(pieces()))
    assert asked < 30


def test_rows_of_csv_together_may_be_larger() -> None:
    row = b'1,"\n' + b"a" * 60_000 + b'"\n'
    assert len(list(objects([b"id,title\n", *[row] * 40]))) == 40


@pytest.mark.no_cover
def test_a_bomb_is_given_up_at_1_gib() -> None:
    """T18. Line by line it is held nowhere."""
    line = gzipped(b'{"a": 1}' + b" " * 1_000_000 + b"\n")
    with pytest.raises(ValueError, match="larger than 1 GiB"):
        for _ in objects(line for _ in range(1100)):
            pass
