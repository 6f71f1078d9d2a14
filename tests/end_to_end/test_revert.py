"""What an apply did is taken back by a plan that is reviewed and applied like any other."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.cli.options import PLAN_FORMATS
from reconciler.sandbox.console import Sandbox
from tests.end_to_end.conftest import CATALOG, Ended, NothingSent, Workplace

CHANGED = CATALOG.replace("Spring ad", "Spring ad 2").replace("Acme, year: 1979", "Acme Inc")
MOVED = CATALOG.replace("title: Summer ad", "title: Summer ad\n        bucket: archive")
AUTUMN = """
      autumn:
        title: Autumn ad
        source: {audio: audio/autumn.wav}
"""


def run_of(work: Workplace) -> str:
    """The id of the last run on the ledger."""
    return str(work.ledger()[-1]["run"])


def apply(work: Workplace, catalog: str, *options: str) -> str:
    """Apply a catalogue; the run's id."""
    work.catalog(catalog)
    assert work.run("apply", "--yes", *options).code == 0
    return run_of(work)


def back(work: Workplace, *arguments: str, code: int = 0) -> Ended:
    """Take back by a plan file; what the apply said."""
    assert work.run("revert", *arguments, "--out", "back.json").code == 0
    ended = work.run("apply", "back.json", "--yes")
    assert ended.code == code, ended.err + ended.out
    return ended


def plan_in(work: Workplace, *arguments: str) -> Mapping[str, Any]:
    """The plan of a revert."""
    ended = work.run("revert", *arguments, "--format", "json")
    assert ended.code == 0, ended.err
    plan: Mapping[str, Any] = ended.json
    return plan


def changes(plan: Mapping[str, Any]) -> list[str]:
    return [f"{change['action']} {change['key']}" for change in plan["changes"]]


def notes(plan: Mapping[str, Any]) -> list[str]:
    return [f"{note['fact']} {note.get('key', '')}: {note['message']}" for note in plan["notes"]]


def live(sandbox: Sandbox) -> dict[str, tuple[int, int, str, dict[str, Any]]]:
    """By key: id, bucket, title and the rest of each file."""
    found = {}
    for file in sandbox.files():
        rest = file["user_defined"]
        rest = dict(json.loads(rest) if isinstance(rest, str) else rest)
        key = str(rest.pop("catalog_key", "-/-")).partition("/")[2]
        found[key] = (file["id"], file["bucket_id"], file["title"], rest)
    return found


@pytest.mark.parametrize(
    "changed", [CHANGED, MOVED, CHANGED + AUTUMN], ids=["updated", "moved", "more"]
)
def test_all_that_a_run_did_is_taken_back(
    applied: Workplace, sandbox: Sandbox, changed: str
) -> None:
    applied.audio("audio/autumn.wav", level=3)
    before = live(sandbox)
    run = apply(applied, changed)
    assert live(sandbox) != before
    ended = back(applied, run)
    assert live(sandbox) == before
    assert f"converged: another revert of run {run} finds nothing to do" in ended.out
    assert changes(plan_in(applied, run)) == []


def test_one_key_alone_is_taken_back(applied: Workplace, sandbox: Sandbox) -> None:
    applied.audio("audio/autumn.wav", level=3)
    before = live(sandbox)
    run = apply(applied, CHANGED + AUTUMN)
    back(applied, run, "--key", "spring")
    after = live(sandbox)
    assert after.pop("autumn")
    assert after == before
    assert changes(plan_in(applied, run)) == ["delete autumn"]
    back(applied, run, "--key", "autumn", "--key", "spring")
    assert live(sandbox) == before


def test_nothing_is_sent_by_it(applied: Workplace, sandbox: Sandbox) -> None:
    apply(applied, CHANGED)
    sent, ledger = len(sandbox.mutations), len(applied.ledger())
    ended = applied.run("revert", "last", "--detailed-exitcode")
    assert ended.code == 2
    assert len(sandbox.mutations) == sent
    assert len(applied.ledger()) == ledger


def test_the_way_back_is_taken_back_in_turn(applied: Workplace, sandbox: Sandbox) -> None:
    apply(applied, CHANGED)
    changed = live(sandbox)
    back(applied, "last")
    assert applied.ledger()[-1]["kind"] == "run.ended"
    began = next(r for r in reversed(applied.ledger()) if r["kind"] == "run.began")
    assert began["revert"]["keys"] == []
    assert live(sandbox) != changed
    back(applied, "last")
    assert live(sandbox) == changed


def test_what_was_changed_by_hand_since_stays_and_is_said(
    applied: Workplace, sandbox: Sandbox
) -> None:
    run = apply(applied, CHANGED)
    file_id, *_, rest = live(sandbox)["spring"]
    mark = {"catalog_key": "radio-ads/spring"}
    sandbox.edit(file_id, title="By hand", user_defined={**rest, **mark, "note": "mine"})
    plan = plan_in(applied, run)
    said = notes(plan)
    assert said[0].startswith('changed since spring: title is now "By hand", by hand, or by what')
    back(applied, run)
    _, _, title, rest = live(sandbox)["spring"]
    assert title == "By hand"
    assert rest["artist"] == "Acme"
    assert rest["year"] == 1979
    assert rest["note"] == "mine"


def test_who_changed_it_since_is_said_where_the_ledger_knows(
    applied: Workplace, sandbox: Sandbox
) -> None:
    run = apply(applied, CHANGED)
    later = apply(applied, CHANGED.replace("Spring ad 2", "Spring ad 3"))
    plan = plan_in(applied, run)
    assert changes(plan) == ["update spring"]
    assert f'title is now "Spring ad 3", by run {later} (' in notes(plan)[0]


def test_what_was_moved_since_stays_where_it_is(applied: Workplace, sandbox: Sandbox) -> None:
    run = apply(applied, MOVED)
    later = apply(applied, CATALOG)
    assert changes(plan_in(applied, run)) == []
    (said,) = notes(plan_in(applied, later))
    assert said.startswith("catalogue")
    sandbox.edit(live(sandbox)["summer"][0], bucket_id=8892)
    assert changes(plan_in(applied, later)) == []


def test_what_was_deleted_since_is_said(applied: Workplace, sandbox: Sandbox) -> None:
    run = apply(applied, CHANGED)
    sandbox.delete(live(sandbox)["spring"][0])
    plan = plan_in(applied, run)
    assert changes(plan) == []
    assert "changed since spring: its file is no longer there" in notes(plan)[0]


def test_a_created_file_that_was_changed_since_is_not_deleted(
    applied: Workplace, sandbox: Sandbox
) -> None:
    applied.audio("audio/autumn.wav", level=3)
    run = apply(applied, CATALOG + AUTUMN)
    sandbox.edit(live(sandbox)["autumn"][0], title="Kept by hand")
    plan = plan_in(applied, run)
    assert changes(plan) == []
    assert 'it is not deleted: title is now "Kept by hand"' in notes(plan)[0]


def test_a_deleted_file_comes_back_where_its_audio_is_at_hand(
    applied: Workplace, sandbox: Sandbox
) -> None:
    before = live(sandbox)["summer"]
    without = CATALOG[: CATALOG.index("      summer:")]
    run = apply(applied, without)
    plan = plan_in(applied, run)
    assert changes(plan) == []
    assert "lost summer: the audio of sha256:" in notes(plan)[0]
    applied.catalog(CATALOG)
    plan = plan_in(applied, run)
    assert changes(plan) == ["create summer"]
    assert not [said for said in notes(plan) if said.startswith("catalogue")]
    back(applied, run)
    assert live(sandbox)["summer"][1:] == before[1:]
    assert changes(plan_in(applied, run)) == []


def test_a_replaced_file_keeps_its_new_audio_unless_the_old_is_at_hand(
    applied: Workplace, sandbox: Sandbox
) -> None:
    old = applied.folder / "audio/spring.wav"
    kept = old.read_bytes()
    before = live(sandbox)["spring"]
    applied.audio("audio/spring.wav", level=9)
    run = apply(applied, CHANGED)
    plan = plan_in(applied, run)
    assert changes(plan) == ["update spring"]
    assert any("lost spring: the audio of sha256:" in said for said in notes(plan))
    old.write_bytes(kept)
    assert changes(plan_in(applied, run)) == ["create spring", "delete spring"]
    back(applied, run)
    assert live(sandbox)["spring"][1:] == before[1:]
    assert changes(plan_in(applied, run)) == []


def test_the_catalogue_that_would_do_it_again_is_said(applied: Workplace) -> None:
    apply(applied, CHANGED)
    said = notes(plan_in(applied, "last"))
    assert "catalogue : it still says what the run did to spring, so that its next plan" in said[0]
    assert "`reconciler pull spring`" in said[0]
    applied.catalog(CATALOG)
    assert notes(plan_in(applied, "last")) == []


def test_it_is_applied_by_the_digest_that_was_reviewed(
    applied: Workplace, sandbox: Sandbox
) -> None:
    before = live(sandbox)
    apply(applied, CHANGED)
    assert applied.run("revert", "last", "--out", "back.json").code == 0
    digest = json.loads((applied.folder / "back.json").read_text())["digest"]
    wrong = applied.run("apply", "back.json", "--plan-digest", f"sha256:{'0' * 64}")
    assert wrong.code == 4
    assert applied.run("apply", "back.json", "--plan-digest", digest).code == 0
    assert live(sandbox) == before


def test_what_was_changed_after_the_review_is_stale(applied: Workplace, sandbox: Sandbox) -> None:
    apply(applied, CHANGED)
    assert applied.run("revert", "last", "--out", "back.json").code == 0
    file_id = live(sandbox)["spring"][0]
    sandbox.edit(file_id, title="By hand")
    ended = applied.run("apply", "back.json", "--yes")
    assert ended.code == 4
    assert live(sandbox)["spring"][2] == "By hand"


def test_it_is_shown_as_what_it_is(applied: Workplace) -> None:
    run = apply(applied, CHANGED)
    for form in ("text", "markdown", "html"):
        shown = applied.run("revert", run, "--key", "spring", "--format", form).out
        plain = re.sub(r"<.*?>|`", "", shown)
        assert f"Takes back run {run}, key spring" in plain, form


def test_it_takes_every_form_that_a_plan_does(applied: Workplace) -> None:
    apply(applied, CHANGED)
    for form in PLAN_FORMATS:
        ended = applied.run("revert", "last", "--format", form)
        assert ended.code == 0, ended.err
        assert ended.out, form
    assert applied.run("revert", "last", "--out", "back.json").code == 0
    assert "Takes back run" in applied.run("show", "back.json").out


def test_an_apply_says_its_run(spots: Workplace) -> None:
    ended = spots.run("apply", "--yes")
    assert f"run: {run_of(spots)}" in ended.out
    assert ended.out.splitlines()[-1].startswith("ledger: ")


def test_a_run_is_named_by_its_beginning(applied: Workplace) -> None:
    run = apply(applied, CHANGED)
    assert plan_in(applied, run[:6])["options"]["revert"] == {"run": run, "keys": []}


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("0123456789zz", "has no run 0123456789zz. `reconciler audit log` lists them"),
        ("{run}x", "(did you mean {run}?)"),
        ("{run:.5}", "has no run {run:.5}"),
    ],
)
def test_a_run_that_is_not_there_is_said(
    applied: Workplace, nothing_sent: NothingSent, named: str, said: str
) -> None:
    run = run_of(applied)
    ended = applied.run("revert", named.format(run=run))
    assert ended.code == 64
    assert said.format(run=run) in ended.err


def test_a_key_that_the_run_did_not_change_is_said(applied: Workplace) -> None:
    apply(applied, CHANGED)
    ended = applied.run("revert", "last", "--key", "sprint")
    assert ended.code == 64
    assert "did not change sprint (did you mean spring?)" in ended.err


def test_without_a_ledger_there_is_no_last_run(spots: Workplace) -> None:
    ended = spots.run("revert", "last")
    assert ended.code == 64
    assert "has no run of the catalogue radio-ads" in ended.err


def test_a_plan_is_applied_by_the_ledger_that_has_its_run(
    applied: Workplace, nothing_sent: NothingSent
) -> None:
    run = run_of(applied)
    assert applied.run("revert", run, "--out", "back.json", "--allow", "empty=2").code == 0
    ended = applied.run("apply", "back.json", "--yes", "--ledger", "other.jsonl")
    assert ended.code == 1
    assert f"reading the ledger other.jsonl: it has no run {run}" in ended.err
    nothing_sent()


def test_a_ledger_with_a_cut_tail_is_read_as_far_as_it_goes(
    applied: Workplace, sandbox: Sandbox
) -> None:
    before = live(sandbox)
    run = apply(applied, CHANGED)
    path = applied.folder / ".reconciler/ledger.jsonl"
    data = path.read_bytes()
    last = data.rstrip(b"\n").rfind(b"\n") + 1
    path.write_bytes(data[: last + 40])
    assert changes(plan_in(applied, run)) == ["update spring"]
    back(applied, run)
    assert live(sandbox) == before


def test_an_end_that_was_cut_off_is_judged_by_what_is_live(
    applied: Workplace, sandbox: Sandbox
) -> None:
    run = apply(applied, CHANGED)
    path = applied.folder / ".reconciler/ledger.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-2]))
    assert changes(plan_in(applied, run)) == ["update spring"]
    sandbox.edit(live(sandbox)["spring"][0], title="By hand")
    assert changes(plan_in(applied, run)) == []


@pytest.mark.parametrize("break_it", ["middle", "newer"])
def test_a_ledger_that_is_not_whole_is_refused(
    applied: Workplace, nothing_sent: NothingSent, break_it: str
) -> None:
    run = run_of(applied)
    path = applied.folder / ".reconciler/ledger.jsonl"
    data = path.read_bytes()
    was, now = {
        "middle": (b'"key":"spring"', b'"key":"sprung"'),
        "newer": (b"reconciler/ledger/1", b"reconciler/ledger/2"),
    }[break_it]
    path.write_bytes(data.replace(was, now, 1))
    ended = applied.run("revert", run)
    assert ended.code == 1
    assert "ledger.jsonl:" in ended.err
    nothing_sent()


def test_a_run_of_another_catalogue_is_refused(applied: Workplace) -> None:
    run = run_of(applied)
    applied.catalog(CATALOG.replace("radio-ads", "other-ads"))
    ended = applied.run("revert", run)
    assert ended.code == 64
    assert f"the run {run} was of another catalogue: radio-ads, and this is other-ads" in ended.err


def test_a_run_on_a_bucket_that_is_another_now_is_refused(
    applied: Workplace, sandbox: Sandbox
) -> None:
    run = run_of(applied)
    sandbox.add_bucket("new", id=8899)
    applied.catalog(CATALOG.replace("8891", "8899"))
    ended = applied.run("revert", run)
    assert ended.code == 64
    assert "the bucket spots was 8891 in the run" in ended.err
