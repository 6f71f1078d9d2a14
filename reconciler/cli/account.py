"""`--metrics` and `--notify`: how a command ended, told to those who did not watch.

It is told at every end, an error's too, and once the command itself has said all. A message that
cannot be posted is a warning; metrics that cannot be written are an error.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from reconciler.cli import exits
from reconciler.cli.options import metrics_option, notify_options
from reconciler.cli.output import Output
from reconciler.clock import SystemClock
from reconciler.errors import (
    BaselineError,
    CatalogError,
    MetricsFileError,
    ReconcilerError,
    UsageError,
)

if TYPE_CHECKING:
    from reconciler.api.counting import CallCounter
    from reconciler.applying import Finished, Work
    from reconciler.core.drift import Drift
    from reconciler.core.ending import Applying, Ending
    from reconciler.core.model import DesiredState
    from reconciler.webhook import Webhook

Command: TypeAlias = Callable[..., int | None]


@dataclass(slots=True)
class Account:
    """What a command notes as it goes along."""

    path: Path | None = None
    """The catalogue's."""
    counter: "CallCounter | None" = None
    """Of the requests, where somebody wants to know."""
    desired: "DesiredState | None" = None
    drift: "Drift | None" = None
    applying: "Applying | None" = None
    fatal: ReconcilerError | None = None
    """What ended an apply that was begun."""

    def applied(self, work: "Work", finished: "Finished") -> None:
        """Note what an apply did."""
        from reconciler.core.ending import Applying

        self.applying = Applying(
            changes=work.plan.changes,
            outcomes=finished.report.outcomes,
            converged=finished.converged,
            anchor=finished.anchor,
        )
        self.fatal = finished.report.fatal

    def ending(self, command: str, code: int, error: BaseException | None = None) -> "Ending":
        """How the command ended."""
        from reconciler.core.ending import Calls, Ending

        desired, error = self.desired, error or self.fatal
        return Ending(
            command=command,
            exit_code=code,
            at=SystemClock().now(),
            catalog=self._name_after(error) if desired is None else desired.catalog,
            buckets=() if desired is None else tuple(desired.buckets),
            error=None if error is None else _said(error),
            drift=self.drift,
            applying=self.applying,
            calls=Calls() if self.counter is None else self.counter.so_far(),
        )

    def _name_after(self, error: BaseException | None) -> str | None:
        """The name of a catalogue of which something else is wrong."""
        if self.path is None or not isinstance(error, CatalogError):
            return None
        from reconciler.catalog.name import name_of

        try:
            return name_of(self.path)
        except CatalogError:
            return None


def accounted(name: str) -> Callable[[Command], Command]:
    """Below `with_output`, for a command that takes an `account`: give it the options, and tell
    how it ended."""

    def decorated(function: Command) -> Command:
        @metrics_option
        @notify_options
        @wraps(function)
        def command(
            *args: Any,
            metrics: Path | None,
            notify: str | None,
            webhook_file: Path | None,
            output: Output,
            **kwargs: Any,
        ) -> int:
            account, told = Account(kwargs.get("catalog")), _Told(metrics, output)
            try:
                told.notifies(notify, webhook_file)
                if metrics is not None:
                    account.counter = _counter()
                code = function(*args, account=account, output=output, **kwargs) or 0
            except BaseException as error:
                code = exits.of_error(error)
                unwritten = told.of(account.ending(name, code, error))
                if unwritten is not None and exits.first_of(code, 1) != code:
                    output.error(str(error))
                    raise unwritten from None
                if unwritten is not None:
                    output.error(str(unwritten))
                raise
            unwritten = told.of(account.ending(name, code))
            if unwritten is None:
                return code
            output.error(str(unwritten))
            return exits.first_of(code, 1)

        return command

    return decorated


class _Told:
    """Those who are told."""

    def __init__(self, metrics: Path | None, output: Output) -> None:
        self._metrics = metrics
        self._output = output
        self._form = ""
        self._webhook: Webhook | None = None

    def notifies(self, form: str | None, webhook_file: Path | None) -> None:
        """Those of `--notify`. Raises `UsageError`."""
        if form is None:
            if webhook_file is not None:
                raise UsageError("--webhook-file is where to --notify: it goes with that")
            return
        from reconciler.cli import environment
        from reconciler.webhook import Webhook

        url = environment.webhook_url(webhook_file)
        proxies, ca_bundle = environment.proxies(url), environment.ca_bundle()
        self._form = form
        self._webhook = Webhook(url, clock=SystemClock(), proxies=proxies, ca_bundle=ca_bundle)

    def of(self, ending: "Ending") -> MetricsFileError | None:
        """Tell them. What is answered is why the metrics could not be written."""
        unwritten = None
        if self._metrics is not None:
            try:
                self._write(self._metrics, ending)
            except MetricsFileError as error:
                unwritten = error
        if self._webhook is not None:
            self._post(self._webhook, ending)
        return unwritten

    def _write(self, path: Path, ending: "Ending") -> None:
        from reconciler.core.metrics import series_after
        from reconciler.metricsfile import read_metrics, write_metrics
        from reconciler.render.prometheus import NotOursError, exposition, series_in

        try:
            before = series_in(read_metrics(path) or "")
        except (MetricsFileError, NotOursError) as error:
            why = str(error) if isinstance(error, MetricsFileError) else f"{path}: {error}"
            self._output.warn(f"{why}: it is written anew, and what it said is lost")
            before = {}
        write_metrics(path, "".join(exposition(series_after(before, ending))))

    def _post(self, webhook: "Webhook", ending: "Ending") -> None:
        from reconciler.cli import environment
        from reconciler.cli.showing import made_now
        from reconciler.core.message import is_worth_telling, message_of
        from reconciler.http.origins import is_plain
        from reconciler.render.message_json import message_json
        from reconciler.render.message_slack import message_slack
        from reconciler.webhook import NotPostedError

        if not is_worth_telling(ending):
            return
        made, ci_run = made_now(), environment.ci_run()
        message = message_of(
            ending,
            at=made.created_at,
            tool=made.tool,
            ci_run=ci_run if ci_run is not None and is_plain(ci_run) else None,
        )
        written = message_slack(message) if self._form == "slack" else message_json(message)
        try:
            with self._output.busy("posting to the webhook"):
                webhook.post(written)
        except NotPostedError as error:
            self._output.warn(
                f"posting to the webhook at {webhook.host}: {error}; nobody was told, and nothing "
                "else is changed by it"
            )


def _counter() -> "CallCounter":
    from reconciler.api.counting import CallCounter

    return CallCounter()


def _said(error: BaseException) -> str:
    """What is told of an error. Of the problems of a catalogue or a baseline no more than how many
    they are: they quote what is in it."""
    match error:
        case CatalogError(count=count):
            text = f"{count:,} problem{'' if count == 1 else 's'} in the catalogue"
        case BaselineError(problems=problems):
            text = f"{len(problems):,} problem{'' if len(problems) == 1 else 's'} in the baseline"
        case ReconcilerError():
            text = str(error)
        case click.ClickException():
            text = error.format_message()
        case click.Abort() | KeyboardInterrupt():
            text = "stopped by a signal"
        case _:
            text = f"an error that is not expected: {type(error).__name__}"
    # The name of a file may hold bytes that are no text.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
