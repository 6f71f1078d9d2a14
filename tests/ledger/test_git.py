"""What git is given, what it may run, and what is shown of what it says."""

from __future__ import annotations

import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import LedgerError
from reconciler.ledger import Branch
from reconciler.ledger.git import Git, GitFailed, harmless
from reconciler.ledger.reading import read
from tests.ledger.hub import Hub, Wrapped, git
from tests.ledger.made import DONE, run, update

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "a-secret-that-nothing-may-show"


class TestTheEnvironment:
    def test_holds_no_token_and_leads_nowhere_else(
        self, hub: Hub, wrapped: Wrapped, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        names = (
            "ACRCLOUD_ACCESS_TOKEN",
            "GITHUB_TOKEN",
            "GITLAB_TOKEN",
            "CI_JOB_TOKEN",
            "GH_TOKEN",
        )
        for name in names:
            monkeypatch.setenv(name, SECRET)
        for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_TRACE", "GIT_EXEC_PATH"):
            monkeypatch.setenv(name, "/nowhere")
        run(hub.branch(), (update(), DONE))
        assert SECRET not in wrapped.environments
        assert "/nowhere" not in wrapped.environments
        assert "GIT_TERMINAL_PROMPT=0" in wrapped.environments

    def test_reaches_origin_as_the_user_does(
        self, hub: Hub, wrapped: Wrapped, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
        monkeypatch.setenv("SSH_AUTH_SOCK", "/run/agent")
        monkeypatch.setenv("GIT_SSH_COMMAND", "ssh -i key")
        run(hub.branch(), (update(), DONE))
        for each in ("HTTPS_PROXY=http://proxy", "SSH_AUTH_SOCK=/run/agent", "GIT_SSH_COMMAND=ssh"):
            assert each in wrapped.environments


class TestTheClonesSettings:
    def test_say_how_origin_is_reached(self, hub: Hub) -> None:
        clone = hub.clone()
        git(clone, "config", f"url.{hub.url}.insteadOf", "the-hub:")
        git(clone, "remote", "set-url", "origin", "the-hub:")
        run(Branch("ledger", clone), (update(), DONE))
        assert len(hub.records()) == 4

    def test_are_taken_also_from_what_the_environment_adds(
        self, hub: Hub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clone = hub.clone()
        git(clone, "remote", "set-url", "origin", "the-hub:")
        monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
        monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.{hub.url}.insteadOf")
        monkeypatch.setenv("GIT_CONFIG_VALUE_0", "the-hub:")
        run(Branch("ledger", clone), (update(), DONE))
        assert len(hub.records()) == 4

    def test_run_nothing(self, hub: Hub) -> None:
        clone = hub.clone()
        top = clone.parent
        trap = hub.folder / "trapped"
        script = f"#!/bin/sh\ntouch {trap}\n"
        hooks = top / ".git" / "hooks"
        hooks.mkdir(exist_ok=True)
        evil = hub.folder / "evil"
        evil.write_text(script)
        evil.chmod(0o755)
        for name in ("pre-push", "reference-transaction", "post-checkout", "pre-auto-gc",
                     "post-rewrite", "update", "post-index-change", "proc-receive"):  # fmt: skip
            (hooks / name).write_text(script)
            (hooks / name).chmod(0o755)
        for name, value in {
            "core.hooksPath": str(hooks),
            "core.fsmonitor": str(evil),
            "core.pager": str(evil),
            "gpg.program": str(evil),
            "commit.gpgSign": "true",
            "push.gpgSign": "true",
            "core.alternateRefsCommand": str(evil),
            "remote.origin.uploadpack": str(evil),
            "remote.origin.receivepack": str(evil),
            "remote.origin.vcs": "evil",
            "protocol.ext.allow": "always",
            "alias.push": f"!{evil}",
            "filter.x.clean": str(evil),
        }.items():
            git(clone, "config", name, value)
        run(Branch("ledger", clone), (update(), DONE))
        assert read(Branch("ledger", clone)) is not None
        assert not trap.exists()

    def test_lead_to_no_command_by_an_address(self, hub: Hub) -> None:
        clone = hub.clone()
        trap = hub.folder / "trapped"
        git(clone, "config", "protocol.ext.allow", "always")
        git(clone, "remote", "set-url", "origin", f"ext::touch {trap}")
        with pytest.raises(LedgerError, match="transport 'ext' not allowed"):
            read(Branch("ledger", clone))
        assert not trap.exists()

    def test_of_a_repository_among_the_files_are_not_asked(self, hub: Hub) -> None:
        """A bare one, as a pull request can bring it along."""
        clone = hub.clone()
        git(clone, "init", "--quiet", "--bare", "within")
        with pytest.raises(LedgerError, match=r"safe\.bareRepository"):
            read(Branch("ledger", clone / "within"))


class TestWhatIsShown:
    def test_acts_on_no_terminal_and_is_short(self, hub: Hub) -> None:
        nasty = r"\033[31mred\033[0m \033]0;title\007 ::error::x \r\n##[group] " + "long " * 200
        hub.hook("pre-receive", f"printf '{nasty}' >&2; exit 1")
        with pytest.raises(LedgerError) as error:
            run(hub.branch(), (update(), DONE))
        said = str(error.value)
        assert "\x1b" not in said
        assert "title" not in said
        assert said.isprintable()
        assert len(said) < 1000

    def test_is_harmless(self) -> None:
        said = b"remote: \x1b[1mno\x1b[0m\x07 \xff\r\nremote: \n"
        said += b'fatal: "https://u:p@ss@h/x" \xe2\x80\xaenot\n'
        assert harmless(said) == "remote: no? \ufffd; fatal: 'https://h/x' ?not"

    def test_has_its_end_where_it_is_long(self) -> None:
        assert harmless(b"a" * 1000 + b" the reason").endswith("aaa the reason")
        assert len(harmless(b"a" * 1000)) < 410

    def test_has_no_credentials_of_the_address(self, hub: Hub) -> None:
        clone = hub.clone()
        git(clone, "remote", "set-url", "origin", f"http://user:{SECRET}@127.0.0.1:1/x.git")
        with pytest.raises(LedgerError, match=r"git ls-remote: .*127\.0\.0\.1") as error:
            read(Branch("ledger", clone))
        assert SECRET not in str(error.value)

    def test_has_no_credentials_that_the_other_side_tells_back(self, hub: Hub) -> None:
        clone = hub.clone()
        git(
            clone,
            "config",
            "http.https://hub.example/.extraheader",
            f"Authorization: basic {SECRET}",
        )
        hub.hook("pre-receive", f"echo 'I know {SECRET}' >&2; exit 1")
        with pytest.raises(LedgerError, match=r"I know \*\*\*") as error:
            run(Branch("ledger", clone), (update(), DONE))
        assert SECRET not in str(error.value)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("http.https://hub.example/.extraheader", f"Authorization: basic {SECRET}"),
            ("url.https://user:{}@hub.example/.pushInsteadOf", "https://hub.example/"),
        ],
    )
    def test_has_none_that_the_environment_adds(
        self, hub: Hub, monkeypatch: pytest.MonkeyPatch, name: str, value: str
    ) -> None:
        clone = hub.clone()
        monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
        monkeypatch.setenv("GIT_CONFIG_KEY_0", name.format(SECRET))
        monkeypatch.setenv("GIT_CONFIG_VALUE_0", value)
        hub.hook("pre-receive", f"echo 'I know {SECRET}' >&2; exit 1")
        with pytest.raises(LedgerError, match=r"I know \*\*\*") as error:
            run(Branch("ledger", clone), (update(), DONE))
        assert SECRET not in str(error.value)


@pytest.fixture
def asking() -> Iterator[tuple[str, list[list[str]]]]:
    """A server that lets nobody in; its address, and each request's Authorization headers."""
    seen: list[list[str]] = []

    class Asking(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers.get_all("Authorization", []))
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="x"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Asking)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", seen
    server.shutdown()
    server.server_close()
    thread.join()


class TestCredentials:
    def test_are_asked_of_nobody(self, hub: Hub, asking: tuple[str, list[list[str]]]) -> None:
        clone = hub.clone()
        git(clone, "remote", "set-url", "origin", f"{asking[0]}x.git")
        with pytest.raises(LedgerError, match="could not read Username") as error:
            read(Branch("ledger", clone))
        assert "a checkout that keeps its credentials" in str(error.value)

    @pytest.mark.parametrize("where", ["of the clone", "of the user", "by a condition"])
    def test_of_a_checkout_go_along_once(
        self,
        hub: Hub,
        asking: tuple[str, list[list[str]]],
        where: str,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """As GitHub's checkout leaves them: in the clone's settings, or in a file that counts for
        this clone only. A header that comes twice is refused."""
        clone = hub.clone()
        git(clone, "remote", "set-url", "origin", f"{asking[0]}x.git")
        header = f"http.{asking[0]}.extraheader"
        value = f"Authorization: basic {SECRET}"
        users, more = tmp_path / "users.gitconfig", tmp_path / "more.gitconfig"
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(users))
        match where:
            case "of the clone":
                git(clone, "config", header, value)
            case "of the user":
                git(clone, "config", "--file", str(users), header, value)
            case _:
                git(clone, "config", "--file", str(more), header, value)
                condition = f"includeIf.gitdir:{clone.parent}/.git.path"
                git(clone, "config", "--file", str(users), condition, str(more))
        with pytest.raises(LedgerError):
            read(Branch("ledger", clone))
        assert asking[1][0] == [f"basic {SECRET}"]


class TestATimeLimit:
    def test_ends_git_and_what_it_has_started(self, hub: Hub, wrapped: Wrapped) -> None:
        held = hub.folder / "held"
        os.mkfifo(held)
        reader = os.open(held, os.O_RDONLY | os.O_NONBLOCK)
        wrapped.before("ls-remote", f"exec 9> {held}; echo x >&9; sleep 600 & wait")
        with pytest.raises(GitFailed, match="no answer within 2 seconds"):
            Git(hub.folder).run("ls-remote", hub.url, seconds=2)
        os.set_blocking(reader, True)
        with os.fdopen(reader, "rb") as stream:
            assert stream.read() == b"x\n", "it ends once nobody holds the other end any more"
