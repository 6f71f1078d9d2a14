"""octoDNS, which plans DNS records as the reconciler plans files: the same count of them, with the
same shares changed, from YAML on both sides."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.data import Differing, Track, pairs
from benchmarks.measuring import WentWrong

VERSION = "1.22.0"
RECORDS_A_ZONE = 1000
_SUMMARY = re.compile(r"Summary: Creates=(\d+), Updates=(\d+), Deletes=(\d+)")


def installed(folder: Path) -> Path:
    """Its command, in an environment of its own, which is made the first time. Raises
    `WentWrong`."""
    environment = folder / f"octodns-{VERSION}"
    command = environment / "bin" / "octodns-sync"
    if not command.exists():
        pip = [str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        options = ["--disable-pip-version-check", "--no-input"]
        try:
            subprocess.run([sys.executable, "-m", "venv", "--clear", environment], check=True)
            subprocess.run([*pip, *options, f"octodns=={VERSION}"], check=True)
        except subprocess.CalledProcessError as error:
            raise WentWrong(
                f"installing octoDNS {VERSION} in {environment} failed, see above: run it again "
                "where there is a network, or leave octodns out of what --only names"
            ) from error
    return command


def arguments(command: Path) -> tuple[str, ...]:
    """A dry run, in the folder that `write` made."""
    return str(command), "--config-file", "config.yaml", "--quiet", "--force"


def planned(output: str) -> tuple[int, int, int]:
    """How many records its plan creates, updates and deletes."""
    zones = [tuple(map(int, found)) for found in _SUMMARY.findall(output)]
    creates, updates, deletes = (sum(column) for column in zip(*zones, strict=True))
    return creates, updates, deletes


def write(folder: Path, count: int) -> None:
    """A configuration and two folders of zones, each a file: what is desired, what is live."""
    zones = [f"zone{number}.example." for number in range(-(-count // RECORDS_A_ZONE))]
    for side in ("desired", "live"):
        (folder / side).mkdir(parents=True)
    provider = "{class: octodns.provider.yaml.YamlProvider, directory: %s}"
    (folder / "config.yaml").write_text(
        "providers:\n"
        + "".join(f"  {side}: {provider % side}\n" for side in ("desired", "live"))
        + "zones:\n"
        + "".join(f"  {zone}: {{sources: [desired], targets: [live]}}\n" for zone in zones),
        "utf-8",
    )
    of_both = pairs(Differing.FEW, count)
    for zone in zones:
        with (
            (folder / "desired" / f"{zone}yaml").open("w", encoding="utf-8") as desired,
            (folder / "live" / f"{zone}yaml").open("w", encoding="utf-8") as live,
        ):
            desired.write("---\n")
            live.write("---\n")
            for _, (wanted, there) in zip(range(RECORDS_A_ZONE), of_both, strict=False):
                desired.writelines(_record(wanted, there))
                live.writelines(_record(there, there))


def _record(track: Track | None, live: Track | None) -> Iterator[str]:
    if track is not None:
        number = track.number
        ttl = 300 if live is None or track == live else 301
        yield f"{track.key}:\n  ttl: {ttl}\n  type: A\n"
        yield f"  value: 10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}\n"


def surroundings() -> dict[str, str]:
    """What it needs of our own."""
    return {"PATH": os.defpath, "LANG": "C.UTF-8"}
