"""`reconciler report`."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reconciler.cli.options import NamedLedger, ledger_option, ledger_place
from reconciler.cli.output import Output, with_output
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.forge.job import Job
    from reconciler.forge.model import Forge

_LARGEST_EVENT = 25 * 1024 * 1024
_LONGEST_NAME = 255
_ARTIFACTS = {"github": "reconciler-plan", "gitlab": "plan"}
_SNAPSHOTS = {"github": "reconciler-snapshot", "gitlab": "snapshot"}

Function = TypeVar("Function", bound=Callable[..., Any])


@click.group("report")
def command() -> None:
    """Tell people on GitHub or GitLab: comments on pull requests, and issues. And ask there.

    It is made for jobs there, and takes from their variables where it is. GITHUB_TOKEN or
    GITLAB_TOKEN must be set.
    """


def _check_name(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> str | None:
    if value is not None and not (value.isprintable() and 0 < len(value) <= _LONGEST_NAME):
        raise click.BadParameter("a name is 1 to 255 characters that can be seen")
    return value


_forge_option = click.option(
    "--forge",
    "kind",
    type=click.Choice(["github", "gitlab"]),
    help="Where, outside of the jobs of both.",
)
_author_option = click.option(
    "--author",
    metavar="LOGIN",
    help="Who the token writes as, where it may not ask. Otherwise github-actions[bot].",
)


@command.command("plan", short_help="Put a plan on its pull request as a comment.")
@click.argument("plan_file", metavar="PLAN.json", type=click.Path(path_type=Path))
@click.option(
    "--artifact",
    metavar="NAME",
    callback=_check_name,
    help="Under which name the run keeps plan.json: of the artifact on GitHub (reconciler-plan), "
    "of the job on GitLab (plan).",
)
@click.option(
    "--pull-request",
    type=click.IntRange(min=1),
    metavar="N",
    help="The pull or merge request, where the job does not say it.",
)
@_author_option
@_forge_option
@with_output
def plan_command(
    plan_file: Path,
    artifact: str | None,
    pull_request: int | None,
    author: str | None,
    kind: str | None,
    output: Output,
) -> None:
    """Put a plan on its pull request as a comment, in the place of the one that is there."""
    from reconciler.forge.job import job_of, request_of
    from reconciler.planfile import read_plan
    from reconciler.reporting import Planned, report_plan
    from reconciler.shipped import schema

    job = job_of(os.environ, kind)
    request = request_of(job, pull_request, _event)
    form = schema("plan.schema.json")
    plan, _ = read_plan(plan_file, form)
    name = artifact or _ARTIFACTS[job.kind]
    planned = Planned(request.number, request.head, job.run, name)
    with _forge(job, author) as forge:
        output.tell(report_plan(forge, plan, planned, form, output.say))


@command.command("reviewed", short_help="After a merge, say which plan was reviewed.")
@click.option(
    "--catalog",
    type=click.Path(path_type=Path),
    default=Path("catalog.yaml"),
    show_default=True,
    help="The catalogue. Only its name is read.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Write the reviewed plan here.")
@click.option("--commit", metavar="SHA", help="The commit, where it is not the job's.")
@_author_option
@_forge_option
@with_output
def reviewed_command(
    catalog: Path,
    out: Path | None,
    commit: str | None,
    author: str | None,
    kind: str | None,
    output: Output,
) -> None:
    """After a merge: which plan was reviewed on the pull request that the commit came from.

    It prints `reviewed_digest=` and `pull_request=`, each with nothing behind it where there is
    none.
    """
    from reconciler.catalog.name import name_of
    from reconciler.forge.job import is_commit, job_of
    from reconciler.planfile import write_plan
    from reconciler.reporting import find_reviewed
    from reconciler.shipped import schema

    if commit is not None and not is_commit(commit):
        raise UsageError(f"--commit {commit[:100]!r} is not a commit in full")
    job = job_of(os.environ, kind)
    commit = commit or job.commit
    name, form = name_of(catalog), schema("plan.schema.json")
    with _forge(job, author) as forge:
        found = find_reviewed(forge, name, commit, form, output.say)
    if out is not None and found.plan is not None:
        write_plan(out, *found.plan)
    output.tell(f"reviewed_digest={found.digest or ''}")
    output.tell(f"pull_request={found.number or ''}")


@command.command("applied", short_help="After an apply, say on its request how it ended.")
@click.option(
    "--catalog",
    type=click.Path(path_type=Path),
    default=Path("catalog.yaml"),
    show_default=True,
    help="The catalogue. Only its name is read.",
)
@ledger_option
@click.option(
    "--run",
    "run_id",
    metavar="RUN",
    help="Which run, with its own commit, if not the last of the job's commit.",
)
@click.option("--commit", metavar="SHA", help="The commit, where it is not the job's.")
@_author_option
@_forge_option
@with_output
def applied_command(
    catalog: Path,
    ledger: NamedLedger,
    run_id: str | None,
    commit: str | None,
    author: str | None,
    kind: str | None,
    output: Output,
) -> None:
    """After an apply: say how it ended on the pull request that its commit came from.

    What it says is the ledger's: the counts, whether it converged, and the anchor, which is kept
    there by somebody who cannot change the ledger. Where the ledger has no run of the commit,
    nothing is commented.
    """
    from reconciler.catalog.name import name_of
    from reconciler.forge.job import is_commit, job_of
    from reconciler.ledger.log import read_log, run_of
    from reconciler.reporting import report_applied

    if commit is not None and not is_commit(commit):
        raise UsageError(f"--commit {commit[:100]!r} is not a commit in full")
    job = job_of(os.environ, kind)
    named, commit = commit, commit or job.commit
    log = read_log(ledger_place(ledger, catalog))
    if log.error is not None:
        raise log.error
    run = run_of(log, name_of(catalog), run_id, commit)
    if run is None:
        output.tell(f"{log.place}: no run of {run_id or commit[:12]}, and so nothing to comment")
        return
    if named is None and run.about.commit is not None and is_commit(run.about.commit):
        commit = run.about.commit
    with _forge(job, author) as forge:
        output.tell(report_applied(forge, run, str(log.place), commit, output.say))


@command.command("snapshot", short_help="Fetch the snapshot that the default branch keeps.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="LIVE.json",
    help="Write the snapshot here.",
)
@click.option(
    "--artifact",
    metavar="NAME",
    callback=_check_name,
    help="Under which name live.json is kept: of the artifact on GitHub (reconciler-snapshot), of "
    "the job on GitLab (snapshot).",
)
@click.option(
    "--branch",
    metavar="NAME",
    callback=_check_name,
    help="Whose runs count, if not those of the default branch.",
)
@_forge_option
@with_output
def snapshot_command(
    out: Path,
    artifact: str | None,
    branch: str | None,
    kind: str | None,
    output: Output,
) -> None:
    """Fetch the snapshot that the default branch keeps, for `plan --snapshot`.

    Only what its own runs keep counts, and no pull request's. It prints `snapshot_taken_at=`, with
    nothing behind it where there is no snapshot; then nothing is written, and that is no error.
    """
    from reconciler.forge.job import job_of
    from reconciler.reporting import find_snapshot
    from reconciler.shipped import schema
    from reconciler.snapshot import keep_snapshot

    job = job_of(os.environ, kind)
    name, form = artifact or _SNAPSHOTS[job.kind], schema("snapshot.schema.json")
    with _forge(job) as forge:
        found = find_snapshot(forge, name, form, output.say, branch=branch)
    if found is not None:
        keep_snapshot(out, found.data)
    output.tell(f"snapshot_taken_at={'' if found is None else found.taken_at}")


@command.command("drift", short_help="Keep one issue open while there is drift.")
@click.argument("drift_file", metavar="DRIFT.json", type=click.Path(path_type=Path))
@_author_option
@_forge_option
@with_output
def drift_command(drift_file: Path, author: str | None, kind: str | None, output: Output) -> None:
    """Have one issue open while there is drift, and none while there is none.

    DRIFT.json is what `reconciler drift --out` has written, or its `--format json`.
    """
    from reconciler.driftfile import read_drift
    from reconciler.forge.job import job_of
    from reconciler.reporting import report_drift
    from reconciler.shipped import schema

    job = job_of(os.environ, kind)
    report = read_drift(drift_file, schema("drift.schema.json"))
    with _forge(job, author) as forge:
        output.tell(report_drift(forge, report, output.say))


@command.command("pulled", short_help="Keep one request open that takes live edits in.")
@click.argument("drift_file", metavar="DRIFT.json", type=click.Path(path_type=Path))
@click.option(
    "--branch",
    required=True,
    metavar="NAME",
    callback=_check_name,
    help="Where the job has pushed the catalogue as `reconciler pull` has written it.",
)
@click.option(
    "--base",
    metavar="NAME",
    callback=_check_name,
    help="The branch to merge it into, if not the default branch.",
)
@_author_option
@_forge_option
@with_output
def pulled_command(
    drift_file: Path,
    branch: str,
    base: str | None,
    author: str | None,
    kind: str | None,
    output: Output,
) -> None:
    """Have one pull request open that takes what was edited live into the catalogue.

    DRIFT.json is what `reconciler drift --out` has written before `reconciler pull`. Where the
    branch is not there, nothing is to be taken in: then a pull request of ours from it is closed.
    """
    from reconciler.driftfile import read_drift
    from reconciler.forge.job import job_of
    from reconciler.reporting import report_pulled
    from reconciler.shipped import schema

    job = job_of(os.environ, kind)
    report = read_drift(drift_file, schema("drift.schema.json"))
    with _forge(job, author) as forge:
        output.tell(report_pulled(forge, report, branch, base, output.say))


@contextmanager
def _forge(job: "Job", author: str | None = None) -> "Iterator[Forge]":
    from reconciler.cli import environment
    from reconciler.clock import SystemClock
    from reconciler.forge.connecting import connected_forge

    with connected_forge(
        job,
        clock=SystemClock(),
        proxies=environment.proxies,
        ca_bundle=environment.ca_bundle(),
        author=author,
    ) as forge:
        yield forge


def _event(path: str) -> Mapping[str, Any]:
    """GitHub's event, from the file that it is in."""
    import orjson

    from reconciler import regular

    try:
        data, _ = regular.read(Path(path), _LARGEST_EVENT)
        event = orjson.loads(data)
    except (regular.NotReadError, ValueError) as error:
        raise UsageError(f"the event in GITHUB_EVENT_PATH cannot be read: {error}") from None
    return event if isinstance(event, dict) else {}
