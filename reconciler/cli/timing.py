"""`-v`: where the time of a run went, and how much memory it took."""

import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import wraps
from time import perf_counter
from typing import Any

import click

from reconciler.cli.output import Output
from reconciler.stages import measured

Command = Callable[..., int | None]

_NAMES = ("load", "validate", "list", "diff", "plan", "apply", "write")


def timed(function: Command) -> Command:
    """Below `with_output`, for a command with the option `-v`: tell at its end what each stage
    took, where `-v` was given."""

    @wraps(function)
    def command(*args: Any, verbose: bool, output: Output, **kwargs: Any) -> int | None:
        with _told(output) if verbose else nullcontext():
            return function(*args, verbose=verbose, output=output, **kwargs)

    return command


def timing_option(function: Command) -> Command:
    """Below `with_output`: the same, with an option `-v` that does nothing else."""

    @click.option("-v", "--verbose", is_flag=True, help="Show where the time went.")
    @wraps(function)
    def command(*args: Any, verbose: bool, output: Output, **kwargs: Any) -> int | None:
        with _told(output) if verbose else nullcontext():
            return function(*args, output=output, **kwargs)

    return command


@contextmanager
def _told(output: Output) -> Iterator[None]:
    began = perf_counter()
    with measured() as stages:
        try:
            yield
        finally:
            for name in _NAMES:
                if name in stages.seconds:
                    output.say(f"{name:<9}{stages.seconds[name]:9.2f} s")
            took, peak = perf_counter() - began, _peak_mib()
            output.say(f"{'in all':<9}{took:9.2f} s, {peak:,} MiB of memory at most")


def _peak_mib() -> int:
    """Of this process. `ru_maxrss` is in KiB on Linux and in bytes on macOS (getrusage(2))."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak >> 20 if sys.platform == "darwin" else peak >> 10
