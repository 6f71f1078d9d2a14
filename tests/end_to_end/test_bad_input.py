"""What users and services get wrong: the message, the exit code, and that nothing was sent."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from reconciler.sandbox.console import Sandbox
from reconciler.sandbox.server import running
from tests.end_to_end.conftest import CATALOG, NothingSent, Workplace

# Where a service does not answer, a command asks again for some seconds: two of them show it.
PATIENT = [("plan",), ("apply", "--yes")]
READERS = [
    *(("plan",), ("drift",), ("list",), ("pull", "--kind", "all")),
    *(("apply", "--yes"), ("export", "--bucket", "8891")),
]


class TestTheToken:
    @pytest.mark.parametrize("command", READERS)
    def test_a_missing_token_is_7(self, spots: Workplace, command: tuple[str, ...]) -> None:
        ended = spots.run(*command, env={"ACRCLOUD_ACCESS_TOKEN": None})
        assert ended.code == 7
        assert "there is no token: set ACRCLOUD_ACCESS_TOKEN" in ended.err

    @pytest.mark.parametrize("command", READERS)
    def test_a_refused_token_is_7(self, spots: Workplace, command: tuple[str, ...]) -> None:
        with running(token="another") as strict:
            strict.add_bucket("spots", id=8891)
            ended = spots.run(*command, env={"RECONCILER_BASE_URL": strict.url})
            assert ended.code == 7
            assert "401" in ended.err
            assert list(strict.mutations) == []

    def test_a_token_file_that_others_can_read_is_refused(self, spots: Workplace) -> None:
        path = spots.folder / "token"
        path.write_text("secret\n")
        path.chmod(0o644)
        ended = spots.run("plan", "--token-file", "token")
        assert ended.code == 7
        assert "chmod 600" in ended.err

    def test_a_token_comes_from_a_file_or_standard_input(self, spots: Workplace) -> None:
        path = spots.folder / "token"
        path.write_text("secret\n")
        path.chmod(0o600)
        without = {"ACRCLOUD_ACCESS_TOKEN": None}
        assert spots.run("plan", "--token-file", "token", env=without).code == 0
        assert spots.run("plan", "--token-file", "-", env=without, stdin="secret\n").code == 0

    def test_there_is_no_option_that_takes_a_token(self, spots: Workplace) -> None:
        assert spots.run("plan", "--token", "secret").code == 64


class TestTheService:
    @pytest.mark.parametrize("command", PATIENT)
    def test_an_unreachable_host_is_1(self, spots: Workplace, command: tuple[str, ...]) -> None:
        ended = spots.run(*command, env={"RECONCILER_BASE_URL": "http://127.0.0.1:9"})
        assert ended.code == 1
        assert "http://127.0.0.1:9 cannot be reached" in ended.err

    def test_a_bucket_that_does_not_exist_is_1(
        self, spots: Workplace, nothing_sent: NothingSent
    ) -> None:
        spots.catalog(CATALOG.replace("8891", "4711"))
        for command in (("plan",), ("apply", "--yes")):
            ended = spots.run(*command)
            assert ended.code == 1
            assert "the catalogue names the bucket spots with the id 4711" in ended.err
        nothing_sent()

    @pytest.mark.parametrize("command", PATIENT)
    def test_html_where_json_should_be_is_1(
        self, spots: Workplace, command: tuple[str, ...]
    ) -> None:
        with _web_page() as url:
            ended = spots.run(*command, env={"RECONCILER_BASE_URL": url})
        assert ended.code == 1
        assert "the answer is not JSON" in ended.err

    def test_a_base_url_in_a_catalogue_cannot_take_the_token_elsewhere(
        self, spots: Workplace
    ) -> None:
        spots.catalog(CATALOG + "\n    api: {base_url: 'https://evil.example'}")
        ended = spots.run("plan", env={"RECONCILER_BASE_URL": None})
        assert ended.code == 1
        assert "evil.example" in ended.err
        assert "catalog.yaml:" in ended.err

    @pytest.mark.parametrize("command", READERS)
    @pytest.mark.parametrize(
        "url", ["127.0.0.1:8080", "http://example.org", "ftp://x", "https://a@b"]
    )
    def test_an_operators_base_url_that_the_token_must_not_go_to_is_64(
        self, spots: Workplace, command: tuple[str, ...], url: str
    ) -> None:
        ended = spots.run(*command, env={"RECONCILER_BASE_URL": url})
        assert ended.code == 64
        assert "RECONCILER_BASE_URL is" in ended.err


class TestTheCatalogue:
    def test_a_missing_catalogue(self, work: Workplace) -> None:
        ended = work.run("validate")
        assert ended.code == 1
        assert "catalog.yaml" in ended.err

    def test_all_mistakes_at_once(self, spots: Workplace, nothing_sent: NothingSent) -> None:
        spots.catalog(
            """
            version: 2
            catalog: no spaces please
            buckts: {}
            buckets:
              spots: {id: none}
            files:
              a: {title: [], source: {audio: ../x.wav}}
              b: {source: {audio: a.wav, audio_url: "https://e.org/x"}}
              "c c": {title: C}
              d: {title: D, acr_id: xyz, absent: maybe}
              d: {title: twice}
            """
        )
        ended = spots.run("plan")
        assert ended.code == 1
        places = [line for line in ended.err.splitlines() if "catalog.yaml:" in line]
        assert len(places) >= 8, ended.err
        nothing_sent()

    def test_an_empty_catalogue_over_a_full_bucket_is_6(
        self, applied: Workplace, sandbox: Sandbox
    ) -> None:
        before = sandbox.files(8891)
        applied.catalog(CATALOG[: CATALOG.index("    files:")] + "    files: {}")
        for command in (("plan",), ("apply", "--yes")):
            ended = applied.run(*command)
            assert ended.code == 6
            assert "there are no entries, and 2 live files would be deleted" in ended.out
        assert sandbox.files(8891) == before

    def test_a_foreign_file_with_a_new_entrys_title_is_a_twin(
        self, spots: Workplace, sandbox: Sandbox, nothing_sent: NothingSent
    ) -> None:
        sandbox.add_file(8891, title="Spring ad", state=1)
        for command in (("plan",), ("apply", "--yes")):
            ended = spots.run(*command)
            assert ended.code == 6
            assert "twin" in ended.out
        nothing_sent()
        assert spots.run("apply", "--yes", "--allow", "twin=1").code == 0


class TestSources:
    def test_an_audio_file_that_vanished_without_a_pin_is_6(
        self, spots: Workplace, nothing_sent: NothingSent
    ) -> None:
        (spots.folder / "audio/spring.wav").unlink()
        assert spots.run("validate").code == 0
        ended = spots.run("apply", "--yes")
        assert ended.code == 6
        assert "source" in ended.out
        nothing_sent()

    def test_a_pinned_audio_file_that_vanished_fails_alone(
        self, spots: Workplace, sandbox: Sandbox
    ) -> None:
        assert spots.run("pin").code == 0
        (spots.folder / "audio/spring.wav").unlink()
        ended = spots.run("apply", "--yes")
        assert ended.code == 3
        assert "its source is not there" in ended.out
        assert [file["title"] for file in sandbox.files(8891)] == ["Summer ad"]

    def test_a_git_lfs_pointer_is_never_uploaded(self, spots: Workplace, sandbox: Sandbox) -> None:
        (spots.folder / "audio/spring.wav").write_text(
            f"version https://git-lfs.github.com/spec/v1\noid sha256:{'ab' * 32}\nsize 12345\n"
        )
        assert spots.run("plan").code == 0
        ended = spots.run("apply", "--yes")
        assert ended.code == 3
        assert "git lfs pull" in ended.out
        assert [file["title"] for file in sandbox.files(8891)] == ["Summer ad"]


class TestPlansOfOthers:
    def test_a_plan_of_another_catalogue_is_4(
        self, spots: Workplace, nothing_sent: NothingSent
    ) -> None:
        spots.run("plan", "--out", "plan.json")
        spots.catalog(CATALOG.replace("catalog: radio-ads", "catalog: other"))
        ended = spots.run("apply", "plan.json", "--yes")
        assert ended.code == 4
        assert "another catalogue" in ended.err
        nothing_sent()

    def test_a_plan_of_another_host_is_4(self, spots: Workplace) -> None:
        spots.run("plan", "--out", "plan.json")
        with running() as other:
            other.add_bucket("spots", id=8891)
            other.add_bucket("archive", id=8892)
            ended = spots.run("apply", "plan.json", "--yes", env={"RECONCILER_BASE_URL": other.url})
            assert ended.code == 4
            assert "another host" in ended.err
            assert list(other.mutations) == []

    def test_a_plan_of_an_older_live_state_is_stale(
        self, applied: Workplace, sandbox: Sandbox
    ) -> None:
        applied.catalog(CATALOG.replace("Acme", "Acme Inc"))
        applied.run("plan", "--out", "plan.json")
        for file in sandbox.files(8891):
            sandbox.edit(file["id"], title="Edited by hand")
        sent = len(sandbox.mutations)
        ended = applied.run("apply", "plan.json", "--yes")
        assert ended.code == 4
        assert "2 stale" in ended.out
        assert len(sandbox.mutations) == sent

    @pytest.mark.parametrize(
        ("spoil", "said"),
        [
            (lambda text: text.replace("Spring ad", "Spring bad"), "changed"),
            (lambda text: text.replace("reconciler/plan/1", "reconciler/plan/9"), "format"),
            (lambda text: text[: len(text) // 2], "not JSON"),
            (lambda text: json.dumps({"format": "reconciler/plan/1"}), "plan again"),
        ],
    )
    def test_a_plan_that_was_changed_is_refused(
        self, spots: Workplace, nothing_sent: NothingSent, spoil: object, said: str
    ) -> None:
        spots.run("plan", "--out", "plan.json")
        path = spots.folder / "plan.json"
        assert callable(spoil)
        path.write_text(spoil(path.read_text("utf-8")))
        ended = spots.run("apply", "plan.json", "--yes")
        assert ended.code == 1
        assert said in ended.err
        nothing_sent()


class TestUsage:
    @pytest.mark.parametrize(
        "arguments",
        [
            ("plan", "--nonsense"),
            ("nonsense",),
            ("plan", "--allow", "nonsense=1"),
            ("plan", "--allow", "delete"),
            ("apply", "--yes", "--settle", "soon"),
            ("apply", "--yes", "--reviewed", "plan.json"),
            ("plan", "--concurrency", "0"),
            ("export",),
        ],
    )
    def test_a_usage_error_is_64_and_never_2(
        self, spots: Workplace, arguments: tuple[str, ...]
    ) -> None:
        assert spots.run(*arguments).code == 64

    def test_a_reader_that_goes_away_does_no_harm(self, applied: Workplace) -> None:
        import subprocess
        import sys

        with subprocess.Popen(
            [sys.executable, "-m", "reconciler", "plan"],
            cwd=applied.folder,
            env=applied.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            process.stdout.close()
            assert process.stderr is not None
            said = process.stderr.read().decode()
        assert "Traceback" not in said


class TestTextThatTheServiceChanges:
    @pytest.mark.parametrize("titles", ["trimmed", "nfc"])
    def test_a_title_that_comes_back_normalised_is_no_drift(
        self, spots: Workplace, titles: str
    ) -> None:
        from reconciler.sandbox.quirks import Quirks

        spots.catalog(CATALOG.replace("title: Spring ad", 'title: " Fru\\u0308hling "'))
        with running(quirks=Quirks.parse([f"titles={titles}"])) as other:
            other.add_bucket("spots", id=8891)
            other.add_bucket("archive", id=8892)
            env = {"RECONCILER_BASE_URL": other.url}
            assert spots.run("apply", "--yes", env=env).code == 0
            assert spots.run("plan", "--detailed-exitcode", env=env).code == 0


class _Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"<!doctype html><title>Sign in</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextmanager
def _web_page() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()
