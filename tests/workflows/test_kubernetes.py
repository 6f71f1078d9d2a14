"""The CronJob does what its file says: its container's call is run, with a catalogue as a ConfigMap
lays it down, and ends as its rules for failures take it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.sandbox.console import Sandbox
from reconciler.sandbox.server import running
from tests.end_to_end.conftest import TOKEN, Ended, Workplace

ROOT = Path(__file__).resolve().parents[2]
JOB: dict[str, Any] = yaml.safe_load((ROOT / "examples/kubernetes/drift.yaml").read_text("utf-8"))[
    "spec"
]["jobTemplate"]["spec"]
(CONTAINER,) = JOB["template"]["spec"]["containers"]
CATALOG = """\
version: 1
catalog: radio-ads
buckets: {spots: {id: 8891}}
defaults: {bucket: spots}
files:
  spring-ad:
    title: Spring ad
    acr_id: 601a566c3d4d77dfdb220e750384f842
"""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running() as served:
        served.add_bucket("spots", id=8891)
        yield served


def as_configmap(folder: Path, text: str) -> Path:
    """A file behind two links, as the kubelet mounts it so that it can be exchanged at once."""
    held = folder / "..2026_11_26_05_17_00.1"
    held.mkdir(parents=True)
    (held / "catalog.yaml").write_text(text, "utf-8")
    (folder / "..data").symlink_to(held.name)
    (folder / "catalog.yaml").symlink_to("..data/catalog.yaml")
    return folder


def look(work: Workplace) -> Ended:
    """The container's own call, with its mounts where a test may have them."""
    folder = as_configmap(work.folder / "catalog", CATALOG)
    return work.run(*(each.replace("/catalog/", f"{folder}/") for each in CONTAINER["args"]))


@pytest.mark.parametrize("title", ["Spring ad", "Typed in the console"])
def test_it_fails_where_there_is_drift_and_says_what_has_changed(
    tmp_path: Path, sandbox: Sandbox, title: str
) -> None:
    mark = {"catalog_key": "radio-ads/spring-ad"}
    sandbox.add_file(
        8891, title=title, acr_id="601a566c3d4d77dfdb220e750384f842", user_defined=mark
    )
    ended = look(Workplace(tmp_path, sandbox.url))
    assert ended.code == (0 if title == "Spring ad" else 2), ended.err
    assert ("Typed in the console" in ended.out) == (title != "Spring ad")
    (rule,) = JOB["podFailurePolicy"]["rules"]
    assert rule["action"] == "FailJob"
    assert 2 in rule["onExitCodes"]["values"]
    assert 0 not in rule["onExitCodes"]["values"]


def test_it_holds_the_token_in_a_secret_alone_and_can_write_nowhere() -> None:
    (variable,) = (each for each in CONTAINER["env"] if each["name"] == "ACRCLOUD_ACCESS_TOKEN")
    assert set(variable) == {"name", "valueFrom"}
    assert "secretKeyRef" in variable["valueFrom"]
    assert TOKEN not in str(CONTAINER)
    assert CONTAINER["securityContext"]["readOnlyRootFilesystem"] is True
    assert all(each.get("readOnly") for each in CONTAINER["volumeMounts"] if each["name"] != "tmp")
