"""Nothing heavy is imported before it is needed. By the names of modules, not by the clock."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.main import COMMANDS
from reconciler.sandbox.server import running
from tests.end_to_end.conftest import Workplace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.sandbox.console import Sandbox

HEAVY = {
    *("click", "deepdiff", "filelock", "flask", "jsonschema", "jsonschema_rs", "mutagen", "orjson"),
    *("requests", "rich", "rich.console", "urllib3", "waitress", "yaml"),
    *("asyncio", "concurrent.futures.process", "multiprocessing", "ssl"),
    *("reconciler.api", "reconciler.catalog", "reconciler.sandbox"),
}
CATALOG = f"""
    version: 1
    catalog: radio-ads
    buckets:
      spots: {{id: 8891, trash: bin}}
      bin: {{id: 8892}}
    defaults: {{bucket: spots}}
    files:
      spring:
        title: Spring ad
        source: {{audio_url: "https://ads.example.com/spring.mp3", sha256: "{"ab" * 32}"}}
        user_defined: {{artist: Acme}}
"""
MARK = {"catalog_key": "radio-ads/spring", "catalog_source": f"sha256:{'ab' * 8}"}
REPORT = """
import sys
before = set(sys.modules)
sys.argv = ['reconciler', *sys.argv[1:]]
from reconciler.__main__ import main
try:
    main()
except SystemExit as end:
    print('ENDED', end.code or 0, file=sys.stderr)
print('IMPORTED', *set(sys.modules) - before, file=sys.stderr)
"""
LEAN = {"click", "orjson"}
OFFLINE = LEAN | {"jsonschema_rs", "reconciler.catalog", "yaml"}
ONLINE = OFFLINE | {"reconciler.api", "requests", "ssl", "urllib3"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A bucket with one file, which is as it should be."""
    with running() as served:
        served.add_bucket("spots", id=8891)
        served.add_bucket("bin", id=8892)
        served.add_file(8891, title="Spring ad", user_defined={"artist": "Acme", **MARK}, state=1)
        yield served


@pytest.fixture(scope="module")
def place(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """Its catalogue, a saved plan, a snapshot, and a run that is taken back already."""
    work = Workplace(tmp_path_factory.mktemp("start"), sandbox.url)
    work.catalog(CATALOG)
    assert work.run("plan", "--out", "plan.json").code == 0
    work.catalog(CATALOG.replace("Acme", "Acme Inc"))
    assert work.run("apply", "--yes").code == 0
    (file,) = sandbox.files()
    sandbox.edit(file["id"], user_defined={"artist": "Acme", **MARK})
    work.catalog(CATALOG)
    assert work.run("snapshot", "--out", "live.json").code == 0
    return work


def imported(work: Workplace, *arguments: str, code: int = 0) -> set[str]:
    """What of the heavy modules a command imports that ends with this code."""
    env = {name: item for name, item in work.env.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, "-c", REPORT, *arguments],
        cwd=work.folder,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    said, _, names = done.stderr.rpartition("IMPORTED")
    assert (said.partition("ENDED ")[2].strip() or "0") == str(code), said
    return HEAVY & set(names.split())


@pytest.mark.parametrize(
    ("arguments", "may"),
    [
        ("--version", set()),
        ("--help", {"click"}),
        *((f"{name} --help", LEAN) for name in COMMANDS),
        ("validate", OFFLINE),
        ("validate --format github", OFFLINE | {"rich"}),
        ("pin", OFFLINE),
        ("plan --format json", ONLINE),
        ("plan", ONLINE | {"rich"}),
        ("plan --out plan.json", ONLINE | {"rich"}),
        ("plan --format markdown", ONLINE | {"rich"}),
        ("plan --snapshot live.json", OFFLINE | {"rich"}),
        ("plan --snapshot live.json --format json", OFFLINE),
        ("snapshot --out taken.json", ONLINE | {"rich"}),
        ("plan --format html", ONLINE | {"rich"}),
        ("plan --format svg", ONLINE | {"rich"}),
        ("plan --format github", ONLINE | {"rich"}),
        ("plan --format dotenv", ONLINE),
        ("plan --format terraform", ONLINE | {"rich"}),
        ("plan --format codequality", ONLINE | {"rich"}),
        ("drift --format markdown", ONLINE | {"rich"}),
        ("drift", ONLINE | {"rich"}),
        ("list", ONLINE | {"rich"}),
        ("apply --yes", ONLINE | {"rich", "rich.console", "filelock"}),
        ("revert last", ONLINE | {"rich"}),
        ("revert last --format json", ONLINE | {"rich"}),
        ("export --bucket 8891", ONLINE - {"jsonschema_rs"}),
        ("show plan.json", LEAN | {"jsonschema_rs", "rich"}),
        ("show plan.json --format json", LEAN | {"jsonschema_rs"}),
        ("show plan.json --format html", LEAN | {"jsonschema_rs", "rich"}),
        ("show plan.json --format svg", LEAN | {"jsonschema_rs", "rich"}),
        ("show plan.json --format dotenv", LEAN | {"jsonschema_rs"}),
        ("show plan.json --format github", LEAN | {"jsonschema_rs", "rich"}),
        ("purge --older-than 30d", ONLINE | {"rich"}),
        ("purge --older-than 30d --format json", ONLINE),
        ("audit verify", LEAN),
        ("report plan --help", LEAN),
        ("report snapshot --help", LEAN),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_command_imports_what_it_needs(place: Workplace, arguments: str, may: set[str]) -> None:
    assert imported(place, *arguments.split()) <= may


def test_a_report_that_cannot_begin_imports_nothing_to_ask_with(place: Workplace) -> None:
    may = LEAN | {"rich", "rich.console"}
    assert imported(place, "report", "plan", "plan.json", code=64) <= may
    assert imported(place, "report", "snapshot", "--out", "live.json", code=64) <= may


def test_the_sandbox_is_imported_by_its_own_command_only(place: Workplace) -> None:
    served = imported(place, "sandbox", "--quirk", "help")
    assert "flask" in served
    assert not served & {"deepdiff", "reconciler.api", "reconciler.catalog", "requests", "rich"}


def test_what_differs_is_described_and_what_is_wrong_explained(
    place: Workplace, sandbox: Sandbox
) -> None:
    """So that the lists above are not short for want of something to do."""
    assert {"requests", "yaml"} <= imported(place, "plan")
    place.catalog(CATALOG.replace("Acme", "Acme Inc"), "other.yaml")
    assert "deepdiff" in imported(place, "plan", "--catalog", "other.yaml")
    place.catalog(CATALOG.replace("title: Spring ad", "title: []"), "wrong.yaml")
    assert "jsonschema" in imported(place, "validate", "--catalog", "wrong.yaml", code=1)
