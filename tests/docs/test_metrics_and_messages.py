"""docs/metrics-and-messages.md says what is written and what is posted, and its commands run."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

import jsonschema
import pytest

from reconciler.core.metrics import FAMILIES
from reconciler.shipped import schema
from tests.api.servers import answer, serving
from tests.docs.pages import ROOT, blocks
from tests.end_to_end.conftest import sandbox, spots, work

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Workplace

__all__ = ["sandbox", "spots", "work"]

PAGE = (ROOT / "docs" / "metrics-and-messages.md").read_text("utf-8")
NOTIFYING = re.findall(r"^ {4,}reconciler (.*--notify.*)$", PAGE, re.MULTILINE)


def test_the_table_has_every_series_with_its_kind_and_labels() -> None:
    rows = re.findall(r"^\| `(reconciler_\w+)` \| (\w+) \| ([^|]*) \|", PAGE, re.MULTILINE)
    assert [(name, kind, tuple(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows] == [
        (family.name, family.kind.value, family.labels) for family in FAMILIES.values()
    ]


def test_alerts_speak_of_series_and_labels_that_are_there() -> None:
    for expression in re.findall(r"expr: (.*)", PAGE):
        for name, labels in re.findall(r"(reconciler_\w+)(?:\{([^}]*)\})?", expression):
            named = set(re.findall(r"(\w+)=", labels))
            assert named <= set(FAMILIES[name].labels), expression


def test_the_message_is_as_its_schema_says() -> None:
    (example,) = blocks(PAGE, "json")
    jsonschema.validate(json.loads(example), json.loads(schema("message.schema.json")))


@pytest.mark.parametrize("arguments", NOTIFYING)
def test_a_command_that_notifies(spots: Workplace, arguments: str) -> None:
    with serving(answer(200, b"ok")) as server:
        (spots.folder / "home").mkdir()
        path = spots.folder / "home" / ".reconciler-webhook"
        path.touch(0o600)
        path.write_text(f"{server.url}/hook\n")
        said = arguments.replace("~", str(path.parent))
        ended = spots.run(*shlex.split(said), env={"RECONCILER_WEBHOOK_URL": f"{server.url}/hook"})
        assert ended.code == (2 if arguments.startswith("drift") else 0), ended.err
        assert [request.line for request in server.requests] == ["POST /hook HTTP/1.1"]


def test_the_commands_that_notify_are_found() -> None:
    assert len(NOTIFYING) == 3
