"""A plan without a token: `snapshot` where there is one, `plan --snapshot` where there is none."""

from __future__ import annotations

import json
import stat
import time
from dataclasses import replace
from typing import Any

import pytest

from reconciler.app import load, read_snapshot, write_snapshot
from reconciler.core.model import DesiredState, LiveState
from reconciler.sandbox.console import Sandbox
from reconciler.sandbox.faults import on, playing, rewritten
from reconciler.sandbox.server import running
from tests.end_to_end.conftest import CATALOG, TOKEN, Ended, NothingSent, Workplace

NOBODY = {"ACRCLOUD_ACCESS_TOKEN": None}
FROM = ("plan", "--snapshot", "live.json")
HOUR, DAY = 3_600, 86_400
HOSTILE = 'x"],\n::error::boo ##[x]\u202e\x1b[2J","checksum":"sha256:'
LARGE = 2**62 + 1


@pytest.fixture
def full(spots: Workplace, sandbox: Sandbox) -> Workplace:
    """Something of everything: a drifted file, an orphan, a hostile title, one that is opaque and
    broken, and one whose id needs 64 bits."""
    ours = {"catalog_key": "radio-ads/spring", "artist": "Acme", "year": 1979, "from": "w"}
    sandbox.add_file(8891, title="Spring", user_defined=ours, state=1, duration=0.25)
    sandbox.add_file(8891, title="Gone", user_defined={"catalog_key": "radio-ads/gone"}, state=1)
    sandbox.add_file(8892, title=HOSTILE, user_defined={HOSTILE: [HOSTILE, {"n": None}]}, state=1)
    sandbox.add_file(8892, title="Opaque", user_defined="[1, 2]", state=-1)
    sandbox.add_file(8892, title="Large", id=LARGE, user_defined={"n": 2**63 - 1}, state=0)
    return spots


@pytest.fixture
def taken(full: Workplace) -> Workplace:
    """The same, and a snapshot of it."""
    assert full.run("snapshot", "--out", "live.json").code == 0
    return full


def aged(work: Workplace, seconds: float, *, to: str = "live.json") -> None:
    """Another snapshot of the same, taken so long ago."""
    desired, live = _read(work)
    now = time.time()
    write_snapshot(work.folder / to, replace(live, snapshot=None), taken_at=now - seconds)
    assert desired.base_url == work.url


def _read(work: Workplace) -> tuple[DesiredState, LiveState]:
    desired = load(work.folder / "catalog.yaml", environment_base_url=work.url).desired
    return desired, read_snapshot(work.folder / "live.json", desired, now=time.time())


def meaning(plan: dict[str, Any]) -> dict[str, Any]:
    """A plan file's JSON but for when it was made and from what."""
    aside = ("created_at", "checksum", "digest", "snapshot")
    return {name: item for name, item in plan.items() if name not in aside}


class TestTakingOne:
    def test_says_how_much_is_in_it_and_is_private(self, full: Workplace) -> None:
        ended = full.run("snapshot", "--out", "live.json")
        path = full.folder / "live.json"
        body = json.loads(path.read_text("utf-8"))
        said = f"live.json: 5 files in 2 buckets, as of {body['taken_at']}\n"
        assert (ended.code, ended.out, ended.err) == (0, said, "")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert body["origin"] == full.url
        assert body["tool"].startswith("reconciler ")
        assert {name: each["id"] for name, each in body["buckets"].items()} == {
            "archive": 8892,
            "spots": 8891,
        }
        assert [each["incomplete"] for each in body["buckets"].values()] == [None, None]
        assert TOKEN not in path.read_text("utf-8")

    def test_has_one_line_for_each_file(self, taken: Workplace) -> None:
        lines = (taken.folder / "live.json").read_text("utf-8").splitlines()
        assert sum(line.startswith('{"id":') for line in lines) == 5

    def test_writes_nothing_to_the_service(
        self, full: Workplace, nothing_sent: NothingSent
    ) -> None:
        assert full.run("snapshot", "--out", "live.json").code == 0
        nothing_sent()

    def test_needs_a_place_to_put_it(self, full: Workplace, sandbox: Sandbox) -> None:
        assert full.run("snapshot").code == 64
        assert sandbox.requests == []

    @pytest.mark.parametrize(
        ("env", "code"),
        [
            ({"ACRCLOUD_ACCESS_TOKEN": None}, 7),
            ({"RECONCILER_BASE_URL": "http://127.0.0.1:9"}, 1),
        ],
        ids=["without a token", "without a service"],
    )
    def test_that_fails_leaves_nothing(
        self, full: Workplace, env: dict[str, str | None], code: int
    ) -> None:
        assert full.run("snapshot", "--out", "live.json", env=env).code == code
        assert not (full.folder / "live.json").exists()

    def test_from_the_services_dumps_is_the_same(self, taken: Workplace) -> None:
        assert taken.run("snapshot", "--refresh", "dump", "--out", "dumped.json").code == 0
        listed, dumped = (
            json.loads((taken.folder / name).read_text("utf-8"))["buckets"]
            for name in ("live.json", "dumped.json")
        )
        assert dumped == listed

    def test_of_a_listing_that_is_not_proved_is_written_and_said(
        self, full: Workplace, sandbox: Sandbox
    ) -> None:
        def one_more(answer: Any) -> Any:
            answer["meta"]["total"] += 1
            return answer

        spots = on("list", rewritten(one_more), where=lambda each: "/8891/" in each.path)
        with playing(sandbox, spots) as front:
            at_front = {"RECONCILER_BASE_URL": front.url}
            ended = full.run("snapshot", "--out", "live.json", env=at_front)
            planned = full.run(*FROM, env={**NOBODY, **at_front})
        why = "2 files came, and the service says that there are 3"
        assert ended.code == 0
        assert f"bucket spots (8891) is not proved complete: {why}; a plan" in ended.out
        assert "archive" not in ended.out
        assert planned.code == 6
        assert f"the listing of bucket spots is not proved complete: {why}" in " ".join(
            planned.out.split()
        )


class TestPlanningFromIt:
    def test_needs_neither_token_nor_service(self, full: Workplace) -> None:
        """The plan is that of the service, but for what it was made from and its digest."""
        with running() as sandbox:
            for name, number in (("spots", 8891), ("archive", 8892)):
                sandbox.add_bucket(name, id=number)
            ours = {"catalog_key": "radio-ads/spring"}
            sandbox.add_file(8891, title="Spring", user_defined=ours, duration=0.2)
            sandbox.add_file(8892, title=HOSTILE, user_defined={"x": HOSTILE}, state=1)
            there = {"RECONCILER_BASE_URL": sandbox.url}
            live = full.run("plan", "--format", "json", env=there)
            assert full.run("snapshot", "--out", "live.json", env=there).code == 0
        ended = full.run(*FROM, "--format", "json", env={**there, **NOBODY})
        assert ended.code == live.code == 0, ended.err
        assert meaning(ended.json) == meaning(live.json)
        assert ended.json["changes"]
        assert ended.json["digest"] != live.json["digest"]
        assert "snapshot" not in live.json

    def test_gives_the_same_digest_each_time(self, taken: Workplace) -> None:
        first = taken.run(*FROM, "--format", "json", env=NOBODY).json
        aged(taken, HOUR)
        second = taken.run(*FROM, "--format", "json", env=NOBODY).json
        assert first["snapshot"] != second["snapshot"]
        assert first["digest"] == second["digest"]

    def test_says_so_in_every_form(self, taken: Workplace) -> None:
        aged(taken, 3 * HOUR)
        at = json.loads((taken.folder / "live.json").read_text("utf-8"))["taken_at"]
        word = f"from a snapshot of {at}, 3 hours old: cannot be applied"
        text = taken.run(*FROM, "--out", "plan.json", env=NOBODY)
        assert text.out.splitlines()[1] == f"  {word}"
        assert text.err == f"live.json: planned {word}\n"
        markdown = taken.run("show", "plan.json", "--format", "markdown").out
        assert f"**Made from a snapshot of `{at}`, 3 hours old: cannot be applied.**\n" in markdown
        assert taken.run("show", "plan.json").out == text.out
        body = taken.run("show", "plan.json", "--format", "json").json
        assert body["snapshot"]["taken_at"] == at
        assert 3 * HOUR <= body["snapshot"]["age"] < 4 * HOUR

    def test_that_is_old_is_said_loudly(self, taken: Workplace) -> None:
        aged(taken, 3 * DAY)
        ended = taken.run(*FROM, env=NOBODY)
        doubt = "What is live may well have changed since."
        assert ended.code == 0
        assert ended.err.startswith("warning: live.json: planned from a snapshot of ")
        assert ended.err.endswith(f", 3 days old: cannot be applied. {doubt}\n")
        assert doubt in ended.out
        assert "**Made from a snapshot of " in taken.run(*FROM, "--format", "markdown").out

    def test_shows_a_hostile_title_harmless(self, taken: Workplace) -> None:
        prune = CATALOG.replace("8892, prune: none", "8892, prune: all")
        taken.catalog(prune)
        for form in ("text", "markdown"):
            ended = taken.run(*FROM, "-v", "--allow", "delete=9", "--format", form, env=NOBODY)
            assert ended.code == 0, ended.err
            assert "boo" in ended.out
            assert "##[" not in ended.out
            assert not [line for line in ended.out.splitlines() if line.startswith("::")]
            assert "\x1b" not in ended.out
        body = taken.run(*FROM, "--allow", "delete=9", "--format", "json", env=NOBODY).json
        deleted = {change["file_id"]: change for change in body["changes"] if "file_id" in change}
        assert deleted[LARGE]["before"] == {"title": "Large", "user_defined": {"n": 2**63 - 1}}

    def test_knows_a_glob_that_matches_nothing(self, taken: Workplace) -> None:
        assert taken.run(*FROM, "--only", "gone", env=NOBODY).code == 0
        assert taken.run(*FROM, "--only", "nope", env=NOBODY).code == 64

    def test_leaves_out_a_bucket_that_the_catalogue_has_no_more(self, taken: Workplace) -> None:
        taken.catalog(CATALOG.replace("      archive: {id: 8892, prune: none}\n", ""))
        body = taken.run(*FROM, "--format", "json", env=NOBODY).json
        assert [*body["live"]] == ["spots"]

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (("--token-file", "token"), "--token-file would do nothing"),
            (("--refresh", "list"), "--refresh would do nothing"),
            (
                ("--max-rps", "3", "--concurrency", "8"),
                "--concurrency and --max-rps would do nothing",
            ),
        ],
    )
    def test_with_an_option_of_the_service_is_64(
        self, taken: Workplace, options: tuple[str, ...], said: str
    ) -> None:
        ended = taken.run(*FROM, *options, env=NOBODY)
        assert (ended.code, ended.out) == (64, "")
        assert said in ended.err

    def test_an_age_without_a_snapshot_is_64(self, taken: Workplace, sandbox: Sandbox) -> None:
        asked = len(sandbox.requests)
        ended = taken.run("plan", "--max-age", "1d")
        assert ended.code == 64
        assert "it goes with --snapshot" in ended.err
        assert len(sandbox.requests) == asked


class TestWhatIsRefused:
    def refusal(self, work: Workplace, *options: str, **env: str) -> str:
        ended = work.run(*FROM, *options, "--out", "plan.json", env={**NOBODY, **env})
        assert (ended.code, ended.out) == (1, "")
        assert not (work.folder / "plan.json").exists()
        said = " ".join(ended.err.split())
        assert said.startswith("error: reading the snapshot live.json: ")
        return said

    def test_one_that_is_a_week_old(self, taken: Workplace) -> None:
        aged(taken, 7 * DAY)
        said = self.refusal(taken)
        assert "7 days ago, and may not be as old as 7 days: take a new one, or give" in said
        assert taken.run(*FROM, "--max-age", "8d", env=NOBODY).code == 0

    def test_one_that_is_as_old_as_it_may_not_be(self, taken: Workplace) -> None:
        aged(taken, 2 * HOUR)
        assert "2 hours ago" in self.refusal(taken, "--max-age", "90m")

    def test_one_from_the_future(self, taken: Workplace) -> None:
        aged(taken, -HOUR)
        assert "one of the two clocks is wrong" in self.refusal(taken, "--max-age", "999d")

    def test_one_of_another_host(self, taken: Workplace) -> None:
        said = self.refusal(taken, RECONCILER_BASE_URL="https://api-v2.acrcloud.com")
        assert f"it was taken of {taken.url}, and the catalogue's service is https://api-v2" in said
        assert "RECONCILER_BASE_URL" in said

    @pytest.mark.parametrize(
        ("bucket", "said"),
        [
            ("spots: {id: 4711}", "spots (4711), which has 8891"),
            ("spots: {id: 8891}\n      news: {id: 7}", "news (7), which is missing"),
        ],
    )
    def test_one_of_other_buckets(self, taken: Workplace, bucket: str, said: str) -> None:
        taken.catalog(CATALOG.replace("spots: {id: 8891}", bucket))
        assert f"other buckets than the catalogue's: {said}: take one" in self.refusal(taken)

    @pytest.mark.parametrize("form", ["reconciler/snapshot/2", HOSTILE])
    def test_one_of_another_format(self, taken: Workplace, form: str) -> None:
        (taken.folder / "live.json").write_text(json.dumps({"format": form}), "utf-8")
        said = self.refusal(taken)
        assert "and this version reads 'reconciler/snapshot/1'" in said
        assert "##[" not in said

    def test_a_plan(self, taken: Workplace) -> None:
        taken.run("plan", "--out", "live.json")
        assert "its format is 'reconciler/plan/1'" in self.refusal(taken)

    def test_one_that_is_not_there(self, full: Workplace) -> None:
        assert "there is no such file" in self.refusal(full)

    def test_one_that_was_changed(self, taken: Workplace) -> None:
        path = taken.folder / "live.json"
        path.write_bytes(path.read_bytes().replace(b'"Gone"', b'"Gine"'))
        assert "its bytes were changed after it was written (checksum)" in self.refusal(taken)


class TestApplyingIt:
    @pytest.fixture
    def saved(self, taken: Workplace) -> Workplace:
        """A plan from a snapshot."""
        assert taken.run(*FROM, "--out", "plan.json", env=NOBODY).code == 0
        return taken

    def refused(self, ended: Ended, work: Workplace, sandbox: Sandbox) -> str:
        assert ended.code == 4
        assert not (work.folder / ".reconciler").exists()
        assert list(sandbox.mutations) == []
        return ended.err

    def test_as_a_file_is_refused_before_anything_is_asked(
        self, saved: Workplace, sandbox: Sandbox
    ) -> None:
        asked = len(sandbox.requests)
        digest = json.loads((saved.folder / "plan.json").read_text("utf-8"))["digest"]
        for options in (("--yes",), ("--plan-digest", digest)):
            said = self.refused(saved.run("apply", "plan.json", *options), saved, sandbox)
            assert "the plan was made from a snapshot of " in said
            assert "Plan with a token" in said
        assert len(sandbox.requests) == asked

    def test_by_its_digest_never_fits(self, saved: Workplace, sandbox: Sandbox) -> None:
        digest = json.loads((saved.folder / "plan.json").read_text("utf-8"))["digest"]
        said = self.refused(saved.run("apply", "--plan-digest", digest), saved, sandbox)
        assert "what was reviewed is this plan, made from a snapshot" in said
        now = saved.run("plan", "--format", "json").json["digest"]
        assert f"its digest is {now}" in said
        assert saved.run("apply", "--plan-digest", now, "--no-wait").code == 0

    def test_with_its_word_taken_out_is_refused(self, saved: Workplace, sandbox: Sandbox) -> None:
        path = saved.folder / "plan.json"
        body = json.loads(path.read_text("utf-8"))
        del body["snapshot"]
        path.write_text(json.dumps(body, indent=2) + "\n", "utf-8")
        ended = saved.run("apply", "plan.json", "--yes")
        assert ended.code == 1
        assert "its bytes were changed" in ended.err
        assert list(sandbox.mutations) == []
