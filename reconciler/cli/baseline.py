"""What of a drift is accepted for now: the options, and the baseline."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from reconciler.clock import SystemClock
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.cli.output import Output
    from reconciler.core.drift import Acceptance, Drift
    from reconciler.core.model import DesiredState, Key
    from reconciler.core.pull import RestOf

Command = Callable[..., int | None]

_LONGEST_REASON: Final = 1_000
"""Characters, as in the baseline's schema."""
_MOST_HINTS: Final = 3


@dataclass(frozen=True, slots=True)
class Baseline:
    """Where it is, and whether what is found is to be accepted from now on."""

    path: Path | None
    """None: beside the catalogue, where one is there."""
    write: bool
    reason: str
    until: str

    def judge(
        self,
        drift: "Drift",
        desired: "DesiredState",
        catalog: Path,
        output: "Output",
        *,
        unmanaged: bool,
    ) -> "Drift":
        """The drift without what is accepted. What is accepted and not there is warned of.
        `catalog`: where it is. Raises `BaselineError`."""
        from reconciler.baselinefile import NAME, add_to_baseline, read_baseline
        from reconciler.core.baseline import accepted_by, to_accept
        from reconciler.shipped import schema

        path = self.path or catalog.parent / NAME
        form = schema("baseline.schema.json")
        must_be_there = self.path is not None and not self.write
        judged = partial(
            accepted_by,
            drift=drift,
            today=_today(),
            compare=desired.rules.compare,
            unmanaged=unmanaged,
        )
        found = judged(read_baseline(path, form) if must_be_there or _is_there(path) else ())
        if self.write:
            new = to_accept(found.items, reason=self.reason, until=self.until)
            if new:
                add_to_baseline(path, form, new)
                found = judged(read_baseline(path, form))
            output.say(f"{path}: {len(new)} accepted until {self.until}")
        _warn_of_idle(found.idle, desired, output)
        return found


def rest_of(path: Path | None, catalog: Path, desired: "DesiredState") -> "RestOf":
    """What of an item the baseline does not accept. `path`: None: beside the catalogue, where one
    is there. Raises `BaselineError`."""
    from reconciler.core import baseline

    of_key: dict[Key | None, list[Acceptance]] = defaultdict(list)
    for one in _read(path, catalog):
        of_key[one.key].append(one)
    today, compare = _today(), desired.rules.compare
    # A long baseline is looked through once, and not for every item.
    return lambda item: baseline.rest_of(
        item, of_key.get(item.key, ()), today=today, compare=compare
    )


def _read(path: Path | None, catalog: Path) -> Sequence["Acceptance"]:
    from reconciler.baselinefile import NAME, read_baseline
    from reconciler.shipped import schema

    beside = catalog.parent / NAME
    if path is None and not _is_there(beside):
        return ()
    return read_baseline(path or beside, schema("baseline.schema.json"))


def _today() -> str:
    return datetime.fromtimestamp(SystemClock().now(), UTC).date().isoformat()


def _is_there(path: Path) -> bool:
    """What cannot be looked at is said by who reads it."""
    try:
        return path.exists()
    except OSError:
        return True


def _warn_of_idle(idle: Sequence["Acceptance"], desired: "DesiredState", output: "Output") -> None:
    if not idle:
        return
    from difflib import get_close_matches

    from reconciler.render.drift_words import is_idle, named

    for number, one in enumerate(idle):
        near: Sequence[str] = ()
        # Among many keys it takes a second for each.
        if number < _MOST_HINTS and one.key is not None and one.key not in desired.entries:
            near = get_close_matches(one.key, desired.entries, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        output.warn(f"{one.place}: {named(one)}: {is_idle(one)}{hint}")


baseline_option = click.option(
    "--baseline",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What of the drift is accepted for now. Otherwise drift-baseline.yaml beside the "
    "catalogue, where it is there.",
)


def baseline_options(function: Command) -> Command:
    """Give the command its `Baseline`."""

    @baseline_option
    @click.option(
        "--write-baseline",
        is_flag=True,
        help="Accept all drift that is found: add it to the baseline.",
    )
    @click.option("--reason", metavar="TEXT", help="With --write-baseline: why.")
    @click.option(
        "--until",
        metavar="YYYY-MM-DD",
        help="With --write-baseline: the last day on which it is accepted, UTC.",
    )
    @wraps(function)
    def command(
        *args: Any,
        baseline: Path | None,
        write_baseline: bool,
        reason: str | None,
        until: str | None,
        **kwargs: Any,
    ) -> int | None:
        asked = _asked(baseline, reason, until, write=write_baseline)
        return function(*args, baseline=asked, **kwargs)

    return command


def _asked(path: Path | None, reason: str | None, until: str | None, *, write: bool) -> Baseline:
    if not write:
        if reason is not None or until is not None:
            raise UsageError("--reason and --until go with --write-baseline")
        return Baseline(path, write, "", "")
    if not reason or until is None:
        raise UsageError("--write-baseline takes a --reason, and --until which day it is accepted")
    if len(reason) > _LONGEST_REASON:
        raise UsageError(
            f"the --reason is {len(reason):,} characters long: a baseline takes {_LONGEST_REASON:,}"
        )
    try:
        day = date.fromisoformat(until)
    except ValueError:
        raise UsageError(f"--until {until[:100]!r}: expected a day such as 2026-12-31") from None
    if day < datetime.fromtimestamp(SystemClock().now(), UTC).date():
        raise UsageError(f"--until {day}: that day is over")
    return Baseline(path, write, reason, day.isoformat())
