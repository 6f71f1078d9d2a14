"""`reconciler sandbox`."""

import gc
import os
import secrets
from pathlib import Path

import click

from reconciler.cli.output import Output, with_output
from reconciler.errors import ReconcilerError, UsageError

_SEEDS = 1_000_000
"""Seeds that are made up here are short enough to be typed."""


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
@click.option(
    "--faults",
    metavar="PROFILE",
    help="Disturb requests and answers: lossy, flaky, throttled, slow, outage, garbled, late or "
    "chaos; --faults help says what each of them does.",
)
@click.option(
    "--faults-seed",
    type=click.IntRange(0, 2**31 - 1),
    metavar="N",
    help="Play the faults that this number gives; without it another one each time.",
)
@with_output
def command(
    port: int,
    data: Path | None,
    seed: Path | None,
    latency: int,
    ready_after: float,
    quirk: tuple[str, ...],
    faults: str | None,
    faults_seed: int | None,
    output: Output,
) -> None:
    """Serve a local service that plays ACRCloud, to rehearse on. It listens on 127.0.0.1 only.

    It accepts the token in ACRCLOUD_ACCESS_TOKEN, or any where that is not set; never none.
    """
    try:
        from reconciler.sandbox.errors import SandboxError
        from reconciler.sandbox.faults.profiles import PROFILES
        from reconciler.sandbox.quirks import Quirks
        from reconciler.sandbox.server import serve
    except ModuleNotFoundError as error:
        raise ReconcilerError(
            f"the sandbox needs {error.name}: install the extra `sandbox`, "
            "in a checkout with pip install '.[sandbox]'"
        ) from error

    if "help" in quirk or faults == "help":
        profiles = [f"{name:<10} {profile.says}" for name, profile in PROFILES.items()]
        for line in Quirks.help() if "help" in quirk else profiles:
            output.tell(line)
        return
    if faults is not None and faults not in PROFILES:
        raise UsageError(
            f"--faults {faults}: there is no such profile; there are {', '.join(PROFILES)}, "
            "and --faults help says what each of them does"
        )
    if faults is None and faults_seed is not None:
        raise UsageError("--faults-seed is for --faults, which is not given")
    chosen = secrets.randbelow(_SEEDS) if faults_seed is None else faults_seed
    script = PROFILES[faults].script(chosen) if faults is not None else ()

    def announce(url: str) -> None:
        output.raw([f"sandbox: serving {url}\n".encode()])
        if faults is not None:
            output.say(f"to get the same faults again: --faults {faults} --faults-seed {chosen}")
        if seed is None and data is None:
            output.say("it has no buckets yet: --seed CATALOG gives it a catalogue's")

    gc.enable()  # see `__main__`: a server does not end soon
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
            faults=script,
        )
    except SandboxError as error:
        raise ReconcilerError(str(error)) from error
