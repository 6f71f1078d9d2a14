"""A machine that does to a small world whatever can be done to it, in any order, and looks after
every step whether all is as it must be.

| must be true                                                     | who says so            |
|------------------------------------------------------------------|------------------------|
| what each request that writes must find                          | `witness`              |
| what was done is on a ledger, and in a plan; chains hold         | `World.is_sound`       |
| files of nobody's business are as they were                      | `theirs_are_untouched` |
| a run that was refused has sent nothing                          | `_ended`               |
| what is refused is refused for a reason                          | `_is_refused_rightly`  |
| a run that says that it converged is right                       | `_ended`               |
| in the end a few runs converge, and one more sends nothing       | `teardown`             |
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from reconciler.applying import Finished
from reconciler.core.outcome import Applied, Stale
from reconciler.core.plan import Create, Delete, Move, Plan, Update
from reconciler.errors import RefusedByGuardrail, ServiceError, StalePlan
from reconciler.sandbox.faults import meanwhile, on
from tests.simulation.edits import (
    CATALOGUE,
    LIVE,
    MEANWHILE,
    TIME,
    Edit,
    edit_catalogue,
    edit_live,
    let_time_pass,
    title_of,
)
from tests.simulation.remedies import MOST_DELETES, mend, reasons
from tests.simulation.stories import FAULTS, Hit
from tests.simulation.witness import Seen, Witness, key_of
from tests.simulation.world import Died, Refused, Wanted

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Sequence

    from reconciler.sandbox.faults import AnyRule, Request
    from tests.crashing.points import Mode
    from tests.simulation.stories import MakeWorld
    from tests.simulation.world import Ended

_QUIRKS = ("", "", "put=merge", "unknown_id=skipped", "unknown_id=refused")
_SETTLED = 200.0
"""Seconds after which nothing that was sent is still on its way."""
_ENOUGH = 6
"""So many runs without a fault, at most, until nothing is left to do."""


_SMALL = st.integers(0, 19)
_MEND = "mend"
_ONE = st.builds(Edit, st.sampled_from((*CATALOGUE, *LIVE, *TIME)), _SMALL, _SMALL)
_EDITS = st.builds(
    lambda edits, then: [*edits, *then],
    st.lists(_ONE, min_size=1, max_size=4),
    st.sampled_from(([Edit(_MEND, 0, 0)], [Edit(_MEND, 0, 0)], [])),
)
"""What happens between two runs; most see that the next is not refused."""
_WHILE_IT_RUNS = st.builds(Edit, st.sampled_from(MEANWHILE), _SMALL, _SMALL)
_AT = st.integers(1, 25)
"""The number of a request."""
_HITS = st.builds(
    lambda what, name, nth, times: Hit(
        what, nth, list(FAULTS[what])[name % len(FAULTS[what])], times
    ),
    # Most requests read: without more weight a write would seldom meet a fault.
    st.sampled_from((*FAULTS, *("upload", "update", "move", "delete") * 2)),
    st.integers(0, 99),
    st.sampled_from((1, 1, 2, 3)),
    st.sampled_from((1, 1, 2, 5)),
)
_DO = {
    **dict.fromkeys(CATALOGUE, edit_catalogue),
    **dict.fromkeys(LIVE, edit_live),
    **dict.fromkeys(TIME, let_time_pass),
}
_MODES = st.sampled_from(("kill", "power", "torn power"))


class Simulation(RuleBasedStateMachine):
    """One world. `seen` counts what has occurred."""

    def __init__(self, make_world: MakeWorld, seen: Counter[str]) -> None:
        super().__init__()
        self._make_world = make_world
        self._seen = seen
        self._kept: list[Plan] = []
        self._around = sys.exception()

    @initialize(
        quirk=st.sampled_from(_QUIRKS),
        sources=st.lists(st.integers(0, 9), min_size=2, max_size=4),
        trash=st.booleans(),
    )
    def begin(self, quirk: str, sources: list[int], trash: bool) -> None:
        """A catalogue of which some is done, and somebody else's files."""
        self.world = self._make_world(quirk)
        self.world.trash = trash
        self.world.limits["max_deletes"] = MOST_DELETES
        self.witness = Witness(self.world)
        self.world.watching = (self.witness.rule(),)
        self.world.clock.on_sleep = self._release
        for key, source in zip("abcd", sources, strict=False):
            entry = Wanted(title_of(key, 0), source=str(source), values={"artist": "Acme"})
            self.world.entries[key] = entry
            if source < 7:
                self.world.add(key, entry.title, source=entry.source, values=entry.values)
        self.world.add(None, "Somebody's")
        self.world.add(None, "Another's", values={"catalog_key": "other/a"})
        self._remember_theirs()

    def _happen(self, edits: Sequence[Edit]) -> None:
        """One after another; whatever was on its way has arrived before."""
        self._release()
        for edit in edits:
            if edit.name == _MEND:
                mend(self.world, self.witness)
                self._seen["mended"] += 1
            else:
                self._seen[edit.name] += _DO[edit.name](self.world, edit)
        self._remember_theirs()

    # What the product does.

    @precondition(lambda self: len(self._kept) < 3)
    @rule(edits=_EDITS)
    def plan_and_keep_it(self, edits: list[Edit]) -> None:
        self._happen(edits)
        self._kept.append(self._plan())
        self._seen["plan"] += 1

    @rule(edits=_EDITS)
    def apply(self, edits: list[Edit]) -> None:
        self._happen(edits)
        self._apply()
        self._seen["apply"] += 1

    @precondition(lambda self: self._kept)
    @rule(edits=_EDITS, which=st.integers(0, 3), hits=st.lists(_HITS, max_size=1))
    def apply_a_plan_that_was_kept(self, edits: list[Edit], which: int, hits: list[Hit]) -> None:
        self._happen(edits)
        reviewed = self._kept[-1 - which % len(self._kept)]
        self._apply(*(hit.rule() for hit in hits), reviewed=reviewed, is_clean=not hits)
        self._seen["apply a kept plan"] += 1

    @rule(edits=_EDITS, since=_EDITS)
    def apply_a_plan_that_was_just_made(self, edits: list[Edit], since: list[Edit]) -> None:
        self._happen(edits)
        reviewed = self._plan()
        self._happen(since)
        self._apply(reviewed=reviewed)
        self._seen["apply a new plan"] += 1

    @rule(edits=_EDITS, hits=st.lists(_HITS, min_size=1, max_size=3))
    def apply_and_meet_faults(self, edits: list[Edit], hits: list[Hit]) -> None:
        self._happen(edits)
        self.world.front.log.clear()
        self._apply(*(hit.rule() for hit in hits), is_clean=False)
        for played in self.world.front.log:
            if played.fault is not None:
                reads = played.kind in ("list", "get")
                self._seen["fault: read" if reads else "fault: write"] += 1

    @rule(
        edits=_EDITS,
        die_at=st.integers(1, 90),
        mode=_MODES,
        seed=st.integers(0, 9),
        hits=st.lists(_HITS, max_size=1),
    )
    def apply_and_die(
        self, edits: list[Edit], die_at: int, mode: Mode, seed: int, hits: list[Hit]
    ) -> None:
        self._happen(edits)
        rules = [hit.rule() for hit in hits]
        ended = self._apply(*rules, is_clean=False, die_at=die_at, mode=mode, seed=seed)
        self._seen[f"died: {mode}"] += isinstance(ended, Died)

    @rule(edits=_EDITS, at=_AT, then=_WHILE_IT_RUNS)
    def apply_while_somebody_edits(self, edits: list[Edit], at: int, then: Edit) -> None:
        def edit(request: Request) -> None:
            self._seen["meanwhile"] += edit_live(self.world, then)
            self._remember_theirs()

        self._happen(edits)
        self._apply(self._meanwhile(at, edit), is_clean=False)

    @rule(edits=_EDITS)
    def apply_elsewhere(self, edits: list[Edit]) -> None:
        self._happen(edits)
        self._elsewhere()
        self._seen["apply elsewhere"] += 1

    @rule(edits=_EDITS, at=_AT)
    def apply_at_two_places_at_once(self, edits: list[Edit], at: int) -> None:
        def run(request: Request) -> None:
            self._elsewhere()
            self._seen["two at once"] += 1

        self._happen(edits)
        self._apply(self._meanwhile(at, run), is_clean=False)

    def _meanwhile(self, at: int, doing: Callable[[Request], None]) -> AnyRule:
        """Just before the request with this number."""
        self._release()

        def done(request: Request) -> None:
            try:
                self.witness.disturbed()
                self.world.is_sound()
                doing(request)
                self.world.is_sound()
                self.witness.disturbed()
            except AssertionError as error:
                self.witness.wrong.append(repr(error))

        return on("any", meanwhile(before=done), nth=at)

    def _apply(
        self, *rules: AnyRule, is_clean: bool = True, reviewed: Plan | None = None, **how: Any
    ) -> Ended:
        """One run, and what must be true at its end. `is_clean`: nothing has gone wrong, and
        nobody else did anything."""
        # What comes late comes before anything else is done about it.
        if is_clean:
            self._release()
        seen = self.witness.begins(self.world.here, fresh=reviewed is None)
        ended, _ = self.world.apply(*rules, reviewed=reviewed, **how)
        self._ended(ended, seen, None if reviewed is None else self._judged(reviewed))
        if is_clean:
            self._is_as_told(ended, fresh=reviewed is None)
        return ended

    def _judged(self, reviewed: Plan) -> set[str]:
        """By which keys a run of a plan that was kept is judged. A file of a key that no entry has
        may be the renamed one of an entry of which the plan says nothing: then it stays."""
        keys = {str(change.key) for change in reviewed.changes}
        orphans = {key_of(file) for file in self.witness.orphans()}
        return {key for key in keys if key in self.world.entries or key in orphans}

    def _elsewhere(self) -> None:
        seen = self.witness.begins(self.world.elsewhere)
        ended = self.world.apply_elsewhere()
        self._ended(ended, seen, None)

    def _ended(self, ended: Ended, seen: Seen, keys: set[str] | None) -> None:
        self.witness.look_at_creates()
        match ended:
            case Died(at=at):
                self._seen["died"] += 1
                self._seen[f"died: {at.rpartition(' ')[2]}"] += 1
            case Refused(error=error):
                assert seen.writes == 0, f"{error!r}, and something was sent"
                assert isinstance(error, (RefusedByGuardrail, StalePlan, ServiceError)), error
                self._seen[f"refused: {type(error).__name__}"] += 1
            case Finished() if ended.converged:
                # What is done after its last look it cannot know.
                if seen.disturbed < max(1, seen.last_write):
                    self.world.is_as_wanted(keys)
                self._seen["converged"] += 1
        if isinstance(ended, Finished):
            self._count(ended)

    def _count(self, ended: Finished) -> None:
        for outcome in ended.report.outcomes.values():
            self._seen[type(outcome).__name__.lower()] += 1
        for change in ended.report.changes:
            if not isinstance(ended.report.outcomes.get(change.id), Applied):
                continue
            match change:
                case Create(replaces=int()):
                    self._seen["replaced"] += 1
                case Move(trash=True):
                    self._seen["thrown away"] += 1
                case Move(from_bucket="bin"):
                    self._seen["came back"] += 1
                case Delete(keeps=int()):
                    self._seen["duplicate deleted"] += 1
                case Create() | Delete() | Move() | Update():
                    self._seen[f"{type(change).__name__.lower()} applied"] += 1

    def _is_as_told(self, ended: Ended, *, fresh: bool) -> None:
        """Nothing has gone wrong: so nothing fails, and what is refused is so for a reason."""
        if isinstance(ended, Finished):
            assert ended.report.fatal is None, ended.report.fatal
            ends = ended.report.outcomes.values()
            assert all(isinstance(outcome, (Applied, Stale)) for outcome in ends), ends
        elif isinstance(ended, Refused) and fresh:
            assert isinstance(ended.error, RefusedByGuardrail), ended.error
            self._is_refused_rightly()

    # What must be true after every step.

    @invariant()
    def nothing_went_wrong(self) -> None:
        if not hasattr(self, "witness"):
            return
        self.witness.look_at_creates()
        assert not self.witness.wrong, self.witness.wrong
        self.world.is_sound()

    @invariant()
    def theirs_are_untouched(self) -> None:
        if hasattr(self, "theirs"):
            for number, before in self.theirs.items():
                assert self.world.sandbox.file(number) == before

    def _remember_theirs(self) -> None:
        files = self.world.sandbox.files()
        self.theirs = {file["id"]: file for file in files if key_of(file) is None}

    def _release(self) -> None:
        """Whatever was on its way arrives."""
        if self.world.front.release():
            self.witness.released()
            self.world.is_sound()

    def _plan(self) -> Plan:
        self.witness.begins(self.world.here)
        return self.world.plan()

    def _is_refused_rightly(self) -> None:
        said = {(str(found.rule), found.key) for found in self._plan().violations}
        assert said, "it was refused, and nothing says why"
        unfounded = said - reasons(self.world, self.witness)
        assert not unfounded, f"{unfounded} is no reason"
        for name, _ in said:
            self._seen[f"refused: {name}"] += 1

    # What must be true in the end.

    def teardown(self) -> None:
        if not hasattr(self, "witness") or sys.exception() is not self._around:
            return  # it went wrong before
        self.world.clock.sleep(_SETTLED)
        for file in self.world.sandbox.files():
            if file["state"] != 1:
                self.world.sandbox.edit(file["id"], state=1)
        self._remember_theirs()
        ended: Ended | None = None
        for _ in range(_ENOUGH):
            ended = self._apply()
            self.nothing_went_wrong()
            if isinstance(ended, Refused):
                mend(self.world, self.witness)
                self._remember_theirs()
            elif isinstance(ended, Finished) and ended.converged:
                break
        assert isinstance(ended, Finished), ended
        assert ended.converged, ended
        assert self._plan() == self._plan()
        assert self._plan().changes == ()
        before = len(self.world.sandbox.mutations)
        again = self._apply()
        assert isinstance(again, Finished)
        assert again.converged
        assert len(self.world.sandbox.mutations) == before, "one more run did something"
        self.nothing_went_wrong()
        self.theirs_are_untouched()
