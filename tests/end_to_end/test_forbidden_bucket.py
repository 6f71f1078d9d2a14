"""F30: the token may not see one of the catalogue's buckets. What is in it is not known then, and
so is not known what is missing in the others: nothing is planned, and nothing is sent."""

from typing import Literal

import pytest

from reconciler.sandbox.console import Sandbox
from reconciler.sandbox.faults import on, playing, status
from tests.end_to_end.conftest import Workplace

FORBIDDEN = status(403, {"message": "This bucket is not yours."})


@pytest.mark.parametrize(
    ("command", "what"),
    [(("plan",), "bucket"), (("apply", "--yes"), "list")],
    ids=["plan", "apply"],
)
def test_is_7_and_nothing_is_sent(
    spots: Workplace, sandbox: Sandbox, command: tuple[str, ...], what: Literal["bucket", "list"]
) -> None:
    rule = on(what, FORBIDDEN, where=lambda request: "/8892" in request.path)
    with playing(sandbox, rule) as front:
        ended = spots.run(*command, env={"RECONCILER_BASE_URL": front.url})
        assert sum("/8892" in played.path and played.kind == what for played in front.log) == 1
    assert ended.code == 7
    assert "bucket archive (8892)" in ended.err
    assert "403: This bucket is not yours." in ended.err
    assert sandbox.mutations == []
    assert not (spots.folder / ".reconciler").exists()
