"""A runner that adds to a ledger on a branch, as a process: FOLDER RUN COUNT.

It says that it is ready, and begins once standard input has a line, or ends.
"""

import sys
from pathlib import Path

from reconciler.clock import SystemClock
from reconciler.ledger import Branch, Ledger
from tests.ledger.made import create


def main(folder: str, run: str, count: str) -> None:
    """Each record waits for its push."""
    with Ledger(Branch("ledger", Path(folder)), SystemClock(), run) as ledger:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        ledger.run_began({"catalog": {"name": "radio"}})
        for number in range(int(count)):
            ledger.began([create(f"{run}-{number}")])
        ledger.run_ended({"converged": True})


if __name__ == "__main__":
    main(*sys.argv[1:])
