"""A plan on disk: written whole, private, and refused once a byte of it was changed."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from typing import TYPE_CHECKING

import orjson
import pytest

from reconciler.core.codec import Made
from reconciler.core.plan import Options, Rule
from reconciler.errors import PlanFileError
from reconciler.planfile import read_plan, write_plan
from reconciler.shipped import schema
from tests.core.scenario import plan_of

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.core.plan import Plan

SCHEMA = schema("plan.schema.json")
MADE = Made("2020-12-24T08:49:17Z", "reconciler 1.0.0")
EVERYTHING = """
    bucket spots 1 prune=all
    bucket archive 2
    entry new spots s1 x=1
    entry moved archive s2 x=1
    entry drifted spots s3 x=1
    entry replaced spots s4
    entry waiting spots s5
    entry adopted spots acr=11
    entry twice spots s9
    entry missing spots
    file 7 spots moved s2 x=2
    file 8 spots drifted s3 x=2 old=1
    file 9 spots orphan s9
    file 10 archive replaced s1
    file 11 spots - title=T
    file 12 spots waiting s5 pending
    file 13 spots twice s9
    file 14 spots twice s9
    file 15 spots -
    file 16 spots opaque
"""


@pytest.fixture
def plan() -> Plan:
    return plan_of(EVERYTHING, Options({Rule.DELETE: 3}, ("*",), retry_broken=True))


@pytest.fixture
def path(tmp_path: Path, plan: Plan) -> Path:
    """A plan that was written."""
    written = tmp_path / "plan.json"
    write_plan(written, plan, MADE)
    return written


def test_round_trip(plan: Plan, path: Path) -> None:
    assert {type(change).__name__ for change in plan.changes} == {
        "Create", "Move", "Update", "Delete",
    }  # fmt: skip
    assert plan.violations
    assert plan.notes
    assert read_plan(path, SCHEMA) == (plan, MADE)


@pytest.mark.parametrize("text", ["", "entry a spots s1", "file 9 spots gone s9"])
def test_round_trip_of_small_plans(tmp_path: Path, text: str) -> None:
    written, plan = tmp_path / "plan.json", plan_of(text)
    write_plan(written, plan, MADE)
    assert read_plan(written, SCHEMA) == (plan, MADE)


class TestWriting:
    @pytest.mark.parametrize("umask", [0, 0o022, 0o077])
    def test_is_private_whatever_the_umask(self, tmp_path: Path, plan: Plan, umask: int) -> None:
        before = os.umask(umask)
        try:
            write_plan(tmp_path / "plan.json", plan, MADE)
        finally:
            os.umask(before)
        assert stat.S_IMODE((tmp_path / "plan.json").stat().st_mode) == 0o600

    def test_replaces_what_was_there_and_leaves_nothing_else(
        self, tmp_path: Path, path: Path
    ) -> None:
        path.chmod(0o644)
        write_plan(path, plan_of(""), MADE)
        assert read_plan(path, SCHEMA)[0] == plan_of("")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert [each.name for each in tmp_path.iterdir()] == ["plan.json"]

    def test_neither_writes_through_a_link_nor_over_it(self, tmp_path: Path, plan: Plan) -> None:
        """T27: /dev/stdout is one, too, and root could put a file in its place."""
        (tmp_path / "victim").write_text("before")
        (tmp_path / "plan.json").symlink_to(tmp_path / "victim")
        with pytest.raises(PlanFileError, match="what is there is not a regular file"):
            write_plan(tmp_path / "plan.json", plan, MADE)
        assert (tmp_path / "plan.json").is_symlink()
        assert (tmp_path / "victim").read_text() == "before"

    def test_that_fails_leaves_what_was_there(self, tmp_path: Path, plan: Plan) -> None:
        (tmp_path / "folder").mkdir()
        (tmp_path / "folder" / "inside").touch()
        with pytest.raises(PlanFileError, match=r"writing the plan .*folder: "):
            write_plan(tmp_path / "folder", plan, MADE)
        assert [each.name for each in tmp_path.iterdir()] == ["folder"]

    def test_into_a_folder_that_is_not_there(self, tmp_path: Path, plan: Plan) -> None:
        with pytest.raises(PlanFileError, match="No such file or directory"):
            write_plan(tmp_path / "nowhere" / "plan.json", plan, MADE)


def refusal(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    with pytest.raises(PlanFileError, match="reading the plan") as caught:
        read_plan(path, SCHEMA)
    return str(caught.value).removeprefix(f"reading the plan {path}: ")


class TestReading:
    @pytest.mark.parametrize(
        ("what", "why"),
        [
            ("missing", "there is no such file"),
            ("folder", "is a folder, not a file"),
            ("fifo", "is a named pipe, not a file"),
            ("/dev/zero", "is a device, not a file"),
            ("link", "is a device, not a file"),
        ],
    )
    def test_what_is_no_file(self, tmp_path: Path, what: str, why: str) -> None:
        (tmp_path / "folder").mkdir()
        os.mkfifo(tmp_path / "fifo")
        (tmp_path / "link").symlink_to("/dev/zero")
        with pytest.raises(PlanFileError, match=f"reading the plan .*{what}: {why}"):
            read_plan(tmp_path / what, SCHEMA)

    def test_what_is_too_large(self, tmp_path: Path) -> None:
        with (tmp_path / "plan.json").open("wb") as file:
            file.truncate(512 * 1024**2 + 1)
        with pytest.raises(PlanFileError, match="is larger than 512 MiB"):
            read_plan(tmp_path / "plan.json", SCHEMA)

    @pytest.mark.parametrize("data", [b"", b"{", b"nonsense", b"\xff\xfe", b'{"a":NaN}'])
    def test_what_is_no_json(self, path: Path, data: bytes) -> None:
        assert refusal(path, data).startswith("it is not JSON: ")

    @pytest.mark.parametrize("depth", [100, 100_000])
    def test_what_is_no_plan_but_deep(self, path: Path, depth: int) -> None:
        assert refusal(path, b"[" * depth + b"]" * depth)

    @pytest.mark.parametrize("name", ["user_defined", "no such name"])
    def test_what_is_a_plan_but_for_something_deep(self, path: Path, name: str) -> None:
        """Deeper than can be written, and not too deep to be read."""
        body = orjson.loads(path.read_bytes())
        body["changes"][0]["after"][name] = {"x": "deep"}
        deep = orjson.dumps(body).replace(b'"deep"', b"[" * 900 + b"]" * 900)
        assert refusal(path, deep).endswith(": plan again")

    @pytest.mark.parametrize(
        ("data", "found"),
        [
            (b"[]", "None"),
            (b"7", "None"),
            (b"{}", "None"),
            (b'{"format": "reconciler/plan/2"}', "'reconciler/plan/2'"),
            (b'{"format": ["x"]}', "['x']"),
            (b'{"format": "%b"}' % (b"x" * 1_000_000), f"'{'x' * 298}…"),
        ],
    )
    def test_another_format(self, path: Path, data: bytes, found: str) -> None:
        assert refusal(path, data) == (
            f"its format is {found}, and this version reads 'reconciler/plan/1'"
        )

    def test_what_lacks_something(self, path: Path) -> None:
        body = orjson.loads(path.read_bytes())
        for name in body:
            if name != "format":
                less = {key: item for key, item in body.items() if key != name}
                assert f'"{name}" is a required property' in refusal(path, orjson.dumps(less))

    def test_what_is_said_of_a_wrong_value_is_short(self, path: Path) -> None:
        body = {**orjson.loads(path.read_bytes()), "digest": "x" * 1_000_000}
        assert len(refusal(path, orjson.dumps(body))) < 500

    def test_any_byte_that_was_changed(self, path: Path) -> None:
        data = path.read_bytes()
        for at in range(0, len(data), 23):
            refusal(path, data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])

    @pytest.mark.parametrize("more", [b"\n", b" ", b"\n{}"])
    def test_more_than_was_written(self, path: Path, more: bytes) -> None:
        refusal(path, path.read_bytes() + more)

    def test_the_same_in_another_spelling(self, path: Path) -> None:
        body = orjson.loads(path.read_bytes())
        assert "its bytes were changed" in refusal(path, orjson.dumps(body))

    def test_another_reason_which_the_digest_does_not_know(self, path: Path) -> None:
        data = path.read_bytes()
        assert b"no file carries its mark" in data
        changed = data.replace(b"no file carries its mark", b"nothing to see here       "[:24])
        assert refusal(path, changed).startswith("its bytes were changed")

    def test_changes_that_are_not_those_of_the_digest(self, path: Path, plan: Plan) -> None:
        """Somebody wrote a whole file anew, with a right checksum."""
        write_plan(path, replace(plan, changes=plan.changes[1:]), MADE)
        assert "its changes are not those of its digest" in refusal(path, path.read_bytes())
