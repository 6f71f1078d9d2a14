"""Any catalogue, in any style, with any edits by hand: what is taken is so, the plan of it is
empty, and no byte changes that need not (`pull_worlds` says which those are).

`RECONCILER_PULL_ROUNDS=1000 pytest -s tests/catalog/test_pull_properties.py` looks at so many, and
says what it found.
"""

from __future__ import annotations

import difflib
import os
import sys
from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.catalog.loading import load
from reconciler.errors import CatalogError
from tests.catalog.conftest import searched
from tests.catalog.pull_worlds import World, world
from tests.catalog.pulls import pull

ROUNDS = int(os.environ.get("RECONCILER_PULL_ROUNDS", "60"))


def changed_needlessly(made: World, file: str, after: str) -> int:
    """How many characters changed that no pull has to change."""
    if made.pattern(file).fullmatch(after):
        return 0
    matcher = difflib.SequenceMatcher(None, made.text(file), after, autojunk=False)
    kept = sum(block.size for block in matcher.get_matching_blocks())
    return max(1, made.context(file) - kept)


BITS = (
    *(" ", "\n", "\t", "#", " # c\n", "{", "}", "[", "]", ",", ":", ": ", "- ", "? ", "&a ", "*a"),
    *(
        "'",
        '"',
        "|-\n",
        "<<: ",
        "\r",
        "\r\n",
        "\u2028",
        "\x85",
        "~",
        "null",
        "é",
        "\n\n",
        "    ",
        "",
    ),
)


def damaged(text: str, random: Random) -> str:
    """The text with some bits of it cut out, and others in."""
    for _ in range(random.randint(1, 4)):
        start = random.randint(0, len(text))
        text = text[:start] + random.choice(BITS) + text[start + random.choice([0, 0, 1, 2, 5]) :]
    return text


def test_whatever_stands_there_the_catalogue_says_what_it_should(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Also where it is written as nobody would: damaged at random, and still right."""
    home = tmp_path_factory.mktemp("damaged")
    right = 0

    @settings(searched, max_examples=10 * ROUNDS)
    @given(st.integers(0, 2**63))
    def search(seed: int) -> None:
        nonlocal right
        random = Random(seed)
        made = world(random)
        name = random.choice([*made.files])
        for file in made.files:
            text = made.text(file)
            (home / file).write_bytes((damaged(text, random) if file == name else text).encode())
        try:
            before = load(home / "catalog.yaml").desired
        except CatalogError:
            return
        if before.buckets.keys() == {"s", "spare"}:
            right += 1
            pull(
                home / "catalog.yaml", {k: e for k, e in made.edits.items() if k in before.entries}
            )

    search()
    assert right > ROUNDS // 10


def test_only_what_must_change_does(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("pulls")
    counted: Counter[str] = Counter()

    @settings(searched, max_examples=ROUNDS)
    @given(st.integers(0, 2**63))
    def search(seed: int) -> None:
        made = world(Random(seed))
        for name in ("more.yaml", "t.csv", "f.jsonl"):
            (home / name).unlink(missing_ok=True)
        for name in made.files:
            (home / name).write_bytes(made.text(name).encode())
        done = pull(home / "catalog.yaml", made.edits)
        counted["catalogues"] += 1
        counted["fields"] += sum(len(one.fields) for one in done.made.taken)
        counted["entries taken out"] += len(done.made.out)
        counted["left"] += len(done.made.left)
        counted.update(f"left: {one.why}" for one in done.made.left)
        counted["files written"] += len(done.made.files)
        for one in done.made.left:
            del made.edits[one.key]
        for name in made.files:
            after = (home / name).read_bytes().decode()
            counted["characters"] += len(after)
            needless = changed_needlessly(made, name, after)
            counted["needless"] += needless
            assert needless == 0, f"{made.edits}\n{made.text(name)}\n-->\n{after}"

    search()
    said = [
        f"{counted['catalogues']:,} catalogues of {counted['characters']:,} characters, "
        f"{counted['fields']:,} fields and {counted['entries taken out']:,} entries taken, "
        f"{counted['left']:,} left: {counted['needless']:,} characters changed that need not have"
    ]
    said += [f"{count:6,} {name}" for name, count in counted.items() if name.startswith("left: ")]
    sys.stdout.write("\n" + "\n".join(said) + "\n")
