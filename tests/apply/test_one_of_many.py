"""F37: the service refuses one of many. The others go on, and the ledger has how each ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.apply import Settings
from reconciler.errors import Rejected
from tests.apply.fake_service import Fault

if TYPE_CHECKING:
    from tests.apply.conftest import MakeBench

REFUSED = Fault(Rejected("422: title: Too long.", status=422))
MANY = "\n".join(
    f"entry new{n} spots s{n} \n entry old{n} spots s1{n} x=1 \n file {n} spots old{n} s1{n} x=2"
    for n in (1, 2, 3)
)


def test_one_that_is_refused_stops_none_of_the_others(bench: MakeBench) -> None:
    ran = bench(MANY)
    ran.service.script("create", None, REFUSED)
    ran.service.script("update", None, REFUSED)
    report = ran.run(Settings(concurrency=1))
    assert {
        record["id"]: (record["outcome"], record["status"], record.get("why"))
        for record in ran.recorded()
        if record["kind"] == "change.ended"
    } == {
        "create:new1": ("applied", 200, None),
        "create:new2": ("failed", 422, "422: title: Too long."),
        "create:new3": ("applied", 200, None),
        "update:1": ("applied", 200, None),
        "update:2": ("failed", 422, "422: title: Too long."),
        "update:3": ("applied", 200, None),
    }
    assert report.left == ()
    assert report.fatal is None
