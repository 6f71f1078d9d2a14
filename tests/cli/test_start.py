"""Nothing heavy is imported before it is needed."""

import subprocess
import sys

import pytest

HEAVY = {"yaml", "jsonschema", "jsonschema_rs", "requests", "deepdiff", "rich", "flask", "mutagen"}


@pytest.mark.parametrize(
    ("arguments", "not_yet"),
    [
        (["--version"], HEAVY | {"click", "orjson"}),
        (["--help"], HEAVY),
        (["sandbox", "--help"], HEAVY - {"flask"}),
    ],
)
def test_what_a_command_imports(arguments: list[str], not_yet: set[str]) -> None:
    code = (
        "import sys; sys.argv = ['reconciler', *sys.argv[1:]]\n"
        "from reconciler.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print('IMPORTED', *sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    imported = set(done.stdout.rpartition("IMPORTED")[2].split())
    assert imported & not_yet == set()
