"""Soft deletes, from the catalogue to the service and back: what is thrown away keeps its id."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.sandbox.quirks import Quirks
from reconciler.sandbox.server import running
from tests.end_to_end.conftest import NothingSent, Workplace

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.sandbox.console import Sandbox

BIN = 8893
HEAD = """
    version: 1
    catalog: radio-ads
    buckets:
      spots: {id: 8891, trash: bin}
      archive: {id: 8892, trash: bin}
      bin: {id: 8893}
    limits: {max_delete_percent: null}
    defaults: {bucket: spots}
    files:
"""
SPRING = """
      spring:
        title: Spring ad
        source: {audio: audio/spring.wav}
        user_defined: {artist: Acme}
"""
SUMMER = """
      summer:
        title: Summer ad
        source: {audio: audio/summer.wav}
"""
WINTER = SPRING.replace("spring:", "winter:").replace("Spring ad", "Winter ad")


@pytest.fixture
def kept(work: Workplace, sandbox: Sandbox) -> Workplace:
    """Two spots, applied, whose bucket has a trash."""
    sandbox.add_bucket("bin", id=BIN)
    work.catalog(HEAD + SPRING + SUMMER)
    work.audio("audio/spring.wav", level=1)
    work.audio("audio/summer.wav", level=2)
    apply(work)
    return work


def apply(work: Workplace, *arguments: str) -> str:
    """What it said; and that one more would do nothing."""
    ended = work.run("apply", "--yes", *arguments)
    assert ended.code == 0, ended.out + ended.err
    again = work.run("plan", "--detailed-exitcode")
    assert again.code == 0, again.out
    return ended.out


def where(sandbox: Sandbox) -> dict[int, int]:
    """The bucket of each file."""
    return {file["id"]: file["bucket_id"] for file in sandbox.files()}


def file_of(sandbox: Sandbox, title: str, bucket: int = 8891) -> int:
    """The id of the file with this title there."""
    [found] = [f for f in sandbox.files() if (f["title"], f["bucket_id"]) == (title, bucket)]
    return int(found["id"])


def purge(work: Workplace, *arguments: str) -> str:
    """Purge all that is due; what the plan said."""
    planned = work.run("purge", *arguments, "--out", "purge.json")
    assert planned.code == 0, planned.out + planned.err
    ended = work.run("apply", "purge.json", "--yes")
    assert ended.code == 0, ended.out + ended.err
    return planned.out


def test_what_is_thrown_away_comes_back_with_its_id(kept: Workplace, sandbox: Sandbox) -> None:
    spring, summer = file_of(sandbox, "Spring ad"), file_of(sandbox, "Summer ad")
    kept.catalog(HEAD + SUMMER)
    said = apply(kept)
    assert "no entry has its key: to the trash" in said
    assert where(sandbox) == {spring: BIN, summer: 8891}
    kept.catalog(HEAD + SPRING + SUMMER)
    planned = kept.run("plan", "--format", "json").json
    assert [change["id"] for change in planned["changes"]] == [f"move:{spring}"]
    apply(kept)
    assert where(sandbox) == {spring: 8891, summer: 8891}
    assert "create" not in [mutation.what for mutation in sandbox.mutations][2:]


def test_absent_is_satisfied_by_the_trash(kept: Workplace, sandbox: Sandbox) -> None:
    spring = file_of(sandbox, "Spring ad")
    kept.catalog(HEAD + "\n      spring: {absent: true}\n" + SUMMER)
    assert "its entry says absent: to the trash" in apply(kept)
    assert where(sandbox)[spring] == BIN


def test_replaced_audio_is_kept_and_comes_back(kept: Workplace, sandbox: Sandbox) -> None:
    first = file_of(sandbox, "Spring ad")
    kept.audio("audio/spring.wav", level=3)
    apply(kept)
    second = file_of(sandbox, "Spring ad")
    assert where(sandbox)[first] == BIN
    kept.audio("audio/spring.wav", level=1)
    planned = kept.run("plan", "--format", "json").json
    back, away = planned["changes"]
    assert (back["id"], back["bucket"]) == (f"move:{first}", "spots")
    assert (away["id"], away["bucket"], away["trash"]) == (f"move:{second}", "bin", True)
    assert (away["keeps"], away["keeps_bucket_id"]) == (first, 8891)
    apply(kept)
    places = where(sandbox)
    assert (places[first], places[second]) == (8891, BIN)


def test_a_renamed_entry_without_was_finds_its_file_in_the_trash(
    kept: Workplace, sandbox: Sandbox
) -> None:
    spring = file_of(sandbox, "Spring ad")
    kept.catalog(HEAD + SUMMER)
    apply(kept)
    kept.catalog(HEAD + SUMMER + WINTER)
    apply(kept)
    assert file_of(sandbox, "Winter ad") == spring


def test_a_purge_deletes_for_good_what_is_there_for_long_enough(
    kept: Workplace, sandbox: Sandbox
) -> None:
    spring, summer = file_of(sandbox, "Spring ad"), file_of(sandbox, "Summer ad")
    kept.catalog(HEAD + SUMMER)
    apply(kept)
    young = kept.run("purge", "--older-than", "30d", "--detailed-exitcode")
    assert young.code == 0
    assert "1 file(s) stay in it: thrown away later than that" in young.out
    assert kept.run("purge", "--older-than", "0s", "--detailed-exitcode").code == 2
    said = purge(kept, "--older-than", "0s")
    assert "it lies in the trash, and is purged" in said
    assert "purge, in the trash before" in said
    assert where(sandbox) == {summer: 8891}
    assert spring not in where(sandbox)
    assert kept.run("drift").code == 0
    assert kept.run("audit", "verify").code == 0


def test_a_purge_of_some_keys(kept: Workplace, sandbox: Sandbox) -> None:
    summer = file_of(sandbox, "Summer ad")
    kept.catalog(HEAD + WINTER)
    kept.audio("audio/spring.wav", level=5)
    apply(kept)
    assert sorted(where(sandbox).values()) == [8891, BIN, BIN]
    purge(kept, "--older-than", "0s", "--only", "spring")
    assert where(sandbox)[summer] == BIN
    assert sorted(where(sandbox).values()) == [8891, BIN]


def test_what_the_ledger_does_not_know_stays_unless_asked_for(
    kept: Workplace, sandbox: Sandbox
) -> None:
    spring = file_of(sandbox, "Spring ad")
    kept.catalog(HEAD + SUMMER)
    sandbox.edit(spring, bucket_id=BIN)
    sandbox.add_file(BIN, title="Somebody's")
    said = purge(kept, "--older-than", "0s")
    assert "2 file(s) stay in it: the ledger does not say since when" in said
    assert "--include-unknown" in said
    purge(kept, "--older-than", "0s", "--include-unknown")
    assert spring not in where(sandbox)
    assert BIN in where(sandbox).values(), "what carries no mark is nobody's to purge"


def test_what_an_entry_needs_again_or_somebody_took_out_is_stale(
    kept: Workplace, sandbox: Sandbox
) -> None:
    spring, summer = file_of(sandbox, "Spring ad"), file_of(sandbox, "Summer ad")
    kept.catalog(HEAD + WINTER)
    kept.audio("audio/spring.wav", level=5)
    apply(kept)
    assert kept.run("purge", "--older-than", "0s", "--out", "purge.json").code == 0
    sandbox.edit(summer, bucket_id=8892)
    kept.audio("audio/spring.wav", level=1)
    kept.catalog(HEAD + SPRING + WINTER)
    ended = kept.run("apply", "purge.json", "--yes")
    assert ended.code == 4, ended.out + ended.err
    assert {spring, summer} <= where(sandbox).keys()


def test_a_protected_file_is_purged_only_by_leave(kept: Workplace, sandbox: Sandbox) -> None:
    kept.catalog(HEAD + SPRING + "        protect: true\n" + SUMMER)
    apply(kept)
    kept.audio("audio/spring.wav", level=3)
    apply(kept)
    refused = kept.run("purge", "--older-than", "0s")
    assert refused.code == 6
    assert "protected" in refused.out
    purge(kept, "--older-than", "0s", "--allow", "protected=1")
    assert BIN not in where(sandbox).values()


def test_a_purge_counts_as_deletes_do(kept: Workplace, sandbox: Sandbox) -> None:
    kept.catalog(HEAD.replace("{max_delete_percent: null}", "{max_deletes: 0}") + SUMMER)
    allowed = kept.run("apply", "--yes", "--allow", "delete=1")
    assert allowed.code == 0, allowed.out
    refused = kept.run("purge", "--older-than", "0s")
    assert refused.code == 6
    assert "--allow delete=1 allows it" in refused.out


def test_a_soft_delete_counts_as_the_delete_that_it_stands_for(kept: Workplace) -> None:
    kept.catalog(HEAD.replace("{max_delete_percent: null}", "{max_deletes: 0}") + SUMMER)
    refused = kept.run("plan")
    assert refused.code == 6
    assert "1 deletes, and max_deletes is 0" in refused.out
    assert "to the trash" in refused.out


def test_there_must_be_a_trash_to_purge(spots: Workplace) -> None:
    ended = spots.run("purge", "--older-than", "30d")
    assert ended.code == 64
    assert "no bucket of catalog.yaml names a trash" in ended.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Missing option '--older-than'"),
        (("--older-than", "soon"), "'soon' is no duration"),
        (("--older-than", "999999999d"), "--older-than goes back further than there are dates"),
        (("--older-than", "1d", "--only", "sprig"), "--only sprig matches no key"),
    ],
)
def test_what_makes_no_sense_is_refused(
    kept: Workplace, arguments: tuple[str, ...], said: str
) -> None:
    ended = kept.run("purge", *arguments)
    assert ended.code == 64
    assert said in ended.err


def test_a_trash_in_another_region_is_unresolved_and_nothing_is_deleted(
    spots: Workplace, sandbox: Sandbox, nothing_sent: NothingSent
) -> None:
    sandbox.add_bucket("far", id=BIN, region="us-west-2")
    sandbox.add_file(8891, title="Old", user_defined={"catalog_key": "radio-ads/old"}, state=1)
    spots.catalog(HEAD.rstrip() + " {}")
    ended = spots.run("plan")
    assert ended.code == 6
    assert "it would go to the trash bin, which is in another region than spots" in ended.out
    assert spots.run("apply", "--yes", "--allow", "unresolved=9", "--allow", "empty=9").code == 0
    nothing_sent()


def test_what_lies_in_a_trash_is_none_of_the_files_that_coverage_is_of(
    kept: Workplace, sandbox: Sandbox
) -> None:
    sandbox.add_file(BIN, title="somebody's", state=1)
    kept.catalog(HEAD + SPRING)
    apply(kept)
    assert "coverage 100.0 %: 1 of 1 file owned" in kept.run("drift").out


def test_drift_sees_what_somebody_threw_away_and_not_what_lies_there(
    kept: Workplace, sandbox: Sandbox
) -> None:
    spring, summer = file_of(sandbox, "Spring ad"), file_of(sandbox, "Summer ad")
    sandbox.edit(summer, bucket_id=BIN)
    ended = kept.run("drift", "--format", "json")
    assert ended.code == 2
    [item] = ended.json["items"]
    assert (item["key"], item["direction"]) == ("summer", "missing live")
    apply(kept)
    assert where(sandbox) == {spring: 8891, summer: 8891}
    kept.catalog(HEAD + SUMMER)
    apply(kept)
    assert kept.run("drift", "--unmanaged").code == 0
    kept.catalog(HEAD + SPRING + SUMMER)
    [item] = kept.run("drift", "--format", "json").json["items"]
    assert (item["key"], item["direction"]) == ("spring", "not yet applied")


def test_where_a_moved_file_gets_another_id_it_is_known_by_that(tmp_path: Path) -> None:
    with running(quirks=Quirks.parse(["move_ids=new"])) as sandbox:
        for name, number in (("spots", 8891), ("archive", 8892), ("bin", BIN)):
            sandbox.add_bucket(name, id=number)
        work = Workplace(tmp_path, sandbox.url)
        work.audio("audio/spring.wav", level=1)
        work.audio("audio/summer.wav", level=2)
        for files in (SPRING + SUMMER, SUMMER, SPRING + SUMMER, SUMMER):
            work.catalog(HEAD + files)
            apply(work)
        assert sorted(where(sandbox).values()) == [8891, BIN]
        purge(work, "--older-than", "0s")
        assert list(where(sandbox).values()) == [8891]
