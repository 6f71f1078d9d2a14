"""`reconciler report plan`: one comment on a pull request, ours, with the plan of its head."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.forge.marker import PlanMarker
from tests.forge.conftest import author_of, job
from tests.forge.github import BOT, FORK, FakeGitHub
from tests.forge.plans import file_of, plan
from tests.forge.served import Call, Reply, commit_of
from tests.render.stories import HOSTILE
from tests.render.test_markdown import commands

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.core.plan import Plan
    from tests.forge.conftest import Command, Ended, Fake
    from tests.forge.gitlab import FakeGitLab

TITLES = [title for title in HOSTILE.values() if not re.search("[\ud800-\udfff]", title)]
"""Half a character is in no plan file."""
WRITES = ("POST", "PATCH", "PUT", "DELETE")


class Playing:
    """Pushes and jobs on one pull request."""

    def __init__(self, fake: Fake, folder: Path, command: Command) -> None:
        self.fake = fake
        self.folder = folder
        self.command = command
        self.pull: Any = fake.create_pull("A change")

    def started(self, made: Plan, **about: Any) -> dict[str, str]:
        """A run that has planned the head there is now, and has kept the plan: its variables."""
        run = about.get("run") or self.fake.start_run()
        self.fake.add_artifact(run, {"plan.json": file_of(made)})
        return job(self.fake, self.folder, run=run, pull=self.pull)

    def reports(self, env: dict[str, str], made: Plan, *more: str) -> Ended:
        """That run's report."""
        (self.folder / "plan.json").write_bytes(file_of(made))
        return self.command(env, "report", "plan", "plan.json", *more)

    def planned(self, made: Plan, *more: str) -> Ended:
        """Both."""
        return self.reports(self.started(made), made, *more)

    def bodies(self) -> list[str]:
        return [comment["body"] for comment in self.fake.comments_on(self.pull)]

    def marker(self) -> PlanMarker:
        """Of the only comment of ours."""
        (found,) = filter(None, map(PlanMarker.of, self.bodies()))
        return found


@pytest.fixture
def play(forge: Fake, folder: Path, command: Command) -> Playing:
    return Playing(forge, folder, command)


@pytest.fixture
def on_github(github: FakeGitHub, folder: Path, command: Command) -> Playing:
    return Playing(github, folder, command)


def spoofed(play: Playing, **about: Any) -> str:
    marker = PlanMarker("radio-ads", play.pull.head, 999_999, f"sha256:{'e' * 64}", "plan")
    return f"{marker}\n**Nothing to do**, merge me"


class TestTheComment:
    def test_is_written_once_and_then_kept_up_to_date(self, play: Playing) -> None:
        first, second = plan("Spring"), plan("Spring", "Summer")
        ended = play.planned(first)
        assert (ended.code, ended.err) == (0, "")
        assert "is a new comment" in ended.out
        play.fake.push(play.pull)
        ended = play.planned(second)
        assert (ended.code, ended.err) == (0, "")
        (body,) = play.bodies()
        assert second.digest in body
        assert "Since the previous plan: 1 " in body
        assert play.marker().head == play.pull.head
        assert author_of(play.fake.comments_on(play.pull)[0]) == play.fake.login

    def test_is_left_where_it_is_the_same(self, play: Playing) -> None:
        made = plan("Spring")
        env = play.started(made)
        play.reports(env, made)
        before = len(play.fake.lines(*WRITES))
        ended = play.reports(env, made)
        assert "has this plan already" in ended.out
        assert [line for line in play.fake.lines(*WRITES)[before:] if "graphql" not in line] == []

    def test_says_where_the_plan_is_kept(self, play: Playing) -> None:
        play.planned(plan("Spring"), "--artifact", "plan: [radio/ads] --> x")
        assert play.marker().artifact == "plan: [radio/ads] --> x"

    def test_of_another_catalogue_is_let_be(self, play: Playing) -> None:
        play.planned(plan("Spring", catalog="other"))
        play.planned(plan("Spring"))
        assert len(play.bodies()) == 2

    @pytest.mark.parametrize("title", [*TITLES, "x\n/close\n", "/merge", "-->\n/close"])
    def test_holds_no_command_whatever_a_title_holds(self, play: Playing, title: str) -> None:
        play.planned(plan(title, "x"))
        assert commands(play.bodies()[0]) == []
        assert getattr(play.fake, "executed", []) == []

    def test_with_a_marker_in_a_title_is_still_found(self, play: Playing) -> None:
        title = f"x --> \n{PlanMarker('radio-ads', commit_of(5), 9**9, 'sha256:' + 'f' * 64, 'p')}"
        play.planned(plan(title))
        first = play.marker()
        play.fake.push(play.pull)
        play.planned(plan(title, "more"))
        assert play.marker().run > first.run

    @pytest.mark.parametrize("title", ["Ad", "`" * 200, "\U0001d4d0" * 200])
    def test_is_never_too_long(self, play: Playing, title: str) -> None:
        ended = play.planned(plan(*[f"{title}{n}" for n in range(2_000)]))
        assert ended.code == 0
        assert "more" in play.bodies()[0]
        assert len(play.bodies()[0].encode()) < 65_536


class TestWhoseComment:
    def test_ours_is_on_the_second_page_and_a_spoofed_one_on_the_first(self, play: Playing) -> None:
        """T12."""
        for n in range(60):
            play.fake.comment(play.pull, "reader", f"hm {n}")
        play.fake.comment(play.pull, "mallory", spoofed(play))
        for n in range(60):
            play.fake.comment(play.pull, "reader", f"well {n}")
        play.planned(plan("Spring"))
        ours = play.fake.comments_on(play.pull)[-1]["id"]
        for n in range(9):
            play.fake.comment(play.pull, "reader", f"so {n}")
        play.fake.push(play.pull)
        before = len(play.fake.calls)
        ended = play.planned(plan("Spring", "Summer"))
        assert ended.code == 0
        assert "by mallory" in ended.err
        writes = [c for c in play.fake.calls[before:] if c.method in ("PATCH", "PUT", "DELETE")]
        assert [call.path.rpartition("/")[2] for call in writes] == [str(ours)]
        posts = [c for c in play.fake.calls[before:] if c.method == "POST" and c.path != "/graphql"]
        assert posts == []

    def test_a_strangers_is_let_be_and_ours_is_written(self, play: Playing) -> None:
        play.fake.comment(play.pull, "mallory", spoofed(play))
        ended = play.planned(plan("Spring"))
        assert ended.code == 0
        assert "looks like one of ours, and is let be" in ended.err
        assert play.bodies()[0] == spoofed(play)
        assert len(play.bodies()) == 2

    @pytest.mark.parametrize("before", ["> ", " ", "\n", "\ufeff", "x"])
    def test_a_marker_that_is_not_the_first_line_is_none(self, play: Playing, before: str) -> None:
        play.fake.comment(play.pull, play.fake.login, before + spoofed(play))
        play.planned(plan("Spring"))
        assert len(play.bodies()) == 2

    def test_one_that_somebody_minimised_is_let_be(self, on_github: Playing) -> None:
        on_github.planned(plan("Spring"))
        assert isinstance(on_github.fake, FakeGitHub)
        on_github.fake.minimise(on_github.fake.comments_on(on_github.pull)[0]["id"])
        on_github.fake.push(on_github.pull)
        on_github.planned(plan("Summer"))
        assert len(on_github.bodies()) == 2

    def test_where_nobody_says_what_is_minimised_none_is(self, on_github: Playing) -> None:
        on_github.planned(plan("Spring"))
        on_github.fake.goes_wrong("POST", "/graphql$", Reply(403, {"message": "no"}), times=9)
        on_github.fake.push(on_github.pull)
        assert on_github.planned(plan("Summer")).code == 0
        assert len(on_github.bodies()) == 1

    def test_of_several_the_oldest_is_kept_and_the_others_are_superseded(
        self, play: Playing
    ) -> None:
        play.planned(plan("Spring"))
        twin = play.fake.comment(play.pull, play.fake.login, play.bodies()[0])
        play.fake.push(play.pull)
        play.planned(plan("Summer"))
        assert play.marker().head == play.pull.head
        assert play.fake.comments_on(play.pull)[1]["id"] == twin
        assert play.bodies()[1].startswith("Superseded")

    def test_another_app_says_who_it_is(self, on_github: Playing) -> None:
        on_github.fake.login = "acme-ads[bot]"
        on_github.planned(plan("Spring"), "--author", "Acme-Ads[bot]")
        on_github.fake.push(on_github.pull)
        on_github.planned(plan("Summer"), "--author", "Acme-Ads[bot]")
        assert len(on_github.bodies()) == 1
        assert "GET /user" not in on_github.fake.lines()

    def test_a_token_of_a_person_says_who_it_is(self, on_github: Playing) -> None:
        assert isinstance(on_github.fake, FakeGitHub)
        on_github.fake.is_app, on_github.fake.login = False, "ada"
        on_github.fake.comment(on_github.pull, BOT, spoofed(on_github))
        assert "by github-actions[bot]" in on_github.planned(plan("Spring")).err


class TestTheOrderOfRuns:
    def test_an_older_head_never_overwrites_a_newer(self, play: Playing) -> None:
        older, newer = plan("Spring"), plan("Summer")
        first = play.started(older)
        play.fake.push(play.pull)
        second = play.started(newer)
        assert play.reports(second, newer).code == 0
        ended = play.reports(first, older)
        assert ended.code == 0
        assert "is left as it is: its head is" in ended.out
        assert newer.digest in play.bodies()[0]

    def test_an_older_head_is_not_written_at_all(self, play: Playing) -> None:
        made = plan("Spring")
        env = play.started(made)
        play.fake.push(play.pull)
        assert play.reports(env, made).code == 0
        assert play.bodies() == []

    def test_a_push_while_the_comments_are_read_counts(self, play: Playing) -> None:
        made = plan("Spring")
        env = play.started(made)

        def push(call: Call) -> None:
            if call.path.endswith(("/comments", "/notes")):
                play.fake.before = lambda call: None
                play.fake.push(play.pull)

        play.fake.before = push
        assert "left as it is" in play.reports(env, made).out
        assert play.bodies() == []

    def test_an_earlier_run_about_the_same_head_does_not_write(self, play: Playing) -> None:
        older, newer = plan("Spring"), plan("Summer")
        first, second = play.started(older), play.started(newer)
        play.reports(second, newer)
        ended = play.reports(first, older)
        assert ended.code == 0
        assert "which is later, has written about the same head" in ended.out
        assert newer.digest in play.bodies()[0]


class TestWhatGoesWrong:
    def test_a_lost_answer_makes_no_second_comment(self, play: Playing) -> None:
        play.fake.loses_answer("POST", "/(comments|notes)$")
        ended = play.planned(plan("Spring"))
        assert (ended.code, len(play.bodies())) == (0, 1)

    def test_a_comment_that_did_not_arrive_is_written_again(self, play: Playing) -> None:
        play.fake.goes_wrong("POST", "/(comments|notes)$", Reply(502, {"message": "bad gateway"}))
        ended = play.planned(plan("Spring"))
        assert (ended.code, len(play.bodies())) == (0, 1)

    def test_an_answer_that_names_nothing_does_not_count(self, play: Playing) -> None:
        play.fake.goes_wrong("POST", "/(comments|notes)$", Reply(201, b""))
        ended = play.planned(plan("Spring"))
        assert (ended.code, len(play.bodies())) == (0, 1)

    def test_it_is_given_up_where_nobody_ever_knows(self, play: Playing) -> None:
        play.fake.goes_wrong("POST", "/(comments|notes)$", Reply(502, {"message": "no"}), times=9)
        ended = play.planned(plan("Spring"))
        assert ended.code == 1
        assert "commenting on" in ended.err
        assert "502" in ended.err

    def test_a_fork_may_not_comment_and_is_told_what_is_missing(self, on_github: Playing) -> None:
        assert isinstance(on_github.fake, FakeGitHub)
        on_github.fake.permissions = dict(FORK)
        ended = on_github.planned(plan("Spring"))
        assert ended.code == 7
        assert "the token must be allowed to: pull-requests: write" in " ".join(ended.err.split())

    def test_a_guest_may_not_comment_and_is_told_what_is_missing(
        self, gitlab: FakeGitLab, folder: Path, command: Command
    ) -> None:
        gitlab.role = "guest"
        ended = Playing(gitlab, folder, command).planned(plan("Spring"))
        assert ended.code == 7
        assert "scope api" in ended.err

    def test_a_wrong_token_is_7(self, play: Playing) -> None:
        made = plan("Spring")
        env = play.started(made)
        play.fake.token = "another"
        ended = play.reports(env, made)
        assert ended.code == 7
        assert "401" in ended.err

    def test_a_token_that_is_said_back_is_not_repeated(self, play: Playing) -> None:
        told = {"message": f"no, {play.fake.token}!"}
        play.fake.goes_wrong("POST", "/(comments|notes)$", Reply(422, told))
        ended = play.planned(plan("Spring"))
        assert ended.code == 1
        assert "[token]" in ended.err

    def test_a_plan_that_was_changed_is_not_reported(self, play: Playing) -> None:
        made = plan("Spring")
        env = play.started(made)
        (play.folder / "plan.json").write_bytes(file_of(made).replace(b"Spring", b"Sprung"))
        ended = play.command(env, "report", "plan", "plan.json")
        assert ended.code == 1
        assert play.fake.calls == []


def test_a_later_run_about_the_same_head_that_writes_meanwhile_is_not_overwritten(
    on_github: Playing,
) -> None:
    """While the plan before is fetched, which takes its time."""
    on_github.planned(plan("Spring"))
    before, after = on_github.started(plan("Summer")), on_github.started(plan("Autumn"))
    later = int(after["GITHUB_RUN_ID"])
    marker = PlanMarker(
        "radio-ads", on_github.pull.head, later, plan("Autumn").digest, "reconciler-plan"
    )

    def another_run_writes(call: Call) -> None:
        if call.path.endswith("/artifacts"):
            on_github.fake.comments_on(on_github.pull)[0]["body"] = f"{marker}\n"

    on_github.fake.before = another_run_writes
    ended = on_github.reports(before, plan("Summer"))
    assert ended.code == 0
    assert f"run {later}, which is later, has written about the same head" in ended.out
    assert on_github.marker() == marker


def test_long_notes_of_strangers_do_not_keep_ours_away(
    gitlab: FakeGitLab, folder: Path, command: Command
) -> None:
    """A million characters are the most that GitLab takes."""
    play = Playing(gitlab, folder, command)
    for _ in range(12):
        gitlab.comment(play.pull, "mallory", "\u2028" * 1_000_000)
    assert play.planned(plan("Spring")).code == 0
    assert PlanMarker.of(play.bodies()[-1]) is not None


class TestWhatIsNoAnswer:
    """Of a server, or of what stands before it: an error in words, and nothing is written."""

    @pytest.mark.parametrize("link", ["<http://[>", "<http://a]/?page=2>"])
    def test_a_next_page_at_an_address_that_is_none(self, on_github: Playing, link: str) -> None:
        reply = Reply(200, [], {"Link": f'{link}; rel="next"'})
        on_github.fake.goes_wrong("GET", "/comments$", reply)
        ended = on_github.planned(plan("Spring"))
        assert (ended.code, on_github.bodies()) == (1, [])
        assert "names no next page that can be read" in " ".join(ended.err.split())

    def test_a_refusal_whose_words_are_nested_very_deep(self, play: Playing) -> None:
        body = b'{"message": ' + b"[" * 1010 + b"]" * 1010 + b"}"
        play.fake.goes_wrong("GET", "/(comments|notes)$", Reply(400, body))
        ended = play.planned(plan("Spring"))
        assert (ended.code, play.bodies()) == (1, [])
        assert "answered 400" in " ".join(ended.err.split())


class TestThePlanBefore:
    """Shown only where it is surely the one that the comment is about (T25)."""

    @pytest.mark.parametrize(
        ("poison", "why"),
        [
            (b"", "not JSON"),
            (b"\0" * 100, "not JSON"),
            (b'{"format": "reconciler/plan/1"}', "is a required property"),
            (b"[" * 100_000, "not JSON"),
            (b"[" + b"[]," * 2_000_001 + b"[]]", "too much"),
            (file_of(plan("Another")), "not the plan of its comment"),
            (file_of(plan("Spring", catalog="other")), "not the plan of its comment"),
            (file_of(plan("Spring")).replace(b"Spring", b"Sprung"), "were changed"),
        ],
        ids=[
            "empty",
            "zeros",
            "hollow",
            "deep",
            "wide",
            "another",
            "of another catalogue",
            "changed",
        ],
    )
    def test_is_not_believed_whatever_it_is(self, play: Playing, poison: bytes, why: str) -> None:
        made = plan("Spring")
        run = play.fake.start_run()
        play.fake.add_artifact(run, {"plan.json": poison})
        play.reports(job(play.fake, play.folder, run=run, pull=play.pull), made)
        play.fake.push(play.pull)
        ended = play.planned(plan("Summer"))
        assert ended.code == 0
        assert why in " ".join(ended.err.split())
        assert "Since the previous plan" not in play.bodies()[0]

    def test_that_is_the_same_is_said_to_be(self, play: Playing) -> None:
        play.planned(plan("Spring"))
        play.fake.push(play.pull)
        assert play.planned(plan("Spring")).err == ""
        assert "Since the previous plan: nothing" in play.bodies()[0]

    def test_that_is_no_longer_kept_is_not_shown(self, play: Playing) -> None:
        made = plan("Spring")
        env = job(play.fake, play.folder, run=play.fake.start_run(), pull=play.pull)
        play.reports(env, made)
        play.fake.push(play.pull)
        ended = play.planned(plan("Summer"))
        assert ended.code == 0
        assert "is not to be had" in ended.err

    def test_is_the_newest_that_has_not_expired(self, on_github: Playing) -> None:
        assert isinstance(on_github.fake, FakeGitHub)
        env = on_github.started(plan("Spring"))
        on_github.fake.add_artifact(int(env["GITHUB_RUN_ID"]), {"plan.json": b"{}"})
        on_github.fake.artifacts[-1]["expired"] = True
        on_github.reports(env, plan("Spring"))
        on_github.fake.push(on_github.pull)
        assert on_github.planned(plan("Summer")).err == ""
        assert "Since the previous plan: 1 different" in on_github.bodies()[0]

    def test_lies_at_another_origin_which_sees_no_token(self, play: Playing) -> None:
        if not isinstance(play.fake, FakeGitHub):
            play.fake.direct = True
        play.planned(plan("Spring"))
        play.fake.push(play.pull)
        play.planned(plan("Summer"))
        assert "Since the previous plan: 1 " in play.bodies()[0]
        (call,) = play.fake.storage.calls
        assert not call.headers.keys() & {"authorization", "private-token", "cookie"}

    @pytest.mark.parametrize(
        "address",
        [
            *("http://192.0.2.1/x", "file:///etc/passwd", "//elsewhere/x", "/relative", ""),
            *("https://user:secret@example.com/x", "ftp://example.com/", "https://ex ample.com/"),
            *("https://example.com\\@127.0.0.1/", "gopher://127.0.0.1/", "http:///x"),
        ],
    )
    def test_at_a_strange_address_is_not_asked_for(self, on_github: Playing, address: str) -> None:
        on_github.planned(plan("Spring"))
        on_github.fake.push(on_github.pull)
        on_github.fake.goes_wrong("GET", "/zip$", Reply(302, b"", {"Location": address}))
        ended = on_github.planned(plan("Summer"))
        assert ended.code == 0
        assert "lies at an address that is not asked" in " ".join(ended.err.split())

    def test_passed_on_and_on_is_given_up(self, on_github: Playing) -> None:
        on_github.planned(plan("Spring"))
        on_github.fake.push(on_github.pull)
        again = Reply(302, b"", {"Location": f"{on_github.fake.storage.url}/on?sig=s1gned"})
        on_github.fake.goes_wrong("GET", "/zip$", again)
        on_github.fake.storage.goes_wrong("GET", "/on", again, times=99)
        assert on_github.planned(plan("Summer")).code == 0
        assert len(on_github.fake.storage.calls) < 5


def test_github_enterprise_has_other_addresses(folder: Path, command: Command) -> None:
    with FakeGitHub.running(enterprise=True) as github:
        play = Playing(github, folder, command)
        play.planned(plan("Spring"))
        github.minimise(github.comments_on(play.pull)[0]["id"])
        github.push(play.pull)
        assert play.planned(plan("Summer")).code == 0
        assert len(play.bodies()) == 2
        assert "POST /api/graphql" in github.lines()
