"""F69: an apply while another one on this machine is under way."""

from reconciler.locks import locked
from reconciler.sandbox.console import Sandbox
from tests.end_to_end.conftest import Workplace


def test_ends_with_5_names_the_first_and_sends_nothing(spots: Workplace, sandbox: Sandbox) -> None:
    locks = spots.folder / "home" / ".local" / "state" / "reconciler" / "locks"
    with locked(locks, spots.url, [8892], "run 17 of anna"):
        ended = spots.run("apply", "--yes")
        assert ended.code == 5
        assert (
            "bucket 8892: another apply on this machine works on it (run 17 of anna)" in ended.err
        )
        assert sandbox.mutations == []
        assert not (spots.folder / ".reconciler").exists()
