"""`--notify`: people hear of what there is to hear, and the webhook's address is seen nowhere."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from reconciler.sandbox.faults import on, playing, status
from reconciler.shipped import schema
from tests.api.servers import Answer, Server, answer, serving
from tests.end_to_end.conftest import CATALOG, Ended, Workplace

if TYPE_CHECKING:
    from reconciler.sandbox.console import Sandbox

SECRET = "s3cr3tCanary"
PATH = f"/services/T0{SECRET}/{SECRET}"
SCHEMA = json.loads(schema("message.schema.json"))
CI = {
    "GITHUB_RUN_ID": "77",
    "GITHUB_SERVER_URL": "https://github.example",
    "GITHUB_REPOSITORY": "acme/ads",
}


class Place:
    """A workplace whose commands notify a webhook, and are searched for its address."""

    def __init__(self, work: Workplace, url: str) -> None:
        self.work = work
        self.env = {"RECONCILER_WEBHOOK_URL": f"{url}{PATH}?q={SECRET}"}

    def run(self, *arguments: str, env: dict[str, str] | None = None) -> Ended:
        ended = self.work.run(*arguments, env={**self.env, **(env or {})})
        assert SECRET not in ended.out + ended.err
        for path in self.work.folder.rglob("*"):
            if path.is_file() and path.name != "webhook":
                assert SECRET.encode() not in path.read_bytes(), path
        return ended


@pytest.fixture
def hook() -> Iterator[Server]:
    with serving(answer(200, b"ok")) as server:
        yield server


def told(hook: Server) -> list[Any]:
    """What the webhook was told, as JSON."""
    assert {request.line.split("?")[0] for request in hook.requests} <= {f"POST {PATH}"}
    return [json.loads(request.body) for request in hook.requests]


class TestADrift:
    def test_that_was_found_is_posted(
        self, applied: Workplace, sandbox: Sandbox, hook: Server
    ) -> None:
        (spring,) = [file for file in sandbox.files(8891) if file["title"] == "Spring ad"]
        sandbox.edit(spring["id"], title="<!channel> `x`")
        ended = Place(applied, hook.url).run("drift", "--notify", "json", "-v", env=CI)
        assert (ended.code, "warning" in ended.err) == (2, False)
        (message,) = told(hook)
        jsonschema.validate(message, SCHEMA)
        assert message["items"] == [
            {"what": "changed live", "key": "spring", "title": "<!channel> `x`", "bucket": "spots"}
        ]
        assert message["ci_run"] == "https://github.example/acme/ads/actions/runs/77"

    def test_mentions_nobody_in_slack(
        self, applied: Workplace, sandbox: Sandbox, hook: Server
    ) -> None:
        sandbox.edit(sandbox.files(8891)[0]["id"], title="<!channel> `x` <https://evil|text>")
        Place(applied, hook.url).run("drift", "--notify", "slack")
        (request,) = hook.requests
        assert b"<!channel>" not in request.body
        assert b"&lt;!channel&gt; 'x' &lt;https://evil|text&gt;" in request.body

    def test_that_is_not_there_is_not(self, applied: Workplace, hook: Server) -> None:
        assert Place(applied, hook.url).run("drift", "--notify", "slack").code == 0
        assert hook.requests == []

    def test_that_fails_is_posted(self, applied: Workplace, hook: Server) -> None:
        place = Place(applied, hook.url)
        assert place.run("drift", "--notify", "json", env={"ACRCLOUD_ACCESS_TOKEN": ""}).code == 7
        (message,) = told(hook)
        jsonschema.validate(message, SCHEMA)
        assert (message["exit_code"], message["items"]) == (7, [])
        assert message["error"].startswith("there is no token")

    def test_of_a_broken_catalogue_quotes_nothing_of_it(
        self, applied: Workplace, hook: Server
    ) -> None:
        applied.catalog(CATALOG.replace("title: Spring ad", "title: [Private]"))
        assert Place(applied, hook.url).run("drift", "--notify", "json").code == 1
        (message,) = told(hook)
        assert message["error"] == "1 problem in the catalogue"


class TestAnApply:
    def test_that_did_something_is_posted_with_its_anchor(
        self, spots: Workplace, hook: Server
    ) -> None:
        place = Place(spots, hook.url)
        assert place.run("apply", "--yes", "--notify", "json").code == 0
        (message,) = told(hook)
        jsonschema.validate(message, SCHEMA)
        assert message["counts"] == {"applied": 2}
        assert message["converged"] is True
        assert message["anchor"] == f"6:{spots.ledger()[-1]['hash']}"
        assert place.run("apply", "--yes", "--notify", "json").code == 0
        assert len(hook.requests) == 1, "there was nothing to say"

    def test_of_which_a_part_failed_is_posted(
        self, spots: Workplace, sandbox: Sandbox, hook: Server
    ) -> None:
        with playing(sandbox, on("upload", status(422), nth=1)) as front:
            env = {"RECONCILER_BASE_URL": front.url}
            ended = Place(spots, hook.url).run("apply", "--yes", "--notify", "json", env=env)
        assert ended.code == 3
        (message,) = told(hook)
        assert message["counts"] == {"applied": 1, "failed": 1}
        assert [item["what"] for item in message["items"]] == ["failed", "applied"]

    def test_whose_token_is_refused_midway_says_so(
        self, spots: Workplace, sandbox: Sandbox, hook: Server
    ) -> None:
        with playing(sandbox, on("upload", status(401))) as front:
            env = {"RECONCILER_BASE_URL": front.url}
            assert Place(spots, hook.url).run(
                "apply", "--yes", "--notify", "json", env=env
            ).code == 7  # fmt: skip
        (message,) = told(hook)
        assert "401" in message["error"]

    def test_that_is_refused_is_posted(self, applied: Workplace, hook: Server) -> None:
        text = CATALOG.replace("files:", "limits: {max_deletes: 0}\n    files:")
        applied.catalog(text[: text.index("      summer:")])
        ended = Place(applied, hook.url).run("apply", "--yes", "--notify", "slack")
        assert ended.code == 6
        (message,) = told(hook)
        assert message["text"] == "Apply of radio-ads: failed (exit 6)"


FAILING = {
    "404": answer(404, PATH.encode()),
    "500": answer(500, PATH.encode()),
    "redirect": answer(302, b"", Location=f"http://127.0.0.1:9{PATH}"),
    "closed": Answer(b"", "close"),
    "reset": Answer(b"", "reset"),
    "rubbish": Answer(f"{PATH}\r\n".encode(), "close"),
    "hangs": Answer(b"", "hang"),
}


class TestAWebhook:
    @pytest.mark.parametrize("what", FAILING)
    def test_that_fails_is_a_warning_and_changes_no_exit_code(
        self, spots: Workplace, what: str
    ) -> None:
        with serving(FAILING[what]) as server:
            ended = Place(spots, server.url).run("apply", "--yes", "-vv", "--notify", "slack")
        assert ended.code == 0
        assert "warning: posting to the webhook at 127.0.0.1: " in ended.err
        assert "converged" in ended.out

    def test_that_is_not_there_is_a_warning(self, spots: Workplace) -> None:
        with socket.create_server(("127.0.0.1", 0)) as bound:
            url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        ended = Place(spots, url).run("drift", "--notify", "slack", "-vv")
        assert ended.code == 2
        assert "Connection refused" in ended.err

    def test_is_answered_in_endless_bytes(self, spots: Workplace) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * 100_000
        with serving(Answer(head, "hang")) as server:
            ended = Place(spots, server.url).run("drift", "--notify", "slack")
        assert (ended.code, "warning" in ended.err) == (2, False)

    def test_takes_its_address_from_a_file(self, spots: Workplace, hook: Server) -> None:
        path = spots.folder / "webhook"
        path.touch(0o600)
        path.write_text(f"{hook.url}{PATH}\n")
        place = Place(spots, "http://127.0.0.1:9")
        assert place.run("drift", "--notify", "json", "--webhook-file", "webhook").code == 2
        assert len(hook.requests) == 1

    @pytest.mark.parametrize(
        ("arguments", "env", "why"),
        [
            (("--notify", "slack"), {"RECONCILER_WEBHOOK_URL": ""}, "there is no webhook"),
            (
                ("--notify", "slack"),
                {"RECONCILER_WEBHOOK_URL": f"http://hooks.example.com/{SECRET}"},
                "is not https",
            ),
            (
                ("--notify", "slack", "--webhook-file", f"https://hooks.example.com/{SECRET}"),
                {},
                "never the webhook itself",
            ),
            (("--webhook-file", "webhook"), {}, "goes with that"),
        ],
        ids=["none", "http", "given for a path", "alone"],
    )
    def test_that_cannot_be_used_ends_it_before_anything_is_sent(
        self,
        spots: Workplace,
        sandbox: Sandbox,
        arguments: tuple[str, ...],
        env: dict[str, str],
        why: str,
    ) -> None:
        ended = Place(spots, "https://x.example").run(
            "apply", "--yes", *arguments, "--metrics", "ads.prom", env=env
        )
        assert ended.code == 64
        assert why in " ".join(ended.err.split())
        assert sandbox.requests == []
        assert 'command="apply"} 64' in (spots.folder / "ads.prom").read_text("utf-8")

    def test_is_left_alone_without_the_option(self, spots: Workplace, hook: Server) -> None:
        assert Place(spots, hook.url).run("apply", "--yes").code == 0
        assert hook.requests == []


def test_a_run_of_gitlab_is_linked_and_what_is_no_address_is_not(
    spots: Workplace,
) -> None:
    with ExitStack() as stack:
        hook = stack.enter_context(serving(answer(200, b"ok")))
        place = Place(spots, hook.url)
        for given in ("https://gitlab.example/a/b/-/pipelines/9", "javascript:alert(1)|<!here>"):
            place.run("drift", "--notify", "json", env={"CI_PIPELINE_URL": given})
        one, other = told(hook)
    assert one["ci_run"] == "https://gitlab.example/a/b/-/pipelines/9"
    assert "ci_run" not in other
