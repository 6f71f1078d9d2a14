"""A ledger on a branch: it outlives the runner, and runners that share it lose nothing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.core.content import Content
from reconciler.core.model import Key
from reconciler.core.outcome import Unknown
from reconciler.errors import LedgerError
from reconciler.ledger import Branch, Ledger, last_applied, read_records
from reconciler.ledger.on_branch import BranchStore
from reconciler.ledger.places import SEGMENT_LIMIT
from reconciler.ledger.reading import read
from reconciler.ledger.verifying import verify
from tests.apply.fake_clock import FakeClock
from tests.ledger.hub import Hub, Wrapped, git
from tests.ledger.made import DONE, create, run, update
from tests.ledger.tampering import forged, split

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
RADIO = {"catalog": {"name": "radio"}}
LOSE_THE_ANSWER = '$git "$@"; echo "fatal: the remote end hung up unexpectedly" >&2; exit 128'


def everything_in(folder: Path) -> Mapping[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def opened(branch: Branch, name: str, clock: FakeClock | None = None) -> Ledger:
    return Ledger(branch, clock or FakeClock(), name)


class TestANewBranch:
    def test_holds_the_records_and_says_what_it_is(self, hub: Hub) -> None:
        run(hub.branch(), (update(), DONE))
        files = hub.files()
        assert sorted(files) == ["README.md", "ledger-000001.jsonl"]
        assert b"reconciler audit verify --ledger git:" in files["README.md"]
        assert hub.said() == [
            "run-1 run.began", "run-1 change.began a", "run-1 change.ended a", "run-1 run.ended",
        ]  # fmt: skip

    def test_is_the_same_bytes_as_a_file(self, hub: Hub, tmp_path: Path) -> None:
        run(hub.branch(), (update(), DONE))
        run(tmp_path / "file", (update(), DONE))
        assert hub.data() == (tmp_path / "file").read_bytes()

    def test_has_a_commit_for_each_step_that_says_whose_it_is(self, hub: Hub) -> None:
        with opened(hub.branch(), "5f0c1a") as ledger:
            ledger.run_began(RADIO)
            ledger.began([create("a"), create("b")])
            anchor = ledger.anchor
        assert hub.commits() == 2
        said = hub.git("log", "-1", "--format=%an <%ae> %cI%n%B", "ledger")
        assert said.splitlines() == [
            "reconciler <reconciler@localhost> 2020-12-24T08:49:17+00:00",
            "run 5f0c1a: 2 change.began",
            "",
            f"The ledger is at {anchor}",
            "",
            "[skip ci]",
        ]

    def test_is_not_made_before_there_is_a_record(self, hub: Hub) -> None:
        with opened(hub.branch(), "run-1") as ledger:
            ledger.ended([])
        assert hub.git("branch", "--list", "ledger") == ""

    def test_of_a_hub_that_hashes_otherwise(
        self, tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
    ) -> None:
        other = Hub(tmp_path / "other").make("--object-format=sha256")
        run(other.branch(), (update(), DONE))
        assert len(other.records()) == 4

    def test_leaves_the_clone_as_it_was(self, hub: Hub) -> None:
        branch = hub.branch()
        before = everything_in(branch.folder.parent)
        run(branch, (update(), DONE))
        run(branch, (update(), DONE), name="run-2")
        list(read_records(branch))
        assert everything_in(branch.folder.parent) == before

    def test_leaves_nothing_in_the_folder_for_temporary_files(
        self, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        temporary = tmp_path / "temporary"
        temporary.mkdir()
        monkeypatch.setattr("tempfile.tempdir", str(temporary))
        branch = hub.branch()
        run(branch, (update(), DONE))
        list(read_records(branch))
        with pytest.raises(LedgerError):
            opened(Branch("main", branch.folder), "run-2")
        assert list(temporary.iterdir()) == []


class TestTheNextRunner:
    @pytest.mark.parametrize("options", [(), ("--depth=1",)], ids=["whole", "shallow"])
    def test_adds_to_it_from_a_new_clone(self, hub: Hub, options: tuple[str, ...]) -> None:
        for number in range(3):
            branch = hub.branch(f"runner-{number}", *options)
            run(branch, (update(), DONE), name=f"run-{number}")
            assert git(branch.folder, "rev-parse", "--is-shallow-repository") == (
                "true" if options else "false"
            )
        assert len(hub.records()) == 12

    def test_knows_what_the_one_that_was_killed_had_begun(self, hub: Hub) -> None:
        with opened(hub.branch("killed"), "run-1") as ledger:
            ledger.run_began(RADIO)
            ledger.began([create("a")])
        with opened(hub.branch("next"), "run-2") as after:
            after.run_began(RADIO)
            (sent,) = after.earlier_creates(["radio"])[Key("a")]
            assert not sent.made

    def test_that_only_reads_learns_what_was_applied(self, hub: Hub) -> None:
        run(hub.branch("before"), (update(), DONE))
        hub.hook("pre-receive", "exit 1")
        assert (
            last_applied(hub.branch("reader"), ("radio",), "")[Key("a")].content == update().after
        )

    def test_that_only_reads_finds_none_where_there_is_no_branch(self, hub: Hub) -> None:
        branch = hub.branch()
        assert read(branch) is None
        assert last_applied(branch, ("radio",), "") == {}

    def test_from_a_work_tree_of_its_own(self, hub: Hub) -> None:
        clone = hub.clone()
        git(clone, "worktree", "add", "--quiet", "--detach", str(hub.folder / "beside"))
        run(Branch("ledger", hub.folder / "beside" / "cat"), (update(), DONE))
        assert len(hub.records()) == 4

    def test_by_an_address_that_counts_from_the_clone(self, hub: Hub) -> None:
        clone = hub.clone()
        git(clone, "remote", "set-url", "origin", "../hub.git")
        run(Branch("ledger", clone), (update(), DONE))
        assert len(hub.records()) == 4


class TestSegments:
    LARGE = update(after=Content("x" * (SEGMENT_LIMIT // 3), {}))

    def test_are_closed_once_they_are_full_and_are_one_ledger(self, hub: Hub) -> None:
        branch = hub.branch()
        with opened(branch, "run-1") as ledger:
            ledger.run_began(RADIO)
            for _ in range(3):
                ledger.began([self.LARGE])
            ledger.began([self.LARGE] * 3)
        files = hub.files()
        segments = [name for name in sorted(files) if name != "README.md"]
        assert segments == [f"ledger-00000{number}.jsonl" for number in (1, 2, 3)]
        assert all(len(files[name]) <= SEGMENT_LIMIT for name in segments)
        assert all(files[name].endswith(b"\n") for name in segments)
        assert len(hub.records()) == 7
        changed = hub.git("log", "--format=", "--name-only", "ledger").splitlines()
        assert changed.count("ledger-000001.jsonl") == 3, "what is closed is not pushed again"

    def test_are_gone_on_with_by_the_next_run(self, hub: Hub) -> None:
        for number in range(3):
            run(hub.branch(f"runner-{number}"), (self.LARGE, None), (self.LARGE, DONE),
                name=f"run-{number}")  # fmt: skip
        assert len(hub.records()) == 15
        kept = read(hub.branch())
        assert kept is not None
        assert kept.data == hub.data()

    def test_hold_a_line_that_is_longer_than_one(self, hub: Hub) -> None:
        huge = update(after=Content("x" * (2 * SEGMENT_LIMIT), {}))
        with opened(hub.branch(), "run-1") as ledger:
            ledger.run_began(RADIO)
            ledger.began([huge])
            ledger.began([update()])
        assert [len(split(data)) for name, data in sorted(hub.files().items())][1:] == [1, 1, 1]


class TestAnotherRunner:
    def test_that_was_first_is_chained_after_and_learned_from(self, hub: Hub) -> None:
        with opened(hub.branch("one"), "run-1") as one, opened(hub.branch("two"), "run-2") as two:
            one.run_began(RADIO)
            two.run_began(RADIO)
            one.began([create("a")])
            two.began([create("b")])
            two.began([create("c")])
            one.ended([(create("a"), DONE)])
        assert hub.said() == [
            "run-1 run.began",
            "run-2 run.began",
            "run-1 change.began a",
            "run-2 change.began b",
            "run-2 change.began c",
            "run-1 change.ended a",
        ]
        assert set(one.earlier_creates(["radio"])) == {"b", "c"}
        assert one.anchor == f"6:{hub.records()[-1]['hash']}"

    def test_that_is_first_every_time_is_given_up_against(self, hub: Hub, wrapped: Wrapped) -> None:
        run(hub.branch("one"), (update(), DONE))
        store = BranchStore(hub.branch(), FakeClock(), lambda record: None, losses=3)
        commit = f'$git --git-dir={hub.bare} commit-tree -m x -p ledger "ledger^{{tree}}"'
        identity = "export GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x"
        identity += " GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x"
        move = f"$git --git-dir={hub.bare} update-ref refs/heads/ledger $({commit})"
        wrapped.before("push", f"({identity}; {move})", times=1000)
        with pytest.raises(LedgerError, match="others have pushed first every time; nothing more"):
            store.append([{"kind": "run.began", "at": "x", "run": "run-2"}])
        store.close()
        assert len(hub.records()) == 4
        assert hub.commits() == 8


class TestAPush:
    def test_whose_answer_was_lost_is_not_made_again(self, hub: Hub, wrapped: Wrapped) -> None:
        with opened(hub.branch(), "run-1") as ledger:
            wrapped.before("push", LOSE_THE_ANSWER)
            ledger.run_began(RADIO)
            ledger.began([update()])
        assert hub.said() == ["run-1 run.began", "run-1 change.began a"]
        assert hub.commits() == 2

    def test_whose_answer_was_lost_and_that_others_went_on_from(
        self, hub: Hub, wrapped: Wrapped
    ) -> None:
        with opened(hub.branch(), "run-1") as ledger:
            ledger.run_began(RADIO)
            appends = f"{sys.executable} -m tests.ledger.appending {hub.clone('other')} run-2 1"
            surroundings = f'cd {ROOT}; PATH="${{PATH#*:}}" PYTHONPATH={ROOT}'
            script = f'$git "$@"; ({surroundings} {appends}) > /dev/null 2>&1; exit 128'
            wrapped.before("push", script)
            ledger.began([create("mine")])
            ledger.began([create("more")])
            assert set(ledger.earlier_creates(["radio"])) == {"run-2-0"}
        assert hub.said() == [
            "run-1 run.began",
            "run-1 change.began mine",
            "run-2 run.began",
            "run-2 change.began run-2-0",
            "run-2 run.ended",
            "run-1 change.began more",
        ]

    def test_is_tried_again_while_nobody_refuses_it(self, hub: Hub, wrapped: Wrapped) -> None:
        clock = FakeClock()
        with opened(hub.branch(), "run-1", clock) as ledger:
            ledger.run_began(RADIO)
            wrapped.before(
                "push", "echo 'fatal: Could not resolve host: hub' >&2; exit 128", times=3
            )
            ledger.began([update()])
        assert clock.slept == [0.5, 1, 2]
        assert hub.commits() == 2

    def test_is_tried_again_while_nobody_answers(self, hub: Hub, wrapped: Wrapped) -> None:
        clock = FakeClock()
        with opened(hub.branch(), "run-1", clock) as ledger:
            ledger.run_began(RADIO)
            gone = "echo 'fatal: Could not resolve host: hub' >&2; exit 128"
            wrapped.before("ls-remote", gone, times=3)
            wrapped.before("push", gone, times=3)
            ledger.began([update()])
        assert len(clock.slept) == 2
        assert hub.commits() == 2

    def test_that_fails_again_and_again_stops_the_run(self, hub: Hub, wrapped: Wrapped) -> None:
        clock = FakeClock()
        with opened(hub.branch(), "run-1", clock) as ledger:
            ledger.run_began(RADIO)
            wrapped.before("push", "echo 'fatal: no route' >&2; exit 128", times=1000)
            with pytest.raises(LedgerError, match='git push: "fatal: no route"; nothing more is'):
                ledger.ended([(update(), DONE)])
            assert clock.slept == [0.5, 1, 2, 4, 8]
            assert [record["key"] for record in ledger.unwritten] == ["a"]
            wrapped.before("push", "", times=0)
            with pytest.raises(LedgerError, match="no route"):
                ledger.began([update()])
        assert hub.said() == ["run-1 run.began"]

    def test_that_is_refused_is_not_tried_again(self, hub: Hub) -> None:
        clock = FakeClock()
        with opened(hub.branch(), "run-1", clock) as ledger:
            ledger.run_began(RADIO)
            anchor = ledger.anchor
            hub.hook("pre-receive", "echo 'this branch is protected' >&2; exit 1")
            with pytest.raises(LedgerError, match="this branch is protected") as error:
                ledger.ended([(update(), Unknown("lost"))])
            assert clock.slept == []
            assert ledger.anchor == anchor
            assert len(ledger.unwritten) == 1
        assert "`permissions: contents: write`" in str(error.value)
        assert hub.said() == ["run-1 run.began"]


class TestALedgerThatIsNotAsItWas:
    """What was read or written there must still be there, byte for byte."""

    @pytest.fixture
    def lines(self, hub: Hub) -> list[bytes]:
        run(hub.branch("before"), (update(), DONE), (create(), DONE))
        return split(hub.data())

    @pytest.mark.parametrize("what", ["cut", "anew", "changed", "gone", "torn", "odd"])
    def test_while_a_run_writes_to_it_is_refused(
        self, hub: Hub, lines: list[bytes], what: str
    ) -> None:
        with opened(hub.branch(), "run-2") as ledger:
            ledger.run_began(RADIO)
            anchor = ledger.anchor
            now = split(hub.data())
            match what:
                case "cut":
                    hub.replace(_1=b"".join(now[:-1]))
                case "anew":
                    hub.replace(_1=b"".join([*now[:-1], forged(now[-1], actor="somebody")]))
                case "changed":
                    hub.replace(_1=b"".join(now).replace(b'"title":"One"', b'"title":"Own"'))
                case "gone":
                    hub.git("update-ref", "-d", "refs/heads/ledger")
                case "torn":
                    hub.replace(_1=b"".join(now) + b'{"seq":')
                case _:
                    hub.replace(_1=b"".join(now) + b"something\n")
            before = hub.git("for-each-ref")
            with pytest.raises(LedgerError, match="it was cut or written anew") as error:
                ledger.began([update()])
            assert f"audit verify --ledger git:ledger --anchor {anchor}`" in str(error.value)
            assert hub.git("for-each-ref") == before

    @pytest.mark.parametrize("segment", ["_1", "_2"])
    def test_but_holds_the_same_bytes_is_gone_on_with(
        self, hub: Hub, lines: list[bytes], segment: str
    ) -> None:
        """As where the branch's history was made shorter."""
        with opened(hub.branch(), "run-2") as ledger:
            ledger.run_began(RADIO)
            hub.replace(**{segment: hub.data()})
            ledger.began([update()])
        assert len(hub.records()) == len(lines) + 2
        assert hub.commits() == 2

    def test_when_it_is_opened_is_refused_with_its_place(
        self, hub: Hub, lines: list[bytes]
    ) -> None:
        lines[4] = lines[4].replace(b"run-1", b"run-9")
        hub.replace(_1=b"".join(lines[:3]), _2=b"".join(lines[3:]))
        place = r"^git:ledger:ledger-000002.jsonl:2: this record is not as it was written"
        with pytest.raises(LedgerError, match=place) as error:
            opened(hub.branch(), "run-2")
        assert "`reconciler audit verify --ledger git:ledger`" in str(error.value)

    def test_is_not_healed(self, hub: Hub, lines: list[bytes]) -> None:
        hub.replace(_1=b"".join(lines), _2=b'{"seq":')
        with pytest.raises(LedgerError, match=r"ledger-000002.jsonl:1: the last line has no end"):
            opened(hub.branch(), "run-2")

    def test_is_told_of_by_segment_and_line(self, hub: Hub, lines: list[bytes]) -> None:
        lines[4] = lines[4].replace(b"run-1", b"run-9")
        hub.replace(_1=b"".join(lines[:2]), _3=b"".join(lines[3:5]), _4=b"".join(lines[5:])[:-9])
        kept = read(hub.branch())
        assert kept is not None
        findings = verify(kept.data).findings
        assert [f"{kept.where(finding.line)}: {finding.kind}" for finding in findings] == [
            "git:ledger:ledger-000003.jsonl:1: dropped",
            "git:ledger:ledger-000003.jsonl:2: changed",
            "git:ledger:ledger-000004.jsonl:1: torn",
        ]


class TestWhatIsNoLedgersBranch:
    def test_is_the_one_that_is_checked_out(self, hub: Hub) -> None:
        with pytest.raises(LedgerError, match="git:main is the branch that is checked out here"):
            opened(Branch("main", hub.clone()), "run-1")

    def test_is_one_with_other_files(self, hub: Hub) -> None:
        hub.git("branch", "other", "main")
        branch = Branch("other", hub.clone())
        for attempt in (lambda: opened(branch, "run-1"), lambda: read(branch)):
            with pytest.raises(
                LedgerError, match=r"git:other: this branch is no ledger's.*\(cat\)"
            ):
                attempt()

    def test_is_one_whose_segment_is_a_link(self, hub: Hub) -> None:
        blob = hub.git("hash-object", "-w", "--stdin", stdin="/etc/passwd")
        tree = hub.git("mktree", stdin=f"120000 blob {blob}\tledger-000001.jsonl\n")
        hub.git("branch", "ledger", hub.git("commit-tree", "-m", "x", tree))
        with pytest.raises(LedgerError, match="this branch is no ledger's"):
            read(hub.branch())

    def test_may_be_empty(self, hub: Hub) -> None:
        hub.git("branch", "ledger", hub.git("commit-tree", "-m", "x", hub.git("mktree")))
        run(hub.branch(), (update(), DONE))
        assert len(hub.records()) == 4

    def test_is_none_where_there_is_no_repository(self, tmp_path: Path) -> None:
        with pytest.raises(LedgerError, match="not a git repository"):
            opened(Branch("ledger", tmp_path), "run-1")

    def test_is_none_without_an_origin(self, hub: Hub) -> None:
        clone = hub.clone()
        git(clone, "remote", "rename", "origin", "upstream")
        with pytest.raises(LedgerError, match=r"has no remote named origin.*--ledger PATH"):
            opened(Branch("ledger", clone), "run-1")

    def test_is_none_where_origin_is_gone(self, hub: Hub) -> None:
        clone = hub.clone()
        git(clone, "remote", "set-url", "origin", f"{hub.url}-gone")
        with pytest.raises(LedgerError, match=r"^reading the ledger git:ledger: git ls-remote: "):
            read(Branch("ledger", clone))

    def test_is_none_without_a_folder_for_temporary_files(
        self, hub: Hub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        branch = hub.branch()
        monkeypatch.setattr("tempfile.tempdir", "/nowhere")
        with pytest.raises(LedgerError, match=r"^reading the ledger git:ledger: /nowhere/recon"):
            read(branch)

    def test_is_none_without_git(self, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
        branch = hub.branch()
        monkeypatch.setenv("PATH", str(hub.folder))
        with pytest.raises(LedgerError, match="git rev-parse: there is no git"):
            read(branch)

    def test_is_none_where_there_is_no_folder(self, hub: Hub) -> None:
        with pytest.raises(LedgerError, match=r"there is no .*/nowhere"):
            read(Branch("ledger", hub.folder / "nowhere"))
