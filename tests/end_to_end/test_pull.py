"""What was edited live comes into the catalogue, and nothing else changes there."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.app import (
    Asked,
    Connection,
    Kind,
    connected,
    edition,
    load,
    read_live,
    what_to_pull,
    write_edition,
)

if TYPE_CHECKING:
    from reconciler.sandbox.console import Sandbox
    from tests.end_to_end.conftest import NothingSent, Workplace

CATALOG = """\
# What runs on air. Ask Ada before you change it.
version: 1
catalog: radio-ads
buckets:
  spots: {id: 8891}
  archive: {id: 8892, prune: none}
defaults:
  bucket: spots
  user_defined: {label: Acme Media}
include: [more.csv, more.jsonl]
files:
  # The first of the season.
  spring:
    title: 'Spring ad'   # as on the invoice
    source: {audio: audio/spring.wav}
    user_defined: {artist: Acme, year: 1979, isrc: 00123}

  # Runs until August.
  summer:
    title: Summer ad
    source: {audio: audio/summer.wav}
"""
CSV = "key,title,source.audio,user_defined.artist\r\nautumn,Autumn ad,audio/autumn.wav,Acme\r\n"
JSONL = '{"key":"winter","title":"Winter ad","source":{"audio":"audio/winter.wav"}}\n'


@pytest.fixture
def applied(work: Workplace) -> Workplace:
    """Four spots in three files, applied."""
    for level, name in enumerate(("spring", "summer", "autumn", "winter")):
        work.audio(f"audio/{name}.wav", level=level)
    (work.folder / "catalog.yaml").write_text(CATALOG, "utf-8")
    (work.folder / "more.csv").write_bytes(CSV.encode())
    (work.folder / "more.jsonl").write_text(JSONL, "utf-8")
    assert work.run("apply", "--yes").code == 0
    return work


def live(sandbox: Sandbox, key: str) -> dict[str, Any]:
    return next(
        file
        for file in sandbox.files()
        if file["user_defined"]["catalog_key"] == f"radio-ads/{key}"
    )


def edit(sandbox: Sandbox, key: str, title: str | None = None, **metadata: Any) -> None:
    """As somebody does by hand; None takes a field away."""
    file = live(sandbox, key)
    held = {**file["user_defined"], **metadata}
    kept = {name: value for name, value in held.items() if value is not None}
    sandbox.edit(file["id"], title=title or file["title"], user_defined=kept)


def text(work: Workplace, name: str = "catalog.yaml") -> str:
    return (work.folder / name).read_bytes().decode()


def test_an_edit_is_taken_and_all_else_stays(
    applied: Workplace, sandbox: Sandbox, nothing_sent: NothingSent
) -> None:
    edit(sandbox, "spring", "Spring: 12:30", artist="NO", year="1979s", isrc=None, mood=["a", 1])
    assert applied.run("drift").code == 2
    shown = applied.run("pull", "spring", "--dry-run")
    assert shown.code == 0
    assert text(applied) == CATALOG
    ended = applied.run("pull", "--kind", "changed-live")
    assert ended.code == 0, ended
    nothing_sent()
    after = CATALOG.replace("'Spring ad'", "'Spring: 12:30'").replace(
        "{artist: Acme, year: 1979, isrc: 00123}", '{artist: "NO", year: 1979s, mood: [a, 1]}'
    )
    assert text(applied) == after
    assert ended.out == (
        "spring: title, user_defined.artist, user_defined.isrc (removed), user_defined.mood, "
        "user_defined.year\n"
    )
    assert (
        "catalog.yaml: written\n1 entry changed, 0 taken out, 0 left; 1 file written" in ended.err
    )
    removed = "-    title: 'Spring ad'   # as on the invoice\n"
    assert removed in shown.out
    assert applied.run("drift").code == 0
    assert applied.run("plan", "--detailed-exitcode").code == 0


def test_a_dry_run_shows_the_diff_of_the_files(applied: Workplace, sandbox: Sandbox) -> None:
    edit(sandbox, "spring", "Spring ad 30s")
    edit(sandbox, "autumn", "Autumn, at last")
    edit(sandbox, "winter", "Winter \u202ead", mood="cold")
    shown = applied.run("pull", "--kind", "all", "--dry-run")
    assert shown.code == 0
    lines = shown.out.splitlines()
    assert lines[:2] == ["--- a/catalog.yaml", "+++ b/catalog.yaml"]
    assert "-    title: 'Spring ad'   # as on the invoice" in lines
    assert "+    title: 'Spring ad 30s'   # as on the invoice" in lines
    assert '+autumn,"Autumn, at last",audio/autumn.wav,Acme\\r' in lines
    assert "\u202e" not in shown.out
    assert "3 entries changed, 0 taken out, 0 left; 3 files would be written" in shown.err
    names = ("catalog.yaml", "more.csv", "more.jsonl")
    assert [text(applied, name) for name in names] == [CATALOG, CSV, JSONL]


def test_every_format_is_written_and_keeps_its_mode(applied: Workplace, sandbox: Sandbox) -> None:
    edit(sandbox, "summer", mood="warm", label=None)
    edit(sandbox, "autumn", "=Autumn", year=1979)
    edit(sandbox, "winter", 'Winter "ad"', mood=["cold"])
    (applied.folder / "more.csv").chmod(0o640)
    assert applied.run("pull", "--only", "*").code == 0
    summer = "    source: {audio: audio/summer.wav}\n"
    assert text(applied) == CATALOG.replace(
        summer, summer + "    user_defined: {label: null, mood: warm}\n"
    )
    assert text(applied, "more.csv") == (
        "key,title,source.audio,user_defined.artist,user_defined.year:number\r\n"
        "autumn,'=Autumn,audio/autumn.wav,Acme,1979\r\n"
    )
    assert stat.S_IMODE((applied.folder / "more.csv").stat().st_mode) == 0o640
    assert text(applied, "more.jsonl") == JSONL.replace(
        '"title":"Winter ad"', '"title":"Winter \\"ad\\""'
    ).replace("}}", '},"user_defined":{"mood":["cold"]}}')
    assert applied.run("drift").code == 0
    again = applied.run("pull", "--only", "*")
    assert again.code == 0
    assert "0 entries changed, 0 taken out, 0 left; 0 files written" in again.err


def test_a_file_that_was_moved_by_hand(applied: Workplace, sandbox: Sandbox) -> None:
    sandbox.edit(live(sandbox, "spring")["id"], bucket_id=8892)
    assert applied.run("pull", "spring").code == 0
    after = text(applied)
    assert "00123}\n    bucket: archive\n" in after
    assert after.replace("    bucket: archive\n", "") == CATALOG
    assert applied.run("drift").code == 0


def test_a_file_that_is_gone(applied: Workplace, sandbox: Sandbox) -> None:
    sandbox.delete(live(sandbox, "spring")["id"])
    named = applied.run("pull", "spring")
    assert named.code == 1
    assert "spring: its file is gone (name --kind missing-live to take its entry out" in named.err
    assert text(applied) == CATALOG
    assert applied.run("pull", "--kind", "changed-live").code == 0
    assert text(applied) == CATALOG
    taken = applied.run("pull", "--kind", "missing-live")
    assert taken.code == 0
    assert taken.out == "spring: taken out, since its file is gone\n"
    start, end = CATALOG.index("  # The first"), CATALOG.index("\n  # Runs until")
    assert text(applied) == CATALOG[:start] + CATALOG[end:]
    assert applied.run("drift").code == 0


def test_kinds_tell_one_drift_from_another(applied: Workplace, sandbox: Sandbox) -> None:
    edit(sandbox, "spring", "Edited")
    edit(sandbox, "summer", "Edited, too")
    moved_on = CATALOG.replace("title: Summer ad", "title: Midsummer ad")
    (applied.folder / "catalog.yaml").write_text(moved_on, "utf-8")
    (applied.folder / "more.jsonl").write_text(JSONL.replace("Winter ad", "Deep winter"), "utf-8")
    assert applied.run("pull", "--kind", "changed-live").out == "spring: title\n"
    assert applied.run("pull", "--kind", "both-changed").out == "summer: title\n"
    assert applied.run("pull", "--kind", "not-yet-applied").out == "winter: title\n"
    assert text(applied, "more.jsonl") == JSONL
    assert applied.run("drift").code == 0


def test_what_is_accepted_for_now_is_left_unless_it_is_named(
    applied: Workplace, sandbox: Sandbox
) -> None:
    edit(sandbox, "spring", title="By hand")
    said = ("--write-baseline", "--reason", "so it is", "--until", "2999-12-31")
    assert applied.run("drift", *said).code == 0
    before = text(applied)
    left = applied.run("pull", "--kind", "changed-live")
    assert (left.code, text(applied)) == (0, before)
    assert "spring: accepted for now by the baseline, and left" in left.err
    assert applied.run("pull", "--kind", "changed-live", "--baseline", "none.yaml").code == 1
    assert applied.run("pull", "spring").code == 0
    assert "By hand" in text(applied)


def test_without_a_ledger_which_side_changed_is_not_known(
    applied: Workplace, sandbox: Sandbox
) -> None:
    edit(sandbox, "spring", "Edited")
    (applied.folder / ".reconciler" / "ledger.jsonl").unlink()
    assert applied.run("pull", "--kind", "changed-live").out == ""
    assert applied.run("pull", "--kind", "unknown").out == "spring: title\n"


def test_what_cannot_be_taken_is_said_with_what_to_do(applied: Workplace, sandbox: Sandbox) -> None:
    """And the rest is taken."""
    edit(sandbox, "spring", "Edited")
    edit(sandbox, "autumn", mood=["a", "b"])
    edit(sandbox, "winter", catalog_source="sha256:" + "0" * 16)
    sandbox.edit(live(sandbox, "summer")["id"], user_defined="no object")
    ended = applied.run("pull", "--kind", "all")
    assert ended.code == 1
    assert ended.out == "spring: title\n"
    assert "autumn: a table holds no lists and no objects (write it by hand)" in ended.err
    assert "winter: its audio is made from another source than the entry's" in ended.err
    assert "summer: no file has its mark, and its own may be one that lost it" in ended.err
    assert text(applied, "more.csv") == CSV


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "pull writes into the catalogue only what is named: keys, --only GLOB, or --kind"),
        (("sprung",), "sprung is no key of the catalogue or of its files (did you mean spring?)"),
        (("spr*",), "'spr*' is no key; --only takes globs of keys"),
        (("--only", "x*"), "--only x* matches no key"),
        (("--kind", "edited"), "'edited' is not one of 'changed-live'"),
    ],
)
def test_usage(applied: Workplace, arguments: tuple[str, ...], said: str) -> None:
    ended = applied.run("pull", *arguments)
    assert ended.code == 64
    assert said in ended.err
    assert text(applied) == CATALOG


def test_what_a_reviewer_could_not_see_is_escaped(applied: Workplace, sandbox: Sandbox) -> None:
    """A live value is a stranger's: it may hold what hides, or what a CI runner obeys."""
    edit(sandbox, "spring", "a\u202eb ##[error]c", artist="::set-output name=x::y")
    assert applied.run("pull", "spring").code == 0
    assert 'title: "a\\u202Eb ##\\u005Berror]c"' in text(applied)
    assert applied.run("drift").code == 0


def test_two_differences_of_one_file_are_taken_together(
    applied: Workplace, sandbox: Sandbox
) -> None:
    edit(sandbox, "summer", "Edited")
    sandbox.edit(live(sandbox, "summer")["id"], bucket_id=8892)
    ended = applied.run("pull", "summer")
    assert (ended.code, ended.out) == (0, "summer: bucket, title\n")
    assert applied.run("plan", "--detailed-exitcode").code == 0


def test_a_program_pulls_as_the_command_does(applied: Workplace, sandbox: Sandbox) -> None:
    edit(sandbox, "spring", "Edited")
    path = applied.folder / "catalog.yaml"
    desired = load(path, environment_base_url=sandbox.url).desired
    with connected(desired.base_url, desired.buckets, Connection(token="any")) as service:
        live = read_live(service)
    ledger = applied.folder / ".reconciler" / "ledger.jsonl"
    pull = what_to_pull(desired, live, ledger=ledger, asked=Asked(kinds=frozenset([Kind.ALL])))
    made = edition(path, desired, pull, environment_base_url=sandbox.url)
    assert [one.file for one in made.files] == ["catalog.yaml"]
    assert text(applied) == CATALOG
    write_edition(made)
    assert text(applied) == CATALOG.replace("'Spring ad'", "'Edited'")
