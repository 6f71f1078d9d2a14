"""`reconciler`, and `python -m reconciler`."""

import gc
import os
import sys

from reconciler import __version__


def main() -> None:
    """Run the command line, and end with its exit code."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # Closed by whoever called: nothing can be said, and nothing must break by it. In this
            # order each gets the number that is its own, and no other file does.
            nowhere = os.open(os.devnull, os.O_RDONLY if mode == "r" else os.O_WRONLY)
            setattr(sys, name, os.fdopen(nowhere, mode))
    # Answered before anything heavy is imported: shells and scripts ask it often.
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"reconciler {__version__}\n")
        return
    # Most commands make a million things that stay until they end, soon: to look for cycles among
    # them again and again took as long as all the rest.
    gc.disable()
    from reconciler.cli.main import run

    sys.exit(_flushed(run(sys.argv[1:])))


def _flushed(code: int) -> int:
    """The exit code, once what was said is out: output that cannot be written is an error, and
    Python's own complaint about it, at its very end, would be a code that nobody knows."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            code = code or 1
    return code


if __name__ == "__main__":
    main()
