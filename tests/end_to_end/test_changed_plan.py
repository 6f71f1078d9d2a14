"""T21: a plan file of which a byte is another than it was written with."""

import pytest

from reconciler.cli.main import run
from reconciler.sandbox.console import Sandbox
from tests.end_to_end.conftest import Workplace


def test_is_refused_before_anything_is_sent(
    spots: Workplace,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("HOME", "ACRCLOUD_ACCESS_TOKEN", "RECONCILER_BASE_URL"):
        monkeypatch.setenv(name, spots.env[name])
    monkeypatch.chdir(spots.folder)
    assert run(["plan", "--out", "plan.json"]) == 0
    path = spots.folder / "plan.json"
    data = path.read_bytes()
    asked = len(sandbox.requests)
    # Every byte and every leaf is tried on the file alone, in `core/test_codec.py`.
    for place in range(0, len(data), 199):
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        assert run(["apply", "plan.json", "--yes"]) == 1, place
        assert "reading the plan plan.json" in capsys.readouterr().err
    assert len(sandbox.requests) == asked
    assert not (spots.folder / ".reconciler").exists()
    path.write_bytes(data)
    assert run(["apply", "plan.json", "--yes", "--no-wait"]) == 0
