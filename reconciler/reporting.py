"""Puts plans, applies and drift before the people who have to know: as a comment, as an issue.

with connected_forge(job, clock=SystemClock(), proxies=lambda url: {}) as forge:
    report_plan(forge, plan, Planned(number, head, run, "reconciler-plan"), schema, print)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from reconciler.core.codec import Made
from reconciler.core.drift_codec import DriftReport
from reconciler.core.log import Run
from reconciler.core.plan import Plan
from reconciler.errors import (
    ForgeError,
    ForgeUnclear,
    PlanFileError,
    SnapshotError,
    UsageError,
)
from reconciler.forge.deciding import (
    Found,
    applied_of,
    comments_of,
    is_same_text,
    issues_of,
    merged_by,
    requests_of,
    why_left,
)
from reconciler.forge.marker import AppliedMarker, DriftMarker, PlanMarker, PulledMarker
from reconciler.forge.model import Comment, Forge, Issue
from reconciler.planfile import plan_in
from reconciler.render.applied_markdown import applied_markdown
from reconciler.render.drift_markdown import drift_markdown, pulled_markdown
from reconciler.render.fitting import LIMIT
from reconciler.render.plan_markdown import plan_markdown
from reconciler.snapshot import snapshot_in

_MOST_VALUES: Final = 2_000_000
"""Of what is fetched: so many commas. A few bytes of JSON may be a hundred in memory."""
Say: TypeAlias = Callable[[str], None]
"""Takes a sentence for whoever reads the log of the job."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What a plan is about, and where it is kept."""

    number: int
    """The pull or merge request's."""
    head: str
    """The commit of it that was planned."""
    run: int
    artifact: str


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What was reviewed before a commit was merged."""

    number: int | None = None
    """The pull or merge request's; None where there was none."""
    digest: str | None = None
    """The plan's that was commented there; None where there was none."""
    plan: tuple[Plan, Made] | None = None
    """The plan itself, where it is still to be had."""


@dataclass(frozen=True, slots=True)
class Published:
    """A snapshot that a branch keeps."""

    data: bytes
    """It is one, unchanged since it was written."""
    taken_at: str


def report_plan(forge: Forge, plan: Plan, planned: Planned, schema: bytes, say: Say) -> str:
    """Put the plan on its pull request as a comment, in the place of the one that is there. What
    was done, in a sentence. `schema`: the plan's. Raises `ForgeError`."""
    where = f"{forge.request} {planned.number}"
    marker = PlanMarker(plan.catalog, planned.head, planned.run, plan.digest, planned.artifact)
    if PlanMarker.of(str(marker)) != marker:
        raise UsageError(
            f"the catalogue {plan.catalog[:100]!r} or the artifact {planned.artifact!r} has a name "
            "that does not go into a comment"
        )
    found = _comments(forge, planned.number, plan.catalog, say)
    body = _comment(marker, plan, _previous(forge, found, planned.run, schema, say))
    # As late as can be: another run may have written meanwhile, or be about to, of a newer head.
    if found.ours:
        found = comments_of(forge.comments(planned.number), plan.catalog, forge.me())
    why = why_left(found, marker, forge.head_of(planned.number))
    if why is not None:
        return f"{where} is left as it is: {why}"
    if not found.ours:
        _once(
            lambda: forge.add_comment(planned.number, body),
            lambda: _is_there(forge, planned.number, marker),
        )
        return f"the plan is a new comment on {where}"
    comments = [comment for _, comment in found.ours]
    return _update(forge, planned.number, comments, body, _Words(where, "plan"))


def find_reviewed(forge: Forge, catalog: str, commit: str, schema: bytes, say: Say) -> Reviewed:
    """The plan that was reviewed before a commit was merged. Raises `ForgeError`."""
    merged = merged_by(forge.merged_as(commit), commit)
    if merged is None:
        say(f"commit {commit[:12]} is the merge of no {forge.request}, or of none alone")
        return Reviewed()
    found = _comments(forge, merged.number, catalog, say)
    marker = found.latest
    if marker is None:
        say(f"no plan of {catalog} was commented on {forge.request} {merged.number}")
        return Reviewed(merged.number)
    if marker.head != merged.head:
        say(
            f"the plan that was commented is of {marker.head[:12]}, and {merged.head[:12]} was "
            "merged"
        )
    plan = _kept_plan(forge, marker, schema, say)
    return Reviewed(merged.number, marker.digest, plan)


def report_applied(forge: Forge, run: Run, ledger: str, commit: str, say: Say) -> str:
    """Say on the pull request that a commit came from how its apply ended, in the place of what is
    said there. What was done, in a sentence. `ledger`: what the ledger is called. Raises
    `ForgeError`."""
    merged = merged_by(forge.merged_as(commit), commit)
    if merged is None:
        say(f"commit {commit[:12]} is the merge of no {forge.request}, or of none alone")
        return "how the apply ended is commented nowhere"
    catalog, words = run.about.catalog, _Words(f"{forge.request} {merged.number}", "outcome")
    marker = AppliedMarker(catalog, run.seq)
    if AppliedMarker.of(str(marker)) != marker:
        raise UsageError(f"the catalogue {catalog[:100]!r} has a name that goes into no comment")
    body = f"{marker}\n{applied_markdown(run, ledger, limit=LIMIT - len(str(marker)) - 1)}"
    found = applied_of(forge.comments(merged.number), catalog, forge.me())
    if any(old.seq > run.seq for old, _ in found):
        return f"{words.where} is left as it is: a later apply is commented there"
    if found:
        return _update(forge, merged.number, [comment for _, comment in found], body, words)
    _once(
        lambda: forge.add_comment(merged.number, body),
        lambda: bool(applied_of(forge.comments(merged.number), catalog, forge.me())),
    )
    return f"how the apply ended is a new comment on {words.where}"


def report_drift(forge: Forge, report: DriftReport, say: Say) -> str:
    """Have one issue open while there is drift, and none while there is none. What was done, in a
    sentence. Raises `ForgeError`, or `UsageError` where not all was compared."""
    if report.drift.only:
        globs = " ".join(f"--only {glob}" for glob in report.drift.only)
        raise UsageError(
            f"this drift is of a part ({globs}), and the issue is about all of {report.catalog}: "
            "look for drift without --only"
        )
    ours = issues_of(forge.issues(), report.catalog, forge.me())
    if not report.drift.items:
        return _no_drift(forge, report.catalog, ours, say)
    marker = str(DriftMarker(report.catalog))
    body = f"{marker}\n{drift_markdown(report.drift, limit=LIMIT - len(marker) - 1)}"
    for extra in ours[1:]:
        forge.close_issue(extra.number)
    if not ours:
        title = f"Drift: {report.catalog} is not as its catalogue has it"
        _once(
            lambda: forge.add_issue(title, body),
            lambda: bool(issues_of(forge.issues(), report.catalog, forge.me())),
        )
        return "an issue is open with the drift"
    if is_same_text(ours[0].body, body):
        return f"issue {ours[0].number} has this drift already"
    forge.edit_issue(ours[0].number, body)
    return f"issue {ours[0].number} has the drift as it is now"


def report_pulled(
    forge: Forge, report: DriftReport, branch: str, base: str | None, say: Say
) -> str:
    """Have one pull request open as long as a branch is there, which takes what was edited live
    into the catalogue. `report`: the drift as it was before; `base`: where it is to be merged, the
    default branch where that is None. What was done, in a sentence. Raises `ForgeError`."""
    found = forge.requests_from(branch)
    ours = requests_of(found, report.catalog, forge.me())
    for other in found:
        if other not in ours:
            say(f"{forge.request} {other.number} is from {branch}, is not ours, and is let be")
    # Asked also where the base is named: a project that cannot be seen is not without the branch.
    default = forge.default_branch()
    if not forge.has_branch(branch):
        for request in ours:
            forge.close_request(request.number)
        closed = ", ".join(str(request.number) for request in ours)
        return f"there is nothing to take in{f': closed {forge.request} {closed}' * bool(ours)}"
    marker = str(PulledMarker(report.catalog))
    body = f"{marker}\n{pulled_markdown(report.drift, limit=LIMIT - len(marker) - 1)}"
    if not ours:
        title = f"Take what was edited live into {report.catalog}"
        _once(
            lambda: forge.add_request(branch, base or default, title, body),
            lambda: bool(requests_of(forge.requests_from(branch), report.catalog, forge.me())),
        )
        return f"a {forge.request} is open that takes in what was edited live"
    if is_same_text(ours[0].body, body):
        return f"{forge.request} {ours[0].number} says so already"
    forge.edit_request(ours[0].number, body)
    return f"{forge.request} {ours[0].number} says what was edited live by now"


def find_snapshot(
    forge: Forge, artifact: str, schema: bytes, say: Say, *, branch: str | None = None
) -> Published | None:
    """The newest snapshot that a branch of the project keeps, the default branch where none is
    named; None where it keeps none. `schema`: the snapshot's.

    Raises `ForgeError`, and `SnapshotError` where what is kept is none."""
    data = forge.snapshot_of(artifact, branch)
    if data is None:
        where = "the default branch" if branch is None else branch
        say(f"no run of {where} keeps a snapshot as {artifact!r}, or none any more")
        return None
    doing = f"reading the snapshot in {artifact!r}"
    if data.count(b",") > _MOST_VALUES:
        raise SnapshotError(f"{doing}: it holds too much")
    return Published(data, snapshot_in(data, schema, doing).at)


def _comments(forge: Forge, number: int, catalog: str, say: Say) -> Found:
    found = comments_of(forge.comments(number), catalog, forge.me())
    for other in found.others:
        say(
            f"comment {other.id} on {forge.request} {number} is by {other.author}, looks like "
            "one of ours, and is let be"
        )
    return found


def _comment(marker: PlanMarker, plan: Plan, previous: Plan | None) -> str:
    head = f"{marker}\n"
    room = LIMIT - len(head.encode())
    return head + plan_markdown(plan, limit=room, previous=previous, artifact=marker.artifact)


def _previous(forge: Forge, found: Found, run: int, schema: bytes, say: Say) -> Plan | None:
    """The plan that the comment shows until now, where it is still to be had."""
    latest = found.latest
    if latest is None or latest.run == run:
        return None
    kept = _kept_plan(forge, latest, schema, say)
    return None if kept is None else kept[0]


def _kept_plan(
    forge: Forge, marker: PlanMarker, schema: bytes, say: Say
) -> tuple[Plan, Made] | None:
    """The plan that a comment is about. What its run has kept may have been put there by anybody,
    so it counts only with the digest that we have written into the comment."""
    try:
        data = forge.plan_of(marker.run, marker.artifact)
        plan, made = _read(data, schema, f"reading the plan of run {marker.run}")
    except (ForgeError, PlanFileError) as error:
        say(f"the plan of run {marker.run} is not to be had: {error}")
        return None
    if (plan.digest, plan.catalog) != (marker.digest, marker.catalog):
        say(f"what run {marker.run} keeps is not the plan of its comment: it is not used")
        return None
    return plan, made


def _read(data: bytes, schema: bytes, doing: str) -> tuple[Plan, Made]:
    if data.count(b",") > _MOST_VALUES:
        raise PlanFileError(f"{doing}: it holds too much")
    return plan_in(data, schema, doing)


@dataclass(frozen=True, slots=True)
class _Words:
    where: str
    what: str


def _update(forge: Forge, number: int, ours: Sequence[Comment], body: str, words: _Words) -> str:
    """Give the oldest comment this text; the others are told to be superseded."""
    oldest, *extras = ours
    where, what = words.where, words.what
    is_same = is_same_text(oldest.body, body)
    if not is_same:
        forge.edit_comment(number, oldest.id, body)
    for extra in extras:
        forge.edit_comment(number, extra.id, f"Superseded: the {what} is in an earlier comment.\n")
    if is_same:
        return f"the comment on {where} has this {what} already"
    return f"the comment on {where} has the new {what}"


def _is_there(forge: Forge, number: int, marker: PlanMarker) -> bool:
    found = comments_of(forge.comments(number), marker.catalog, forge.me())
    return any(each == marker for each, _ in found.ours)


def _no_drift(forge: Forge, catalog: str, ours: tuple[Issue, ...], say: Say) -> str:
    if not ours:
        return "no drift, and no issue that is open about it"
    for issue in ours:
        forge.close_issue(issue.number)
    try:
        # Never twice: it is of no use to anybody who has read it once.
        forge.add_issue_comment(ours[0].number, f"There is no drift of {catalog} any more.\n")
    except ForgeUnclear as error:
        say(f"{error}; the issue is closed, and whether that was commented is not known")
    return f"no drift any more: issue {ours[0].number} is closed"


def _once(add: Callable[[], None], is_there: Callable[[], bool]) -> None:
    """Add something. Where nobody knows whether that was done, look for it, and add it once more
    only where it is not there."""
    try:
        add()
    except ForgeUnclear:
        if is_there():
            return
        try:
            add()
        except ForgeUnclear:
            if not is_there():
                raise
