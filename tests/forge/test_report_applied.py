"""`reconciler report applied`: one comment on the pull request that a commit came from, which says
how its apply ended, and where its ledger was then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.core.model import FileId
from reconciler.core.outcome import Applied, Failed, Unknown
from reconciler.forge.marker import AppliedMarker, PlanMarker
from reconciler.ledger import Ledger
from tests.apply.fake_clock import FakeClock
from tests.forge.conftest import author_of, job
from tests.forge.github import FakeGitHub
from tests.forge.plans import plan
from tests.forge.served import Reply, commit_of
from tests.forge.test_report_plan import TITLES, Playing
from tests.ledger.made import create, update
from tests.render.test_markdown import commands

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reconciler.core.outcome import Outcome
    from reconciler.core.plan import Change
    from tests.forge.conftest import Command, Ended, Fake

DONE = Applied(FileId(7), "acr7")
WRITES = ("POST", "PATCH", "PUT", "DELETE")


class Applying(Playing):
    """Merges, applies of them, and what is said of those."""

    def __init__(self, fake: Fake, folder: Path, command: Command) -> None:
        super().__init__(fake, folder, command)
        self.sha = fake.merge(self.pull)
        self.runs = 0

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger.jsonl"

    def applies(self, *ends: tuple[Change, Outcome], is_killed: bool = False, **about: Any) -> str:
        """An apply of the merge; the anchor that it prints."""
        self.runs += 1
        said = {"catalog": {"name": "radio-ads"}, "commit": self.sha, "plan": "sha256:ab", **about}
        with Ledger(self.ledger, FakeClock(), f"run-{self.runs}") as ledger:
            ledger.run_began(said)
            for change, outcome in ends:
                ledger.began([change])
                ledger.ended([(change, outcome)])
            if not is_killed:
                counts = dict.fromkeys(("stale", "failed", "unknown", "left"), 0)
                ledger.run_ended({"applied": len(ends), **counts, "converged": True})
            return ledger.anchor

    def says(self, *more: str, sha: str | None = None) -> Ended:
        env = job(self.fake, self.folder, run=self.fake.start_run(), sha=sha or self.sha)
        return self.command(env, "report", "applied", "--ledger", "ledger.jsonl", *more)

    def applied(self) -> Sequence[AppliedMarker]:
        return [each for each in map(AppliedMarker.of, self.bodies()) if each is not None]


@pytest.fixture
def play(forge: Fake, folder: Path, command: Command) -> Applying:
    return Applying(forge, folder, command)


class TestTheComment:
    def test_says_who_what_how_and_the_anchor(self, play: Applying) -> None:
        anchor = play.applies((create(), DONE), actor="octocat")
        ended = play.says()
        assert (ended.code, ended.err) == (0, "")
        assert "is a new comment" in ended.out
        (body,) = play.bodies()
        assert body.splitlines()[0] == "<!-- reconciler:applied v=1 catalog=radio-ads seq=4 -->"
        assert "**Applied**: 1 applied, 0 stale, 0 failed, 0 unknown, 0 left: converged\n" in body
        assert "Run `run-1` by `octocat`, from `2020-12-24T08:49:17.000+00:00` to `2020" in body
        assert f"commit `{play.sha}`, plan `sha256:ab`" in body
        assert f"Ledger `ledger.jsonl` at `{anchor}`" in body
        assert author_of(play.fake.comments_on(play.pull)[0]) == play.fake.login

    def test_is_kept_up_to_date_and_beside_the_plan_s(self, play: Applying) -> None:
        play.planned(plan("Spring"))
        play.applies((create(), DONE))
        assert play.says().code == 0
        assert "already" in play.says().out
        anchor = play.applies((update(), Failed("422: refused")))
        assert play.says().code == 0
        planned, applied = play.bodies()
        assert PlanMarker.of(planned) is not None
        assert anchor in applied
        assert "| `update:7` | `a` | failed | `422: refused` |\n" in applied

    def test_is_the_same_one_where_its_answer_was_lost(self, play: Applying) -> None:
        play.applies((create(), DONE))
        play.fake.loses_answer("POST", "/(comments|notes)$")
        assert play.says().code == 0
        assert len(play.applied()) == 1

    def test_of_a_run_that_was_killed_says_so(self, play: Applying) -> None:
        play.applies((create(), Unknown("lost")), is_killed=True)
        assert play.says().code == 0
        assert "**The apply has no end on its ledger**" in play.bodies()[0]
        anchor = play.applies((create(), DONE))
        assert play.says().code == 0
        assert anchor in play.bodies()[0]

    def test_of_several_the_oldest_is_kept(self, play: Applying) -> None:
        play.applies((create(), DONE))
        for _ in range(2):
            play.fake.comment(play.pull, play.fake.login, f"{AppliedMarker('radio-ads', 1)}\nx")
        assert play.says().code == 0
        kept, superseded = play.bodies()
        assert "converged" in kept
        assert superseded == "Superseded: the outcome is in an earlier comment.\n"

    @pytest.mark.parametrize("text", [*TITLES, "x\n/close\n", "/merge", "-->\n/close", "@ada #1"])
    def test_holds_no_command_whatever_the_ledger_holds(self, play: Applying, text: str) -> None:
        about = dict.fromkeys(("actor", "plan"), text)
        play.applies((create(text), Failed(text)), (update(), Unknown(text)), **about)
        assert play.says().code == 0
        assert commands(play.bodies()[0]) == []
        assert getattr(play.fake, "executed", []) == []

    @pytest.mark.parametrize("text", ["`" * 200, "\U0001d4d0" * 200])
    def test_is_never_too_long(self, play: Applying, text: str) -> None:
        play.applies(*[(create(f"k{n}"), Failed(text)) for n in range(400)], actor=text * 100)
        assert play.says().code == 0
        assert len(play.bodies()[0].encode()) < 65_536
        assert "more that did not end as applied" in play.bodies()[0]


class TestWhatIsLeft:
    def test_a_strangers_comment(self, play: Applying) -> None:
        """T12."""
        play.applies((create(), DONE))
        play.fake.comment(play.pull, "mallory", f"{AppliedMarker('radio-ads', 1)}\nall is well")
        assert play.says().code == 0
        stranger, ours = play.bodies()
        assert "all is well" in stranger
        assert "converged" in ours

    def test_what_a_later_apply_says(self, play: Applying) -> None:
        play.applies((create(), DONE))
        later = play.applies((update(), DONE))
        assert play.says().code == 0
        ended = play.says("--run", "run-1")
        assert (ended.code, later in play.bodies()[0]) == (0, True)
        assert "a later apply is commented there" in ended.out

    def test_all_where_the_ledger_has_no_run_of_the_commit(self, play: Applying) -> None:
        ended = play.says()
        assert (ended.code, play.bodies()) == (0, [])
        play.applies((create(), DONE), commit=commit_of(77))
        play.applies((create(), DONE), catalog={"name": "jingles"})
        ended = play.says()
        assert (ended.code, play.bodies()) == (0, [])
        assert f"no run of {play.sha[:12]}, and so nothing to comment" in ended.out
        assert play.fake.calls == []

    def test_all_where_the_run_that_is_named_is_of_another_commit(self, play: Applying) -> None:
        play.applies((create(), DONE), commit=commit_of(77))
        ended = play.says("--run", "run-1")
        assert (ended.code, play.bodies()) == (0, [])
        assert f"commit {commit_of(77)[:12]} is the merge of no" in ended.err

    def test_all_where_the_commit_is_of_no_pull_request(self, play: Applying) -> None:
        other = commit_of(77)
        play.applies((create(), DONE), commit=other)
        ended = play.says(sha=other)
        assert (ended.code, play.bodies()) == (0, [])
        assert "is the merge of no" in ended.err

    def test_all_where_the_ledger_is_damaged(self, play: Applying) -> None:
        play.applies((create(), DONE))
        play.ledger.write_bytes(play.ledger.read_bytes().replace(b'"One"', b'"Two"'))
        ended = play.says()
        assert (ended.code, play.bodies()) == (1, [])
        assert "not as it was written" in ended.err

    def test_a_commit_that_is_none_is_64(self, play: Applying) -> None:
        assert play.says("--commit", "4e1f").code == 64


def test_without_the_right_to_comment_it_says_so(
    github: FakeGitHub, folder: Path, command: Command
) -> None:
    play = Applying(github, folder, command)
    play.applies((create(), DONE))
    github.permissions["pull-requests"] = "read"
    ended = play.says()
    assert ended.code == 7
    assert "pull-requests: write" in ended.err


def test_where_comments_cannot_be_read_nothing_is_written(play: Applying) -> None:
    play.applies((create(), DONE))
    play.fake.goes_wrong("GET", "/(comments|notes)$", Reply(500, {"message": "no"}), times=9)
    assert play.says().code == 1
    assert play.bodies() == []


def test_the_markers_of_each_kind_are_none_of_another() -> None:
    marker = AppliedMarker("a--b/ö", 7)
    assert AppliedMarker.of(f"{marker}\nx") == marker
    assert PlanMarker.of(str(marker)) is None
    assert str(marker).isascii()
