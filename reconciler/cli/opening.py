"""What commands open by their options: the catalogue, and the service."""

from collections.abc import Sequence
from pathlib import Path

from reconciler.app import Connection, Loaded, connected, load, read_live
from reconciler.cli import environment
from reconciler.cli.output import Output
from reconciler.core.model import DesiredState, LiveState
from reconciler.core.planner import unmatched_globs
from reconciler.errors import UsageError


def open_catalog(path: Path, source_root: Path | None, output: Output) -> Loaded:
    """The catalogue, its warnings said."""
    loaded = load(path, source_root=source_root, environment_base_url=environment.base_url())
    for warning in loaded.warnings:
        output.warn(str(warning))
    return loaded


def connection(
    url: str, token_file: str | None, concurrency: int, max_rps: float | None
) -> Connection:
    """How the service is reached, with the token and the operator's proxies."""
    return Connection(
        token=environment.read_token(token_file),
        concurrency=concurrency,
        max_rps=max_rps,
        proxies=environment.proxies(url),
        ca_bundle=environment.ca_bundle(),
    )


def read_for(
    desired: DesiredState,
    token_file: str | None,
    concurrency: int,
    max_rps: float | None,
    output: Output,
) -> LiveState:
    """The live state, read by a client that cannot write."""
    how = connection(desired.base_url, token_file, concurrency, max_rps)
    with (
        output.busy("reading the buckets"),
        connected(desired.base_url, desired.buckets, how) as service,
    ):
        return read_live(service)


def check_only(only: Sequence[str], desired: DesiredState, live: LiveState) -> None:
    """Raise `UsageError` where a glob matches no key: a misspelt one would be green for ever."""
    for glob in unmatched_globs(only, desired, live):
        from difflib import get_close_matches

        near = get_close_matches(glob, desired.entries, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise UsageError(f"--only {glob} matches no key of the catalogue or of its files{hint}")
