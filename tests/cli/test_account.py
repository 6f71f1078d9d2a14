"""However a command ends, it is told once, and the end stays what it was."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click
import pytest

from reconciler.cli.account import accounted
from reconciler.cli.output import with_output
from reconciler.errors import (
    BaselineError,
    CatalogError,
    RefusedByGuardrail,
    StalePlan,
    TokenRefused,
)
from reconciler.render.prometheus import series_in
from tests.api.servers import answer, serving

if TYPE_CHECKING:
    from pathlib import Path

BUG = "a value in a mistake of ours"


class Command:
    """A command that ends in one way."""

    def __init__(self, end: int | BaseException) -> None:
        @click.command("drift")
        @with_output
        @accounted("drift")
        def command(**_given: Any) -> int:
            if isinstance(end, BaseException):
                raise end
            return end

        self._command = command

    def run(self, *arguments: str) -> int:
        code = self._command.main(list(arguments), standalone_mode=False)
        assert isinstance(code, int)
        return code


def exit_code(path: Path) -> float:
    """What the file says that the command ended with."""
    (code,) = (
        count
        for (name, _), count in series_in(path.read_text("utf-8")).items()
        if name == "reconciler_last_run_exit_code"
    )
    return code


@pytest.mark.parametrize("code", [0, 1, 2, 3])
def test_an_end(tmp_path: Path, code: int) -> None:
    path = tmp_path / "ads.prom"
    assert Command(code).run("--metrics", str(path)) == code
    assert exit_code(path) == code


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (TokenRefused("it is refused"), 7, "it is refused"),
        (CatalogError(["catalog.yaml:1:1: a value"] * 3), 1, "3 problems in the catalogue"),
        (CatalogError(["catalog.yaml:1:1: a value"]), 1, "1 problem in the catalogue"),
        (BaselineError(["b.yaml:1:1: a value"] * 2), 1, "2 problems in the baseline"),
        (TokenRefused("of \udcff"), 7, "of \\udcff"),
        (click.ClickException("it is odd"), 1, "it is odd"),
        (click.UsageError("it is odd"), 64, "it is odd"),
        (click.Abort(), 130, "stopped by a signal"),
        (KeyboardInterrupt(), 130, "stopped by a signal"),
        (ValueError(BUG), 1, "an error that is not expected: ValueError"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_an_error(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    code: int,
    told: str,
) -> None:
    path = tmp_path / "ads.prom"
    with serving(answer(200, b"ok")) as server:
        monkeypatch.setenv("RECONCILER_WEBHOOK_URL", f"{server.url}/hook")
        # click makes an Abort of a Ctrl-C, and changes no other.
        expected = click.Abort if isinstance(error, KeyboardInterrupt) else type(error)
        with pytest.raises(expected):
            Command(error).run("--metrics", str(path), "--notify", "json")
        (request,) = server.requests
    assert exit_code(path) == code
    message = json.loads(request.body)
    assert (message["exit_code"], message["error"]) == (code, told)


class TestMetricsThatCannotBeWritten:
    @pytest.mark.parametrize(("code", "ends"), [(0, 1), (2, 1), (3, 1), (1, 1), (143, 143)])
    def test_after_an_end(
        self, tmp_path: Path, capfd: pytest.CaptureFixture[str], code: int, ends: int
    ) -> None:
        path = tmp_path / "no" / "ads.prom"
        assert Command(code).run("--metrics", str(path)) == ends
        assert "writing the metrics" in capfd.readouterr().err

    def test_after_a_graver_error(self, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
        path = tmp_path / "no" / "ads.prom"
        with pytest.raises(RefusedByGuardrail):
            Command(RefusedByGuardrail("no")).run("--metrics", str(path))
        assert "writing the metrics" in capfd.readouterr().err

    def test_after_a_lighter_one(self, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
        path = tmp_path / "no" / "ads.prom"
        with pytest.raises(Exception, match="writing the metrics") as caught:
            Command(StalePlan("it is stale")).run("--metrics", str(path))
        assert getattr(caught.value, "exit_code", None) == 1
        assert "it is stale" in capfd.readouterr().err
