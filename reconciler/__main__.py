"""`reconciler`, and `python -m reconciler`."""

import sys

from reconciler import __version__


def main() -> None:
    """Run the command line, and end with its exit code."""
    # Answered before anything heavy is imported: shells and scripts ask it often.
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"reconciler {__version__}\n")
        return
    from reconciler.cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
