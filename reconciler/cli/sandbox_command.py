"""`reconciler sandbox`."""

import os
from pathlib import Path

import click

from reconciler.cli.output import Output, with_output
from reconciler.errors import ReconcilerError


@click.command("sandbox")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="0 takes a free one.",
)
@click.option("--data", type=click.Path(path_type=Path), help="Keep everything in this file.")
@click.option(
    "--seed",
    type=click.Path(path_type=Path),
    help="Begin with this catalogue's buckets, and with the files it pins by acr_id.",
)
@click.option(
    "--latency",
    type=click.IntRange(0, 60_000),
    default=0,
    metavar="MS",
    help="Answer so many milliseconds later.",
)
@click.option(
    "--ready-after",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    metavar="S",
    help="How long new files are processed.",
)
@click.option(
    "--quirk",
    multiple=True,
    metavar="NAME=VALUE",
    help="Behave in one of the ways that the live service may; --quirk help lists them.",
)
@with_output
def command(
    port: int,
    data: Path | None,
    seed: Path | None,
    latency: int,
    ready_after: float,
    quirk: tuple[str, ...],
    output: Output,
) -> None:
    """Serve a local service that plays ACRCloud, to rehearse on. It listens on 127.0.0.1 only.

    It accepts the token in ACRCLOUD_ACCESS_TOKEN, or any where that is not set; never none.
    """
    try:
        from reconciler.sandbox.errors import SandboxError
        from reconciler.sandbox.quirks import Quirks
        from reconciler.sandbox.server import serve
    except ModuleNotFoundError as error:
        raise ReconcilerError(
            f"the sandbox needs {error.name}: install the extra `sandbox`, "
            "in a checkout with pip install '.[sandbox]'"
        ) from error

    def announce(url: str) -> None:
        output.raw(f"sandbox: serving {url}\n".encode())
        if seed is None and data is None:
            output.say("it has no buckets yet: --seed CATALOG gives it a catalogue's")

    try:
        serve(
            port=port,
            data=data,
            seed=seed,
            latency_ms=latency,
            ready_after=ready_after,
            quirks=Quirks.parse(quirk),
            token=os.environ.get("ACRCLOUD_ACCESS_TOKEN") or None,
            announce=announce,
        )
    except SandboxError as error:
        raise ReconcilerError(str(error)) from error
