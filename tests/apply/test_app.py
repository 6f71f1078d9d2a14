"""What Python programs call: reading, drift, listing and export, on a running sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.app import (
    Connection,
    connected,
    export_bucket,
    find_drift,
    list_entries,
    load,
    read_live,
)
from reconciler.core.model import LiveState
from reconciler.errors import NotThere, ServiceError
from reconciler.sandbox.server import running
from tests.apply.fake_clock import FakeClock
from tests.core.scenario import given

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.sandbox.console import Sandbox

CATALOG = """\
version: 1
catalog: radio
buckets: {spots: {id: 8891}}
defaults: {bucket: spots}
files:
  a: {title: A, user_defined: {x: 1}}
"""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running(clock=FakeClock()) as served:
        served.add_bucket("Spots of spring", id=8891)
        served.add_file(8891, title="A", user_defined={"catalog_key": "radio/a", "x": 2})
        served.add_file(8891, title="B", user_defined={"y": 1})
        yield served


@pytest.fixture
def connection() -> Connection:
    return Connection(token="secret", clock=FakeClock())


def test_what_reads_cannot_write(sandbox: Sandbox, connection: Connection, tmp_path: Path) -> None:
    (tmp_path / "catalog.yaml").write_text(CATALOG, "utf-8")
    desired = load(tmp_path / "catalog.yaml", environment_base_url=sandbox.url).desired
    with connected(desired.base_url, desired.buckets, connection) as service:
        assert not hasattr(service, "create")
        live = read_live(service)
    find_drift(desired, live, ledger=tmp_path / "none")
    assert [row.key for row in list_entries(desired, live)] == ["a"]
    assert sandbox.mutations == []


def test_an_exported_bucket(sandbox: Sandbox, connection: Connection) -> None:
    exported = export_bucket(sandbox.url, 8891, connection, name="radio")
    assert [entry.title for entry in exported.entries] == ["B"]
    assert exported.left_out == 1
    with pytest.raises(NotThere):
        export_bucket(sandbox.url, 1, connection)


def test_drift_of_a_listing_that_is_not_proved_is_not_told(tmp_path: Path) -> None:
    desired, live = given("bucket spots 1 incomplete='2 of 3 came' \n entry a spots s1")
    assert isinstance(live, LiveState)
    with pytest.raises(ServiceError, match=r"listing bucket spots .* not proved complete: 2 of 3"):
        find_drift(desired, live, ledger=tmp_path / "none")


def test_a_connection_does_not_show_its_token(connection: Connection) -> None:
    assert "secret" not in repr(connection)
