"""What a plan comes to and was asked for, in words that every form of it uses."""

from collections.abc import Callable, Iterator, Mapping
from typing import assert_never

from reconciler.core.comparison import Comparison
from reconciler.core.plan import Options, Purge, Revert, Summary, Way
from reconciler.render.change_text import VERBS, Verb
from reconciler.render.page import counted
from reconciler.render.safe import visible
from reconciler.render.values import size_text

_MOST_KEYS = 10


def asked_for(options: Options) -> Iterator[str]:
    """The options, as the command line has them; the globs are not visible yet."""
    for rule in sorted(options.allow):
        yield f"--allow {rule}={options.allow[rule]}"
    for glob in options.only:
        yield f"--only {glob}"
    if options.retry_broken:
        yield "--retry-broken"
    if isinstance(options.way, Purge):
        yield f"purge, in the trash before {options.way.before}"
        if options.way.unknown:
            yield "--include-unknown"


def instead(way: Way | None, name: Callable[[str], str] = visible) -> str | None:
    """What the plan takes back, instead of bringing about what the catalogue says; None where it
    takes nothing back. `name`: how the run and the keys are written."""
    match way:
        case None | Purge():
            return None
        case Revert(run=run, keys=()):
            return f"Takes back run {name(run)}"
        case Revert(run=run, keys=keys):
            more = f" and {len(keys) - _MOST_KEYS:,} more" if len(keys) > _MOST_KEYS else ""
            named = ", ".join(map(name, keys[:_MOST_KEYS]))
            word = "key" if len(keys) == 1 else "keys"
            return f"Takes back run {name(run)}, {word} {named}{more}"
        case _:
            assert_never(way)


def otherwise(since: Comparison) -> Iterator[str]:
    """What else than its changes was different about the earlier plan."""
    if since.catalog:
        yield "it was of another catalogue"
    if since.origin:
        yield "it was for another service, or for other buckets"
    if since.options:
        yield "it was asked for with other options"


def to_do(totals: Mapping[Verb, int]) -> str:
    """`3 to create, 1 to delete`."""
    return ", ".join(f"{count:,} to {verb.word}" for verb, count in totals.items() if count)


def doing(summary: Summary) -> str:
    """The same for a whole plan, in the order in which it is done; `Nothing to do`."""
    counts = (summary.create, summary.move, summary.update, summary.delete)
    return to_do(dict(zip(VERBS, counts, strict=True))) or "Nothing to do"


def more(left_out: Mapping[Verb, int]) -> str:
    """`992 more updates, 1 more move`; nothing where nothing is left out."""
    return ", ".join(
        counted(count, f"more {verb.word}") for verb, count in left_out.items() if count
    )


def not_to_do(summary: Summary) -> str:
    """The files for which nothing is done."""
    return (
        f"{summary.unchanged:,} unchanged, {summary.foreign:,} foreign, {summary.pending:,} pending"
    )


def cost(summary: Summary) -> str:
    """What it takes: `1.2 MB to upload, 1 user_defined value removed, 5 requests`."""
    uploads = f"{size_text(summary.upload_bytes)} to upload" if summary.create else ""
    removed = summary.removed_values
    values = f"{counted(removed, 'user_defined value')} removed" if removed else ""
    return ", ".join(filter(None, (uploads, values, counted(summary.requests, "request"))))
