"""What a command found in a source, the next one knows without a look inside; and what is sent is
looked at all the same."""

import os
import stat
from pathlib import Path

import pytest

from reconciler.catalog.digests import Contents, Digests
from reconciler.clock import SystemClock
from reconciler.sandbox.console import Sandbox
from tests.end_to_end.conftest import Ended, Workplace

OLD = Path(os.__file__).resolve()
"""A file that was there long before any test."""
NOT_ITS_OWN = "0" * 64


@pytest.fixture
def place(work: Workplace) -> Workplace:
    """A catalogue with one source, which is old, and nothing remembered yet."""
    source = f"{{fingerprint: {OLD.name}}}"
    work.catalog(
        "{version: 1, catalog: radio-ads, buckets: {spots: {id: 8891}}, defaults: {bucket: spots},"
        f" files: {{a: {{title: A, source: {source}}}}}}}"
    )
    return work


def run(place: Workplace, *command: str) -> Ended:
    return place.run(*command, "--source-root", str(OLD.parent))


def remembered(place: Workplace) -> Path:
    return place.folder / "home" / ".cache" / "reconciler"


def plant(place: Workplace) -> None:
    """Have a digest remembered that is not the file's."""
    digests = Digests(remembered(place), SystemClock())
    with digests.of(place.folder / "catalog.yaml") as memory, OLD.open("rb") as file:
        memory.contents(
            str(OLD), audio=False, descriptor=file.fileno(), read=lambda: Contents(NOT_ITS_OWN)
        )


@pytest.mark.parametrize("command", ["validate", "plan", "drift", "list", "pin"])
def test_every_command_remembers(place: Workplace, command: str) -> None:
    assert run(place, command).code in (0, 2)
    (file,) = remembered(place).iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert str(OLD) in file.read_text("ascii")


@pytest.mark.parametrize(
    "command", [["validate"], ["plan"], ["drift"], ["list"], ["apply", "--yes"]]
)
def test_every_command_knows(place: Workplace, command: list[str]) -> None:
    plant(place)
    text = (place.folder / "catalog.yaml").read_text("utf-8")
    place.catalog(text.replace(OLD.name, f"{OLD.name}, sha256: {'1' * 64}"))
    ended = run(place, *command)
    assert ended.code == 1
    assert f"the source's digest is {NOT_ITS_OWN[:16]}" in ended.err


def test_pin_knows(place: Workplace) -> None:
    plant(place)
    assert run(place, "pin").code == 0
    assert NOT_ITS_OWN in (place.folder / "catalog.yaml").read_text("utf-8")


def test_what_is_sent_is_digested_all_the_same(place: Workplace, sandbox: Sandbox) -> None:
    plant(place)
    ended = run(place, "apply", "--yes")
    assert ended.code == 3
    (told,) = [record for record in place.ledger() if record["kind"] == "change.ended"]
    assert f"planned was {NOT_ITS_OWN}" in told["why"]
    assert sandbox.files() == []
    for file in remembered(place).iterdir():
        file.unlink()
    ended = run(place, "apply", "--yes", "--settle", "0s")
    assert ended.code == 0, ended.err
