"""I11: the same catalogue and the same live files give the same plan, byte for byte."""

import re
from typing import Any

from reconciler.sandbox.console import Sandbox
from reconciler.sandbox.faults import on, playing, rewritten
from tests.end_to_end.conftest import CATALOG, Workplace


def turned(answer: dict[str, Any]) -> dict[str, Any]:
    """The files the other way round, and the keys of each."""
    files = [dict(reversed(file.items())) for file in reversed(answer["data"])]
    return {**answer, "data": files}


def test_whatever_the_process_and_the_order_in_which_the_service_tells(
    applied: Workplace, sandbox: Sandbox
) -> None:
    entries = CATALOG.replace("Acme", "Acme Inc").replace("summer:", "autumn:")
    applied.catalog(entries)
    for number in range(9):
        values = {f"k{n}": n for n in range(number)}
        marked = {**values, "catalog_key": f"radio-ads/orphan-{number % 5}"}
        sandbox.add_file(8891, title=f"Orphan {number}", user_defined=marked)
    plans = []
    with playing(sandbox) as front:
        for seed, rules in (("1", ()), ("2", (on("list", rewritten(turned)),))):
            front.play(*rules)
            env = {"PYTHONHASHSEED": seed, "RECONCILER_BASE_URL": front.url}
            ended = applied.run("plan", "--format", "json", env=env)
            assert ended.code in (0, 6)
            assert len(ended.json["changes"]) > 8
            # When it was made, and the checksum, which is over that, too.
            plans.append(re.sub('"(created_at|checksum)": ".*"', "", ended.out))
    assert plans[0] == plans[1]
