"""The whole life of one file, and what `history` and `audit log` say of it a year later."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.conftest import Workplace

if TYPE_CHECKING:
    from reconciler.sandbox.console import Sandbox

HEAD = """
    version: 1
    catalog: radio-ads
    buckets:
      spots: {id: 8891, trash: bin}
      archive: {id: 8892, trash: bin}
      bin: {id: 8893}
    limits: {max_delete_percent: null, max_update_percent: null}
    defaults: {bucket: spots}
    files:
      other: {title: Other, source: {audio: audio/other.wav}}
"""
SPRING = """
      spring:
        title: Spring ad
        source: {audio: audio/spring.wav}
        user_defined: {artist: Acme, isrc: "00123"}
"""
RETITLED = SPRING.replace("Spring ad", "Spring ad 30s")
CORRECTED = RETITLED.replace("00123", "00456")
MOVED = CORRECTED.replace("user_defined", "bucket: archive\n        user_defined")


class Living:
    """One file, and those who change it."""

    def __init__(self, work: Workplace, sandbox: Sandbox) -> None:
        self.work = work
        self.sandbox = sandbox
        self.moved = ""
        """The run that moved it."""
        self.sandbox.add_bucket("bin", id=8893)
        work.audio("audio/spring.wav", level=1)
        work.audio("audio/other.wav", level=2)

    def applies(self, who: str, text: str, pull_request: str) -> str:
        """Somebody applies a catalogue; the run."""
        self.work.catalog(text)
        return self._done(who, pull_request, "apply", "--yes")

    def applies_plan(self, who: str, pull_request: str, *arguments: str) -> str:
        """Somebody applies what a command plans; the run."""
        planned = self.work.run(*arguments, "--out", "plan.json")
        assert planned.code == 0, planned.err
        return self._done(who, pull_request, "apply", "plan.json", "--yes")

    def edits(self, title: str) -> None:
        """Somebody types in the console."""
        (file,) = (f for f in self.sandbox.files() if f["title"].startswith("Spring"))
        self.sandbox.edit(file["id"], title=title)

    def _done(self, who: str, pull_request: str, *arguments: str) -> str:
        env = {"USER": who, "LOGNAME": who, "RECONCILER_PULL_REQUEST": pull_request}
        ended = self.work.run(*arguments, env=env)
        assert ended.code == 0, ended.out + ended.err
        return str(self.work.ledger()[-1]["run"])


@pytest.fixture
def life(work: Workplace, sandbox: Sandbox) -> Living:
    """Created, updated twice, moved, edited by hand, overwritten, reverted, deleted, purged."""
    living = Living(work, sandbox)
    living.applies("ada", HEAD + SPRING, "1")
    living.applies("ada", HEAD + RETITLED, "2")
    living.applies("ben", HEAD + CORRECTED, "3")
    living.moved = living.applies("ben", HEAD + MOVED, "4")
    living.edits("Spring ad (typed)")
    living.applies("cleo", HEAD + MOVED, "5")
    living.applies_plan("cleo", "6", "revert", living.moved)
    living.applies("dan", HEAD, "7")
    living.applies_plan("dan", "8", "purge", "--older-than", "0s")
    assert [file["title"] for file in sandbox.files()] == ["Other"]
    return living


def test_every_part_of_it_is_told_with_who_did_it(life: Living) -> None:
    told = life.work.run("history", "spring")
    assert told.code == 0
    blocks = re.split(r"^(?=20\d\d-)", told.out, flags=re.MULTILINE)
    assert "there is no file of it, as far as the ledger says" in blocks[0]
    assert [_in_short(block) for block in blocks[1:]] == [
        "created | by ada request #1 | title, artist, catalog_key, catalog_source, isrc, "
        "bucket, source, file_id, acr_id",
        'updated | by ada request #2 | title  "Spring ad" → "Spring ad 30s"',
        'updated | by ben request #3 | user_defined.isrc  "00123" → "00456"',
        'moved | by ben request #4 | bucket  "spots" → "archive"',
        'changed outside of reconciler | title  "Spring ad 30s" → "Spring ad (typed)"',
        'updated | by cleo request #5 | title  "Spring ad (typed)" → "Spring ad 30s"',
        f'moved | by cleo request #6 | a revert of run {life.moved} | bucket  "archive" → "spots"',
        'thrown away | by dan request #7 | bucket  "spots" → "bin"',
        "deleted | by dan request #8 | a purge of what was in a trash",
    ]


def test_the_same_is_told_to_programs(life: Living) -> None:
    told = life.work.run("history", "spring", "--format", "json")
    ((events,),) = [[each["events"] for each in told.json["lives"]]]
    assert [(e["what"], e.get("by", {}).get("actor")) for e in events] == [
        ("created", "ada"),
        *[("updated", who) for who in ("ada", "ben")],
        ("moved", "ben"),
        ("changed outside", None),
        ("updated", "cleo"),
        ("moved", "cleo"),
        ("thrown away", "dan"),
        ("deleted", "dan"),
    ]


def test_the_log_says_which_runs_of_it_were_whose(life: Living) -> None:
    told = life.work.run("audit", "log", "--key", "spring", "--actor", "cleo", "--format", "json")
    records = told.json["records"]
    assert {record["actor"] for record in records if record["kind"] == "run.began"} == {"cleo"}
    changes = [(r["action"], r["key"]) for r in records if r["kind"] == "change.ended"]
    assert changes == [("update", "spring"), ("move", "spring")]


def _in_short(block: str) -> str:
    """What happened, by whom, and to which fields from what to what."""
    first, *rest = (line.strip() for line in block.strip().splitlines())
    said = [re.sub(r"^\S+  | between .*", "", first)]
    fields = []
    for line in rest:
        if who := re.fullmatch(r"run \S+ by (\w+) on .*, request (#\d)", line):
            said.append(f"by {who[1]} request {who[2]}")
        elif line.startswith("a "):
            said.append(re.sub(r" before .*", "", line))
        elif line.startswith("+ "):
            fields.append(line.split()[1].removeprefix("user_defined."))
        elif not line.startswith("because: "):
            fields.append(line)
    return " | ".join([*said, *filter(None, [", ".join(fields)])])
