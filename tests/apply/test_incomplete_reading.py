"""I9: what is read in part, or is no answer, proves nothing to be missing and nothing to be there:
nothing is created and nothing is deleted, whatever it was that went wrong with the listing."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.api import WriteClient
from reconciler.api.pace import Pace
from reconciler.api.transport import Transport
from reconciler.apply import Halt, Settings, Silent
from reconciler.applying import Finished, Run, Work, apply_plan, work_of
from reconciler.core.model import DesiredState, Source, SourceKind
from reconciler.core.plan import Options, Rule
from reconciler.core.planner import make_plan
from reconciler.errors import RefusedByGuardrail, ServiceError
from reconciler.sandbox.faults import (
    Fault,
    bad_gzip,
    cut_answer,
    empty,
    html,
    lost_answer,
    meanwhile,
    on,
    playing,
    rewritten,
    said_no,
    status,
    truncated,
    unfinished,
    wrong_length,
)
from reconciler.sandbox.quirks import Quirks
from reconciler.sandbox.server import running
from tests.apply.fake_clock import FakeClock
from tests.core.scenario import given

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.sandbox.console import Sandbox
    from reconciler.sandbox.faults import Front

Answer = dict[str, Any]


def wanted() -> DesiredState:
    """One entry, whose file the service can make of what it has."""
    desired, _ = given("entry new spots s1")
    (entry,) = desired.entries.values()
    source = Source(SourceKind.ACRID, "0123456789abcdef0123456789abcdef", "acrid:1")
    return replace(desired, entries={entry.key: replace(entry, source=source)})


@dataclass
class Desk:
    """A catalogue with a file to create and one to delete, and the service behind a front."""

    desired: DesiredState
    service: WriteClient
    front: Front
    sandbox: Sandbox
    clock: FakeClock
    folder: Path

    def plan(self) -> Work:
        return work_of(make_plan(self.desired, self.service.read_live(), Options()))

    def apply(self, work: Work) -> Finished:
        return apply_plan(
            work,
            desired=self.desired,
            service=self.service,
            run=Run("r", self.folder / "ledger", self.folder / "locks", Settings(wait=False), {}),
            clock=self.clock,
            halt=Halt(self.clock),
            progress=Silent(),
        )


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Desk]:
    clock, desired = FakeClock(), wanted()
    with running(quirks=Quirks(max_per_page=2)) as sandbox, playing(sandbox) as front:
        sandbox.add_bucket("spots", id=1)
        sandbox.add_bucket("archive", id=2)
        sandbox.add_files(1, [{"id": n, "title": f"T{n}"} for n in range(11, 16)])
        sandbox.add_file(1, id=21, title="Old", user_defined={"catalog_key": "radio/orphan"})
        transport = Transport(base_url=front.url, token="any", clock=clock, connections=2)
        with closing(transport):
            service = WriteClient(
                buckets=desired.buckets,
                transport=transport,
                pace=Pace(clock),
                clock=clock,
                concurrency=2,
            )
            yield Desk(desired, service, front, sandbox, clock, tmp_path)


def with_files(answer: Answer, *files: Any) -> Answer:
    return {**answer, "data": list(files)}


def with_meta(answer: Answer, **meta: int) -> Answer:
    return {**answer, "meta": {**answer["meta"], **meta}}


NO_ANSWER = {
    "F4: reset": lost_answer(),
    "F5: half": cut_answer(),
    "F10: short": wrong_length(),
    "F11: truncated": truncated(),
    "F12: unfinished": unfinished(),
    "F13: bad gzip": bad_gzip(),
    "F20: 500": status(500),
    "F24: a page": html(),
    "F26: an error": said_no(),
    "F27: nothing": empty(200),
    "no data": rewritten(lambda answer: {"meta": answer["meta"]}),
    "no meta": rewritten(lambda answer: {"data": answer["data"]}),
    "F47: a file without id": rewritten(lambda answer: with_files(answer, {"title": "T"})),
    "F56: a file of elsewhere": rewritten(
        lambda answer: with_files(answer, *({**each, "bucket_id": 9} for each in answer["data"]))
    ),
}
A_PART = {
    "one file less": rewritten(lambda answer: with_files(answer, *answer["data"][1:])),
    "F42: a file twice": rewritten(
        lambda answer: with_files(answer, answer["data"][0], *answer["data"][:-1])
    ),
    "F43: more announced": rewritten(lambda answer: with_meta(answer, total=99)),
    "F43: fewer pages announced": rewritten(lambda answer: with_meta(answer, last_page=1)),
}


def every_spot(fault: Fault) -> Any:
    return on("list", fault, where=lambda request: "/buckets/1/" in request.path)


def test_a_whole_reading_leads_to_both(at: Desk) -> None:
    """So that the other tests can fail."""
    at.apply(at.plan())
    assert [mutation.what for mutation in at.sandbox.mutations] == ["create", "delete"]


@pytest.mark.parametrize("fault", NO_ANSWER.values(), ids=NO_ANSWER)
def test_what_is_no_answer_makes_no_plan(at: Desk, fault: Fault) -> None:
    at.front.play(every_spot(fault))
    with pytest.raises(ServiceError):
        at.plan()


def comes_and_goes(at: Desk) -> Fault:
    """Somebody makes a file and deletes the one before, at every page that is read."""

    def act(_request: object) -> None:
        at.sandbox.delete(max(file["id"] for file in at.sandbox.files(1) if file["id"] != 21))
        at.sandbox.add_file(1, title="Another")

    return meanwhile(before=act)


@pytest.mark.parametrize("fault", [*A_PART.values(), None], ids=[*A_PART, "F40, F41: a shift"])
def test_what_is_a_part_makes_a_plan_that_is_refused(at: Desk, fault: Fault | None) -> None:
    at.front.play(every_spot(fault or comes_and_goes(at)))
    work = at.plan()
    assert Rule.INCOMPLETE in {violation.rule for violation in work.plan.violations}
    with pytest.raises(RefusedByGuardrail):
        at.apply(work)
    assert at.sandbox.mutations == []
    assert not (at.folder / "ledger").exists()


@pytest.mark.parametrize(
    "fault", [*NO_ANSWER.values(), *A_PART.values()], ids=[*NO_ANSWER, *A_PART]
)
def test_what_goes_wrong_after_the_plan_creates_nothing(at: Desk, fault: Fault) -> None:
    work = at.plan()
    at.front.play(every_spot(fault))
    finished = at.apply(work)
    assert "create" not in {mutation.what for mutation in at.sandbox.mutations}
    assert not finished.converged
