"""The options that commands share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, assert_never

import click
from click.core import ParameterSource

from reconciler.cli.duration import DURATION
from reconciler.core.plan import Options, Rule
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.ledger import Place

PLAN_FORMATS = (
    *("text", "markdown", "html", "svg", "json"),
    *("github", "dotenv", "terraform", "codequality"),
)

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class BranchName:
    """The name of a branch that git takes."""

    name: str


NamedLedger: TypeAlias = Path | BranchName | None
"""What `--ledger` says: a file, a branch, or nothing."""


def catalog_options(function: Function) -> Function:
    """Where the catalogue is, and its audio."""
    return _all(
        function,
        click.option(
            "--catalog",
            type=click.Path(path_type=Path),
            default=Path("catalog.yaml"),
            show_default=True,
            help="The catalogue.",
        ),
        click.option(
            "--source-root",
            type=click.Path(path_type=Path, file_okay=False, exists=True),
            help="Where sources lie that are not in the catalogue's folder.",
        ),
    )


def service_options(function: Function) -> Function:
    """How the service is reached."""
    return _all(
        function,
        click.option(
            "--token-file",
            help="Read the token from this file (- is standard input), "
            "instead of from ACRCLOUD_ACCESS_TOKEN.",
        ),
        click.option(
            "--concurrency",
            type=click.IntRange(1, 64),
            default=8,
            show_default=True,
            help="How many requests may be under way at once.",
        ),
        click.option(
            "--max-rps",
            type=click.FloatRange(min=0, min_open=True),
            help="Never send more requests a second than this.",
        ),
    )


def refresh_option(function: Function) -> Function:
    """How the buckets are read."""
    return _all(
        function,
        click.option(
            "--refresh",
            type=click.Choice(["list", "dump"]),
            default="list",
            show_default=True,
            help="How the buckets are read: page by page, or from the service's own dumps, of "
            "which it makes one a day for each bucket.",
        ),
    )


def snapshot_options(function: Function) -> Function:
    """What to plan from, instead of the service."""
    return _all(
        function,
        click.option(
            "--snapshot",
            type=click.Path(path_type=Path),
            metavar="LIVE.json",
            help="Plan from this file of `reconciler snapshot`, without a token and without the "
            "service. Such a plan is never applied.",
        ),
        click.option(
            "--max-age",
            type=DURATION,
            metavar="90s|10m|2h|7d",
            default="7d",
            show_default=True,
            help="With --snapshot: refuse one that is as old as this.",
        ),
    )


def plan_format_option(function: Function) -> Function:
    """In which form a plan is shown."""
    return _all(
        function,
        click.option(
            "--format",
            "form",
            type=click.Choice(PLAN_FORMATS),
            default=PLAN_FORMATS[0],
            show_default=True,
            help="text: for people. markdown: a comment on a pull request, or a step summary. "
            "html: a report for the browser. svg: its picture. json: for programs, the plan file's "
            "own bytes. github: annotations on the catalogue's lines. dotenv: outputs of a job, on "
            "GitHub and GitLab. terraform, codequality: GitLab's reports.",
        ),
        click.option(
            "--previous",
            metavar="PLAN.json",
            type=click.Path(path_type=Path),
            help="With --format markdown: say what changed since this plan.",
        ),
    )


def plan_output_options(function: Function) -> Function:
    """What becomes of a plan that a command makes: `out`, its format, and `detailed_exitcode`."""
    return _all(
        function,
        click.option("--out", type=click.Path(path_type=Path), help="Write the plan file here."),
        plan_format_option,
        click.option(
            "--detailed-exitcode", is_flag=True, help="End with 2 where there is something to do."
        ),
        verbose_option,
    )


def check_snapshot_options(snapshot: Path | None) -> None:
    """Raise `UsageError` where an option was given that would do nothing."""
    if snapshot is None:
        if _given("max_age"):
            raise UsageError("--max-age is the age of a snapshot: it goes with --snapshot")
    elif idle := _given("token_file", "concurrency", "max_rps", "refresh"):
        raise UsageError(
            f"--snapshot asks nothing of the service, so {' and '.join(idle)} would do nothing: "
            "leave one or the other out"
        )


def _given(*names: str) -> Sequence[str]:
    """Those of the options that stand on the command line."""
    context = click.get_current_context()
    return [
        f"--{name.replace('_', '-')}"
        for name in names
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    ]


def scope_option(function: Function) -> Function:
    """Which keys."""
    return _all(
        function,
        click.option(
            "--only",
            multiple=True,
            metavar="GLOB",
            help="Only keys that match; may be given several times.",
        ),
    )


def ledger_option(function: Function) -> Function:
    """Where the ledger is."""
    return _all(
        function,
        click.option(
            "--ledger",
            type=_Ledger(path_type=Path),
            help="The ledger: a file, or git:BRANCH for a branch of the repository's origin. "
            "Otherwise .reconciler/ledger.jsonl beside the catalogue.",
        ),
    )


def metrics_option(function: Function) -> Function:
    """Where the run is measured."""
    return _all(
        function,
        click.option(
            "--metrics",
            type=click.Path(path_type=Path),
            metavar="FILE.prom",
            callback=_check_metrics,
            help="Add how this run ended to this file, for the textfile collector of Prometheus' "
            "node exporter. Others may read it.",
        ),
    )


def notify_options(function: Function) -> Function:
    """Who is told of the run."""
    return _all(
        function,
        click.option(
            "--notify",
            type=click.Choice(["slack", "json"]),
            help="Post what there is to say to the webhook in RECONCILER_WEBHOOK_URL: in Slack's "
            "shape, or as JSON for programs.",
        ),
        click.option(
            "--webhook-file",
            type=click.Path(path_type=Path),
            help="With --notify: read the webhook's address from this file instead.",
        ),
    )


def verbose_option(function: Function) -> Function:
    """How much is shown."""
    return _all(
        function,
        click.option(
            "-v",
            "--verbose",
            is_flag=True,
            help="Show every change, the marks, and where the time went.",
        ),
    )


def ledger_place(ledger: NamedLedger, catalog: Path) -> "Place":
    """The ledger's place: the one that was named, or the one beside the catalogue."""
    folder = catalog.resolve().parent
    match ledger:
        case None:
            return folder / ".reconciler" / "ledger.jsonl"
        case Path():
            return ledger
        case BranchName(name):
            from reconciler.ledger import Branch

            return Branch(name, folder)
        case _:
            assert_never(ledger)


def allow_option(function: Function) -> Function:
    """Which guardrails are let pass."""
    return _all(
        function,
        click.option(
            "--allow",
            multiple=True,
            metavar="RULE=N",
            callback=_parse_allow,
            help="Let a guardrail pass up to N of what it counts; may be given several times. "
            f"Rules: {', '.join(rule.value for rule in Rule)}.",
        ),
    )


def plan_options(function: Function) -> Function:
    """What a plan is asked for beyond the catalogue."""
    return _all(
        scope_option(allow_option(function)),
        click.option(
            "--retry-broken",
            is_flag=True,
            help="Upload again the sources of files that the service could not process.",
        ),
    )


def options_of(only: Sequence[str], allow: dict[Rule, int], *, retry_broken: bool) -> Options:
    """The plan's options. Globs are a set: their order and repetition mean nothing."""
    return Options(allow=allow, only=tuple(sorted(set(only))), retry_broken=retry_broken)


class _Ledger(click.Path):
    """A file, or `git:BRANCH`. A file of such a name is written as `./git:...`."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """A `Path` or a `BranchName`."""
        scheme, colon, name = str(value).partition(":")
        if scheme != "git" or not colon:
            return super().convert(value, param, ctx)
        from reconciler.ledger.places import check_branch

        try:
            return BranchName(check_branch(name))
        except ValueError as error:
            raise click.BadParameter(f"{value!r}: {error}", ctx, param) from error


def _all(function: Function, *options: Callable[[Function], Function]) -> Function:
    for option in reversed(options):
        function = option(function)
    return function


def _check_metrics(
    _context: click.Context, _parameter: click.Parameter, path: Path | None
) -> Path | None:
    """The collector reads no file of another name; and whoever names the catalogue by mistake, or
    the ledger, does not lose it."""
    if path is not None and path.suffix != ".prom":
        raise click.BadParameter(f"{str(path)!r} is not read by Prometheus: name it FILE.prom")
    return path


def _parse_allow(
    _context: click.Context, _parameter: click.Parameter, values: Sequence[str]
) -> dict[Rule, int]:
    allowed: dict[Rule, int] = {}
    for value in values:
        rule, _, number = value.partition("=")
        if rule not in {known.value for known in Rule}:
            known_rules = ", ".join(known.value for known in Rule)
            raise click.BadParameter(f"there is no rule {rule!r}; there are {known_rules}")
        if not (number.isascii() and number.isdigit()):
            raise click.BadParameter(f"{value!r} does not say how many: {rule}=N")
        allowed[Rule(rule)] = int(number)
    return allowed
