"""How an apply ended, for a comment on the pull request that it came from.

**Applied**: 2 applied, 0 stale, 0 failed, 0 unknown, 0 left: converged

Run `3f2a9c41d07e` by `octocat`, from 2026-03-01T09:30:00Z to 2026-03-01T09:30:07Z
Commit `4e1f...`, plan `sha256:...`, ledger `git:ledger` at `20:sha256:...`
"""

from collections.abc import Iterator, Sequence

from reconciler.core.log import Deed, Ending, Run
from reconciler.render.fitting import LIMIT, Room, fitted
from reconciler.render.markdown import cell, code

_LONGEST = 200
_KEY = 128
_MESSAGE = 160
_MOST = 100


def applied_markdown(run: Run, ledger: str, *, limit: int = LIMIT) -> str:
    """How the run ended, in less than `limit` bytes of UTF-8; ends with a newline. `ledger`: what
    the ledger is called. What did not end as applied is listed, as far as it fits."""
    rest = [deed for deed in run.deeds if deed.ending is not Ending.APPLIED]
    return fitted(min(len(rest), _MOST), limit, lambda room: _blocks(run, ledger, rest, room))


def _blocks(run: Run, ledger: str, rest: Sequence[Deed], room: Room) -> Iterator[str]:
    about, end = run.about, run.end
    if end is None:
        yield "**The apply has no end on its ledger**: it was killed, or is at it\n"
    else:
        said = ", ".join(f"{count:,} {name}" for name, count in end.counts.items())
        how = "Applied" if end.converged else "Not applied to the end"
        converged = "converged" if end.converged else "not converged"
        yield f"**{how}**: {said}: {converged}\n"
    who = "" if about.actor is None else f" by {code(about.actor, _LONGEST)}"
    until = "" if end is None else f" to {code(end.at, _LONGEST)}"
    of = [
        f"{what} {code(value, _LONGEST)}"
        for what, value in (("commit", about.commit), ("plan", about.plan))
        if value is not None
    ]
    yield f"Run {code(about.run, _LONGEST)}{who}, from {code(about.at, _LONGEST)}{until}\n"
    if of:
        yield f"Of {', '.join(of)}\n"
    if end is not None:
        yield (
            f"Ledger {code(ledger, _LONGEST)} at {code(end.anchor, _LONGEST)}: "
            "keep it, for `reconciler audit verify --anchor`\n"
        )
        if end.error is not None:
            yield f"It was ended by {code(end.error, _LONGEST)}\n"
    if rest:
        shown = rest[: room.rows]
        rows = "".join(map(_row, shown))
        if shown:
            yield f"| change | key | ended | why |\n|---|---|---|---|\n{rows}"
        if len(shown) < len(rest):
            yield f"… and {len(rest) - len(shown):,} more that did not end as applied\n"


def _row(deed: Deed) -> str:
    key = "" if deed.key is None else cell(deed.key, _KEY)
    why = cell(deed.why, _MESSAGE) if deed.why else ""
    return f"| {cell(deed.id, _KEY)} | {key} | {deed.ending} | {why} |\n"
