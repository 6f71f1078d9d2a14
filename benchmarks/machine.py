"""Where and when it was measured."""

import datetime
import os
import platform
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Machine:
    """The day and the machine."""

    date: str
    processor: str
    cores: int
    memory: int
    """Bytes."""
    python: str
    kernel: str

    def __str__(self) -> str:
        """In a line."""
        memory = f"{self.memory / (1 << 30):.0f} GiB"
        return (
            f"{self.date}: {self.processor}, {self.cores} cores, {memory}, "
            f"Python {self.python}, {self.kernel}"
        )


def this_machine() -> Machine:
    """This one, today."""
    return Machine(
        datetime.datetime.now(datetime.UTC).date().isoformat(),
        _processor(),
        len(os.sched_getaffinity(0)),
        os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        platform.python_version(),
        f"{platform.system()} {platform.release()}",
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()
