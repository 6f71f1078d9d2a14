"""What a command takes from its surroundings."""

import os
from pathlib import Path

import pytest

from reconciler.catalog.digests import Digests
from reconciler.cli import environment
from reconciler.errors import TokenRefused, UsageError


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of the developer's own variables."""
    for name in list(os.environ):
        if name.upper().endswith("PROXY") or name.startswith(("GITHUB_", "CI_", "GITLAB_")):
            monkeypatch.delenv(name)
    monkeypatch.delenv("ACRCLOUD_ACCESS_TOKEN", raising=False)


class TestTheToken:
    def test_it_comes_from_the_variable(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ACRCLOUD_ACCESS_TOKEN", " secret \n")
        assert environment.read_token(None) == "secret"

    def test_a_file_goes_before_the_variable(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("ACRCLOUD_ACCESS_TOKEN", "other")
        path = tmp_path / "token"
        path.write_text("secret\n")
        path.chmod(0o600)
        assert environment.read_token(str(path)) == "secret"

    @pytest.mark.parametrize("text", ["", "  ", "two words", "line\x01", "ünïcode"])
    def test_what_is_no_token_is_refused_and_not_shown(
        self, monkeypatch: pytest.MonkeyPatch, text: str
    ) -> None:
        monkeypatch.setenv("ACRCLOUD_ACCESS_TOKEN", text)
        with pytest.raises(TokenRefused) as refused:
            environment.read_token(None)
        assert not text.strip() or text not in str(refused.value)

    @pytest.mark.parametrize("given", ["eyJhbGciOiJIUzI1NiJ9.e30.x", "x" * 5000], ids=len)
    def test_a_token_that_is_given_for_a_path_is_not_shown(self, given: str) -> None:
        """T1: not in the message, and not in what a debugger would show of it."""
        with pytest.raises(TokenRefused, match="never the token itself") as caught:
            environment.read_token(given)
        assert given not in str(caught.value)
        assert caught.value.__cause__ is None

    @pytest.mark.parametrize(
        ("name", "why"),
        [
            ("missing", "there is no such file"),
            (".", "is a folder, not a file"),
            ("fifo", "is a named pipe, not a file"),
            ("link", "is a device, not a file"),
            ("large", "is larger than 10,000 bytes"),
            ("open", "can be read by others"),
            ("bytes", "holds no text"),
        ],
    )
    def test_what_is_no_private_file_is_refused(self, tmp_path: Path, name: str, why: str) -> None:
        """T16: opened without waiting for a pipe, and looked at once it is open."""
        os.mkfifo(tmp_path / "fifo", 0o600)
        (tmp_path / "link").symlink_to("/dev/zero")
        for file, data in (("large", b"x" * 10_001), ("open", b"x"), ("bytes", b"\xff")):
            (tmp_path / file).write_bytes(data)
            (tmp_path / file).chmod(0o644 if file == "open" else 0o600)
        with pytest.raises(TokenRefused, match=why):
            environment.read_token(str(tmp_path / name))


class TestTheWebhook:
    URL = "https://hooks.example.com/services/secret"

    def test_its_address_comes_from_the_variable(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("RECONCILER_WEBHOOK_URL", f" {self.URL}\n")
        assert environment.webhook_url(None) == self.URL

    def test_a_file_goes_before_the_variable(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("RECONCILER_WEBHOOK_URL", "https://other.example/x")
        path = tmp_path / "webhook"
        path.write_text(f"{self.URL}\n")
        path.chmod(0o600)
        assert environment.webhook_url(path) == self.URL

    def test_a_file_that_others_can_read_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "webhook"
        path.write_text(self.URL)
        path.chmod(0o644)
        with pytest.raises(UsageError, match="can be read by others"):
            environment.webhook_url(path)

    def test_an_address_that_is_given_for_a_path_is_not_shown(self) -> None:
        with pytest.raises(UsageError, match="never the webhook itself") as caught:
            environment.webhook_url(Path(self.URL))
        assert "secret" not in str(caught.value)
        assert caught.value.__cause__ is None

    def test_none_is_asked_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("RECONCILER_WEBHOOK_URL", raising=False)
        with pytest.raises(UsageError, match="set RECONCILER_WEBHOOK_URL"):
            environment.webhook_url(None)


class TestProxies:
    def test_the_operators_proxy_is_used(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
        assert environment.proxies("https://api-v2.acrcloud.com")["https"] == "http://proxy:3128"

    @pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:1"])
    def test_but_never_for_this_machine(self, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://proxy:3128")
        assert environment.proxies(url) == {}

    def test_nor_for_hosts_in_no_proxy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
        monkeypatch.setenv("NO_PROXY", "acrcloud.com")
        assert environment.proxies("https://api-v2.acrcloud.com") == {}


class TestProvenance:
    def test_on_github(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        for name, value in {
            "GITHUB_ACTOR": "octocat",
            "GITHUB_SHA": "abc123",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_REPOSITORY": "acme/catalogue",
            "GITHUB_RUN_ID": "7",
            "GITHUB_REF": "refs/pull/12/merge",
        }.items():
            monkeypatch.setenv(name, value)
        found = environment.provenance(tmp_path, [])
        assert found["actor"] == "octocat"
        assert found["commit"] == "abc123"
        assert found["ci_run"] == "https://github.com/acme/catalogue/actions/runs/7"
        assert found["pull_request"] == "#12"

    def test_on_gitlab(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        for name, value in {
            "GITLAB_USER_LOGIN": "tanuki",
            "CI_COMMIT_SHA": "def456",
            "CI_PIPELINE_URL": "https://gitlab.example/p/1",
            "CI_MERGE_REQUEST_IID": "3",
        }.items():
            monkeypatch.setenv(name, value)
        found = environment.provenance(tmp_path, [])
        assert (found["actor"], found["commit"]) == ("tanuki", "def456")
        assert (found["ci_run"], found["pull_request"]) == ("https://gitlab.example/p/1", "!3")

    @pytest.mark.parametrize(
        ("told", "gitlab", "said"),
        [("12", "", "#12"), (" 12\n", "true", "!12"), ("acme/ads#12", "", "acme/ads#12")],
    )
    def test_the_pull_request_that_somebody_names_comes_first(
        self,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
        told: str,
        gitlab: str,
        said: str,
    ) -> None:
        monkeypatch.setenv("RECONCILER_PULL_REQUEST", told)
        monkeypatch.setenv("GITLAB_CI", gitlab)
        monkeypatch.setenv("CI_MERGE_REQUEST_IID", "3")
        assert environment.provenance(tmp_path, [])["pull_request"] == said

    def test_an_empty_name_of_one_is_none(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("RECONCILER_PULL_REQUEST", "")
        assert "pull_request" not in environment.provenance(tmp_path, [])

    def test_in_a_folder_without_git(self, tmp_path: Path) -> None:
        found = environment.provenance(tmp_path, [])
        assert found["actor"]
        assert "commit" not in found
        assert "dirty" not in found

    def test_in_a_git_folder(self, tmp_path: Path) -> None:
        import subprocess

        git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run([*git, "init", "-q"], check=True)
        subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "first"], check=True)
        clean = environment.provenance(tmp_path, [])
        assert len(str(clean["commit"])) == 40
        assert clean["dirty"] is False
        new = tmp_path / "new"
        new.write_text("x")
        assert environment.provenance(tmp_path, [new])["dirty"] is True


class TestWhatIsRememberedOfSources:
    def test_lies_in_the_cache_folder(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        assert folder_of(environment.digests()) == tmp_path / "reconciler"
        monkeypatch.delenv("XDG_CACHE_HOME")
        monkeypatch.setenv("HOME", str(tmp_path))
        assert folder_of(environment.digests()) == tmp_path / ".cache" / "reconciler"

    def test_is_nothing_where_nobody_has_a_home(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """As in a container that runs as a user without a name."""
        monkeypatch.delenv("XDG_CACHE_HOME")
        monkeypatch.setenv("HOME", "~")
        assert environment.digests() is None


def folder_of(digests: Digests | None) -> Path | None:
    return digests and digests.folder


def test_locks_lie_in_the_state_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert environment.state_folder() == tmp_path / "reconciler"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert environment.state_folder() == tmp_path / ".local" / "state" / "reconciler"


def test_where_nobody_has_a_home_the_state_folder_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As in a container that runs as a user without a name."""
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("HOME", "~")
    with pytest.raises(UsageError, match=r"no home.*set XDG_STATE_HOME"):
        environment.state_folder()
