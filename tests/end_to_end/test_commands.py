"""The commands, as processes, on a sandbox: what each does, and what it ends with."""

import json
import os
import stat
from pathlib import Path

import pytest

from reconciler.sandbox.console import Sandbox
from tests.end_to_end.conftest import CATALOG, Workplace


def titles(sandbox: Sandbox, bucket: int = 8891) -> list[str]:
    return sorted(file["title"] for file in sandbox.files(bucket))


class TestTheStraightLine:
    def test_validate_needs_no_token_and_no_network(self, spots: Workplace) -> None:
        ended = spots.run("validate", env={"ACRCLOUD_ACCESS_TOKEN": None})
        assert ended.code == 0
        assert "catalog.yaml is valid: 2 entries" in ended.out

    def test_plan_shows_and_writes_nothing(self, spots: Workplace, sandbox: Sandbox) -> None:
        ended = spots.run("plan")
        assert ended.code == 0
        assert "2 to create" in ended.out
        assert list(sandbox.mutations) == []
        assert {request.method for request in sandbox.requests} == {"GET"}

    def test_detailed_exitcode_is_2_with_changes_and_0_without(self, spots: Workplace) -> None:
        assert spots.run("plan", "--detailed-exitcode").code == 2
        assert spots.run("apply", "--yes").code == 0
        assert spots.run("plan", "--detailed-exitcode").code == 0

    def test_apply_does_what_the_plan_says_and_again_nothing(
        self, spots: Workplace, sandbox: Sandbox
    ) -> None:
        ended = spots.run("apply", "--yes")
        assert ended.code == 0, ended.err
        assert "converged" in ended.out
        assert titles(sandbox) == ["Spring ad", "Summer ad"]
        assert sandbox.files(8891)[0]["user_defined"]["catalog_key"].startswith("radio-ads/")
        sent = len(sandbox.mutations)
        again = spots.run("apply", "--yes")
        assert again.code == 0
        assert len(sandbox.mutations) == sent

    def test_the_service_has_the_bytes_of_the_source(
        self, applied: Workplace, sandbox: Sandbox
    ) -> None:
        import hashlib

        wanted = {
            hashlib.sha256(path.read_bytes()).hexdigest()
            for path in (applied.folder / "audio").iterdir()
        }
        assert {file["sha256"] for file in sandbox.files(8891)} == wanted

    def test_a_changed_title_a_move_and_a_removed_entry(
        self, applied: Workplace, sandbox: Sandbox
    ) -> None:
        text = CATALOG.replace("title: Spring ad", "title: Spring ad 30s\n        bucket: archive")
        applied.catalog(text[: text.index("      summer:")])
        plan = applied.run("plan", "--format", "json").json
        assert [change["action"] for change in plan["changes"]] == ["move", "update", "delete"]
        assert applied.run("apply", "--yes").code == 0
        assert titles(sandbox, 8891) == []
        assert titles(sandbox, 8892) == ["Spring ad 30s"]
        assert applied.run("plan", "--detailed-exitcode").code == 0

    def test_new_audio_is_uploaded_before_the_old_file_goes(
        self, applied: Workplace, sandbox: Sandbox
    ) -> None:
        old = next(file for file in sandbox.files(8891) if file["title"] == "Spring ad")
        applied.audio("audio/spring.wav", level=9)
        assert applied.run("apply", "--yes").code == 0
        new = next(file for file in sandbox.files(8891) if file["title"] == "Spring ad")
        assert new["id"] != old["id"]
        whats = [mutation.what for mutation in sandbox.mutations][-2:]
        assert whats[-1] == "delete"
        assert applied.run("plan", "--detailed-exitcode").code == 0


class TestPlanFiles:
    def test_a_plan_file_is_private_and_holds_no_token_and_no_path(self, spots: Workplace) -> None:
        spots.run("plan", "--out", "plan.json")
        path = spots.folder / "plan.json"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert str(spots.folder) not in path.read_text("utf-8")

    def test_json_is_the_plan_files_bytes(self, spots: Workplace) -> None:
        ended = spots.run("plan", "--out", "plan.json", "--format", "json")
        assert ended.out == (spots.folder / "plan.json").read_text("utf-8")

    def test_show_renders_a_saved_plan(self, spots: Workplace) -> None:
        planned = spots.run("plan", "--out", "plan.json")
        shown = spots.run("show", "plan.json", env={"ACRCLOUD_ACCESS_TOKEN": None})
        assert shown.code == 0
        assert shown.out == planned.out

    def test_a_plan_and_a_saved_one_make_the_same_comment(self, spots: Workplace) -> None:
        planned = spots.run("plan", "--out", "plan.json", "--format", "markdown")
        shown = spots.run("show", "plan.json", "--format", "markdown")
        assert shown.out == planned.out
        assert planned.out.startswith("**🟢 Low risk: 2 to create**\n\n")
        assert "| create | `spring` | `Spring ad` | audio, 1.6 kB |\n" in planned.out

    def test_a_plan_and_a_saved_one_make_the_same_report_and_picture(
        self, spots: Workplace
    ) -> None:
        for form, start in (("html", "<!doctype html>\n"), ("svg", "<svg ")):
            planned = spots.run("plan", "--out", "plan.json", "--format", form)
            shown = spots.run("show", "plan.json", "--format", form)
            assert shown.out == planned.out
            assert planned.out.startswith(start)
            assert "2 to create" in planned.out

    def test_apply_by_digest_goes_on_only_where_the_plan_is_the_reviewed_one(
        self, spots: Workplace, sandbox: Sandbox
    ) -> None:
        digest = spots.run("plan", "--format", "json", "--out", "plan.json").json["digest"]
        spots.catalog(CATALOG.replace("Summer ad", "Summer ad, late"))
        stale = spots.run("apply", "--plan-digest", digest, "--reviewed", "plan.json")
        assert stale.code == 4
        assert "planned otherwise than reviewed: create summer; reviewed was:\n" in stale.out
        told = stale.out.split("planned otherwise than reviewed: ")[1]
        assert '  + create  summer  "Summer ad"  no file carries its mark\n' in told
        assert "Have the plan above reviewed" in stale.err
        assert list(sandbox.mutations) == []
        spots.catalog(CATALOG)
        unread = spots.run("apply", "--plan-digest", digest, "--reviewed", "missing.json")
        assert unread.code == 1
        assert "reading the plan missing.json: there is no such file" in unread.err
        assert list(sandbox.mutations) == []
        assert spots.run("apply", "--plan-digest", digest).code == 0

    def test_what_to_do_about_another_plan_is_said(self, spots: Workplace) -> None:
        digest = f"sha256:{'0' * 64}"
        stale = spots.run("apply", "--plan-digest", digest)
        assert stale.code == 4
        assert "nothing was sent. Have the plan above reviewed, and apply it by its digest" in (
            stale.err
        )
        assert "--reviewed PLAN.json shows what is different" in stale.err

    @pytest.mark.parametrize("digest", ["", "abc", "0" * 64, f"sha256:{'0' * 63}", "$digest"])
    def test_what_is_no_digest_is_said_before_anything_is_asked(
        self, spots: Workplace, sandbox: Sandbox, digest: str
    ) -> None:
        asked = len(sandbox.requests)
        ended = spots.run("apply", "--plan-digest", digest)
        assert ended.code == 64
        assert "--plan-digest is `sha256:` and 64 hexadecimal digits" in ended.err
        assert len(sandbox.requests) == asked

    def test_a_plan_that_was_not_the_reviewed_one_is_said_before_anything_is_asked(
        self, spots: Workplace, sandbox: Sandbox
    ) -> None:
        digest = spots.run("plan", "--format", "json", "--out", "plan.json").json["digest"]
        asked = len(sandbox.requests)
        other = f"sha256:{'0' * 64}"
        ended = spots.run("apply", "--plan-digest", other, "--reviewed", "plan.json")
        assert ended.code == 64
        assert f"the digest of plan.json is {digest}, and --plan-digest is {other}" in ended.err
        ended = spots.run("apply", "--plan-digest", other, "--reviewed", "gone.json")
        assert ended.code == 1
        assert "reading the plan gone.json: there is no such file" in ended.err
        assert len(sandbox.requests) == asked

    def test_a_saved_plan_runs_what_still_holds(self, applied: Workplace, sandbox: Sandbox) -> None:
        applied.catalog(CATALOG.replace("Acme", "Acme Inc"))
        assert applied.run("plan", "--out", "plan.json").code == 0
        edited = next(file for file in sandbox.files(8891) if file["title"] == "Summer ad")
        sandbox.edit(edited["id"], title="Edited by hand")
        ended = applied.run("apply", "plan.json", "--yes")
        assert ended.code == 3
        assert "1 applied, 1 stale" in ended.out
        assert "Edited by hand" in ended.out
        assert titles(sandbox) == ["Edited by hand", "Spring ad"]

    def test_a_saved_plan_is_done_once(self, spots: Workplace, sandbox: Sandbox) -> None:
        spots.run("plan", "--out", "plan.json")
        assert spots.run("apply", "plan.json", "--yes").code == 0
        sent = len(sandbox.mutations)
        again = spots.run("apply", "plan.json", "--yes")
        assert again.code == 0
        assert "0 applied, 2 already done" in again.out
        assert len(sandbox.mutations) == sent


class TestAsking:
    def test_without_a_terminal_apply_wants_yes_or_a_digest(self, spots: Workplace) -> None:
        ended = spots.run("apply")
        assert ended.code == 64
        assert "--yes" in ended.err

    @pytest.mark.parametrize(("answer", "code", "files"), [("n\n", 1, 0), ("y\n", 0, 2)])
    def test_on_a_terminal_it_asks(
        self, spots: Workplace, sandbox: Sandbox, answer: str, code: int, files: int
    ) -> None:
        import pty
        import subprocess
        import sys

        leader, follower = pty.openpty()
        with subprocess.Popen(
            [sys.executable, "-m", "reconciler", "apply"],
            cwd=spots.folder,
            env=spots.env,
            stdin=follower,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as process:
            os.write(leader, answer.encode())
            process.communicate(timeout=60)
        os.close(leader)
        os.close(follower)
        assert process.returncode == code
        assert len(sandbox.files(8891)) == files


class TestDriftAndList:
    def test_in_sync_is_0(self, applied: Workplace) -> None:
        assert applied.run("drift").code == 0

    def test_an_edit_is_drift_and_the_ledger_says_on_which_side(
        self, applied: Workplace, sandbox: Sandbox
    ) -> None:
        sandbox.edit(sandbox.files(8891)[0]["id"], title="Edited by hand")
        ended = applied.run("drift", "--format", "json")
        assert ended.code == 2
        assert [item["direction"] for item in ended.json["items"]] == ["changed live"]
        text = applied.run("drift")
        assert "changed live" in text.out
        assert "Edited by hand" in text.out

    def test_a_catalogue_that_moved_on_is_not_yet_applied(self, applied: Workplace) -> None:
        applied.catalog(CATALOG.replace("title: Spring ad", "title: Another"))
        ended = applied.run("drift", "--format", "json")
        assert [item["direction"] for item in ended.json["items"]] == ["not yet applied"]

    def test_a_file_that_somebody_deleted_is_missing_live(
        self, applied: Workplace, sandbox: Sandbox
    ) -> None:
        sandbox.delete(sandbox.files(8891)[0]["id"])
        ended = applied.run("drift", "--format", "json")
        assert [item["direction"] for item in ended.json["items"]] == ["missing live"]

    def test_unmanaged_files_count_only_when_asked(
        self, applied: Workplace, sandbox: Sandbox
    ) -> None:
        sandbox.add_file(8891, title="somebody's", state=1)
        assert applied.run("drift").code == 0
        assert applied.run("drift", "--unmanaged").code == 2

    def test_only_looks_at_keys_that_match(self, applied: Workplace, sandbox: Sandbox) -> None:
        for file in sandbox.files(8891):
            sandbox.edit(file["id"], title="Edited by hand")
        ended = applied.run("drift", "--only", "spr*", "--format", "json")
        assert [item["key"] for item in ended.json["items"]] == ["spring"]

    @pytest.mark.parametrize("form", ["text", "json", "csv"])
    def test_list_shows_every_entry_and_its_file(self, applied: Workplace, form: str) -> None:
        ended = applied.run("list", "--format", form)
        assert ended.code == 0
        assert "spring" in ended.out
        assert "summer" in ended.out


class TestExport:
    @pytest.mark.parametrize("name", ["catalog.yaml", "files.csv", "files.jsonl"])
    def test_an_export_planned_changes_nothing_but_marks(
        self, work: Workplace, sandbox: Sandbox, name: str
    ) -> None:
        sandbox.add_file(8891, title="One", user_defined={"artist": "A", "from": "ucf"}, state=1)
        sandbox.add_file(8891, title="1979", user_defined={"n": 8, "t": "=x"}, state=1)
        sandbox.add_file(8891, title="theirs", user_defined={"catalog_key": "x/y"}, state=1)
        ended = work.run("export", "--bucket", "8891", "--out", name)
        assert ended.code == 0, ended.err
        assert "2 files exported, 1 left out" in ended.err
        if name != "catalog.yaml":
            work.catalog(
                "{version: 1, catalog: y, buckets: {spots: {id: 8891}}, include: [NAME]}".replace(
                    "NAME", name
                )
            )
        plan = work.run("plan", "--format", "json").json
        assert plan["violations"] == []
        assert [change["action"] for change in plan["changes"]] == ["update", "update"]
        fields = {field for change in plan["changes"] for field in change["fields"]}
        assert fields == {"user_defined.catalog_key"}
        assert work.run("apply", "--yes").code == 0
        assert work.run("plan", "--detailed-exitcode").code == 0

    def test_a_catalogue_that_is_there_is_not_overwritten(self, spots: Workplace) -> None:
        ended = spots.run("export", "--bucket", "8891", "--out", "catalog.yaml")
        assert ended.code == 64
        assert "not overwritten" in ended.err


class TestPin:
    def test_pins_stand_for_audio_that_is_not_there(
        self, spots: Workplace, sandbox: Sandbox
    ) -> None:
        digest = spots.run("plan", "--format", "json").json["digest"]
        assert spots.run("pin").code == 0
        (spots.folder / "audio").rename(spots.folder / "elsewhere")
        assert spots.run("validate").code == 0
        assert spots.run("plan", "--format", "json").json["digest"] == digest
        (spots.folder / "elsewhere").rename(spots.folder / "audio")
        assert spots.run("apply", "--plan-digest", digest).code == 0


class TestOnly:
    def test_apply_of_some_keys_says_for_which_it_converged(
        self, spots: Workplace, sandbox: Sandbox
    ) -> None:
        ended = spots.run("apply", "--yes", "--only", "spr*")
        assert ended.code == 0
        assert "for --only spr*" in ended.out
        assert titles(sandbox) == ["Spring ad"]

    @pytest.mark.parametrize("command", [("plan",), ("drift",), ("apply", "--yes")])
    def test_a_glob_that_matches_nothing_is_a_usage_error(
        self, applied: Workplace, command: tuple[str, ...]
    ) -> None:
        ended = applied.run(*command, "--only", "sprung")
        assert ended.code == 64
        assert "--only sprung matches no key" in ended.err
        assert "did you mean spring?" in ended.err


class TestVerbose:
    @pytest.mark.parametrize("command", [("plan",), ("apply", "--yes"), ("drift",)])
    def test_shows_where_the_catalogue_says_it(
        self, spots: Workplace, command: tuple[str, ...]
    ) -> None:
        assert "catalog.yaml:9:3" in spots.run(*command, "-v").out

    def test_shows_every_change_of_a_long_plan(self, work: Workplace) -> None:
        entries = "\n".join(
            f"  ad-{number:03}: {{title: Ad {number}, source: {{acrid: {number:032x}}}}}"
            for number in range(130)
        )
        (work.folder / "catalog.yaml").write_text(
            "version: 1\ncatalog: ads\nbuckets: {spots: {id: 8891}}\n"
            f"defaults: {{bucket: spots}}\nfiles:\n{entries}\n"
        )
        short, whole = work.run("plan"), work.run("plan", "-v")
        assert "ad-129" not in short.out
        assert "30 more" in short.out
        assert "ad-129" in whole.out


class TestStopping:
    def test_stop_after_says_that_it_stopped(self, spots: Workplace, sandbox: Sandbox) -> None:
        ended = spots.run("apply", "--yes", "--stop-after", "0s")
        assert ended.code == 3
        assert "--stop-after" in ended.out
        assert "2 left" in ended.out
        assert list(sandbox.mutations) == []
        assert spots.run("apply", "--yes").code == 0

    def test_sigterm_ends_cleanly_with_143_and_the_next_run_goes_on(self, tmp_path: Path) -> None:
        import signal
        import subprocess
        import sys
        import time

        from reconciler.sandbox.server import running

        with running(latency_ms=150) as slow:
            slow.add_bucket("spots", id=8891)
            slow.add_bucket("archive", id=8892)
            work = Workplace(tmp_path, slow.url)
            entries = "\n".join(
                f"  ad-{number}: {{title: Ad {number}, source: {{audio: audio/{number}.wav}}}}"
                for number in range(12)
            )
            (work.folder / "catalog.yaml").write_text(
                "version: 1\ncatalog: ads\nbuckets: {spots: {id: 8891}}\n"
                f"defaults: {{bucket: spots}}\nfiles:\n{entries}\n"
            )
            for number in range(12):
                work.audio(f"audio/{number}.wav", level=number)
            with subprocess.Popen(
                [sys.executable, "-m", "reconciler", "apply", "--yes", "--concurrency", "1"],
                cwd=work.folder,
                env=work.env,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            ) as process:
                while not slow.mutations:
                    time.sleep(0.02)
                process.send_signal(signal.SIGTERM)
                process.communicate(timeout=60)
            assert process.returncode == 143
            assert 0 < len(slow.files(8891)) < 12
            assert work.run("apply", "--yes").code == 0
            assert len(slow.files(8891)) == 12


class TestTheLedger:
    def test_every_change_began_before_it_ended_and_the_run_says_why(
        self, applied: Workplace
    ) -> None:
        records = applied.ledger()
        kinds = [record["kind"] for record in records]
        assert kinds[0] == "run.began"
        assert kinds[-1] == "run.ended"
        assert records[0]["catalog"]["name"] == "radio-ads"
        assert records[-1]["converged"] is True
        for key in ("spring", "summer"):
            of_key = [record["kind"] for record in records if record.get("key") == key]
            assert of_key == ["change.began", "change.ended"]

    def test_it_is_private(self, applied: Workplace) -> None:
        path = applied.folder / ".reconciler" / "ledger.jsonl"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700

    def test_it_can_lie_elsewhere(self, spots: Workplace, tmp_path: Path) -> None:
        ledger = tmp_path / "elsewhere" / "ledger.jsonl"
        assert spots.run("apply", "--yes", "--ledger", str(ledger)).code == 0
        assert json.loads(ledger.read_text("utf-8").splitlines()[0])["kind"] == "run.began"
        assert not (spots.folder / ".reconciler").exists()


class TestWaiting:
    def test_no_wait_ends_with_0_once_all_is_sent(self, tmp_path: Path) -> None:
        from reconciler.sandbox.server import running

        with running(ready_after=3600) as slow:
            slow.add_bucket("spots", id=8891)
            slow.add_bucket("archive", id=8892)
            work = Workplace(tmp_path, slow.url)
            work.catalog(CATALOG)
            work.audio("audio/spring.wav", level=1)
            work.audio("audio/summer.wav", level=2)
            assert work.run("apply", "--yes", "--no-wait").code == 0
            waited = work.run("apply", "--yes", "--wait-timeout", "0s")
            assert waited.code == 3
            assert "pending" in waited.out
