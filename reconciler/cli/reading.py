"""What commands read: the catalogue, and the buckets."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.app import (
    Connection,
    Loaded,
    connected,
    load,
    read_live,
    read_live_by_dump,
    read_snapshot,
    reading_ahead,
)
from reconciler.asked import AskedDumps
from reconciler.catalog.loading import Meanwhile
from reconciler.cli import environment
from reconciler.cli.account import Account
from reconciler.cli.output import Output
from reconciler.clock import SystemClock
from reconciler.core.marks import KEY_FORM
from reconciler.core.model import Bucket, DesiredState, LiveState
from reconciler.core.planner import unmatched_globs
from reconciler.errors import ReconcilerError, UsageError
from reconciler.render.snapshot_words import doubt, from_snapshot
from reconciler.stages import stage

if TYPE_CHECKING:
    from reconciler.api import ReadClient
    from reconciler.api.counting import CallCounter


def open_catalog(
    path: Path, source_root: Path | None, output: Output, meanwhile: Meanwhile | None = None
) -> Loaded:
    """The catalogue, its warnings said. `meanwhile`: as of `load`."""
    loaded = load(
        path,
        source_root=source_root,
        environment_base_url=environment.base_url(),
        digests=environment.digests(),
        meanwhile=meanwhile,
    )
    for warning in loaded.warnings:
        output.warn(str(warning))
    return loaded


def connection(
    url: str,
    token_file: str | None,
    concurrency: int,
    max_rps: float | None,
    counter: "CallCounter | None" = None,
) -> Connection:
    """How the service is reached, with the token and the operator's proxies. `counter`: is told of
    every request."""
    return Connection(
        token=environment.read_token(token_file),
        concurrency=concurrency,
        max_rps=max_rps,
        proxies=environment.proxies(url),
        ca_bundle=environment.ca_bundle(),
        counter=counter,
    )


def read_for(
    desired: DesiredState,
    token_file: str | None,
    concurrency: int,
    max_rps: float | None,
    output: Output,
    read: "Callable[[ReadClient], LiveState]" = read_live,
    counter: "CallCounter | None" = None,
) -> LiveState:
    """The live state, read by a client that cannot write."""
    how = connection(desired.base_url, token_file, concurrency, max_rps, counter)
    with (
        output.busy("reading the buckets"),
        connected(desired.base_url, desired.buckets, how) as service,
    ):
        return read(service)


def open_and_read(
    catalog: Path,
    source_root: Path | None,
    token_file: str | None,
    concurrency: int,
    max_rps: float | None,
    output: Output,
    refresh: str = "list",
    account: Account | None = None,
) -> tuple[DesiredState, LiveState]:
    """The catalogue and the live state, which is listed while a large catalogue is still read.
    What is wrong with the catalogue is said first. `refresh`: as of the option. `account`: where
    the catalogue is noted once it is known, and the requests are."""
    account = account or Account()

    def read_now(desired: DesiredState, how: "Callable[[ReadClient], LiveState]") -> LiveState:
        counter = account.counter
        return read_for(desired, token_file, concurrency, max_rps, output, how, counter)

    if refresh == "dump":
        account.desired = desired = open_catalog(catalog, source_root, output).desired
        return desired, read_now(desired, _by_dump(output))
    with ExitStack() as under_way:
        coming: list[Future[LiveState]] = []

        def begin(base_url: str, buckets: Mapping[str, Bucket]) -> None:
            try:
                how = connection(base_url, token_file, concurrency, max_rps, account.counter)
                coming.append(under_way.enter_context(reading_ahead(base_url, buckets, how)))
            except ReconcilerError as error:
                # Said below, once the catalogue is found right. It is not tried again: a token
                # that comes by standard input can be read once.
                refused: Future[LiveState] = Future()
                refused.set_exception(error)
                coming.append(refused)

        account.desired = desired = open_catalog(catalog, source_root, output, begin).desired
        if not coming:
            return desired, read_now(desired, read_live)
        with output.busy("reading the buckets"), stage("list"):
            return desired, coming[0].result()


def _by_dump(output: Output) -> "Callable[[ReadClient], LiveState]":
    """How `--refresh dump` reads."""
    asked = AskedDumps(environment.state_folder() / "dumps")
    return lambda service: read_live_by_dump(service, asked, output.say)


def open_and_read_snapshot(
    catalog: Path, source_root: Path | None, path: Path, max_age: float, output: Output
) -> tuple[DesiredState, LiveState]:
    """The catalogue, and what a snapshot says of its buckets, whose age is said."""
    desired = open_catalog(catalog, source_root, output).desired
    live = read_snapshot(path, desired, now=SystemClock().now(), max_age=max_age)
    if live.snapshot is not None:
        said = f"{path}: planned {from_snapshot(live.snapshot)}"
        if live.snapshot.is_old:
            output.warn(f"{said}. {doubt(live.snapshot)}")
        else:
            output.say(said)
    return desired, live


def check_only(only: Sequence[str], desired: DesiredState, live: LiveState) -> None:
    """Raise `UsageError` where a glob matches no key: a misspelt one would be green for ever."""
    for glob in unmatched_globs(only, desired, live):
        hint = _did_you_mean(glob, desired)
        raise UsageError(f"--only {glob} matches no key of the catalogue or of its files{hint}")


def check_keys(keys: Sequence[str], desired: DesiredState, live: LiveState) -> None:
    """Raise `UsageError` where one is no key, neither of the catalogue nor of a live file."""
    for key in keys:
        if not KEY_FORM.fullmatch(key):
            raise UsageError(f"{key!r} is no key; --only takes globs of keys")
    for key in unmatched_globs(keys, desired, live):
        hint = _did_you_mean(key, desired)
        raise UsageError(f"{key} is no key of the catalogue or of its files{hint}")


def _did_you_mean(word: str, desired: DesiredState) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word, desired.entries, n=1)
    return f" (did you mean {near[0]}?)" if near else ""
