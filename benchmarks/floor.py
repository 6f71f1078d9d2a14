"""The floor: what any planner must do. Both sides as JSON in a file, read by orjson, joined by
key and compared. No YAML, no validation, no HTTP, no plan.

    python -m benchmarks.floor DESIRED.json LIVE.json

The inputs are those of `data.write_floor`.
"""

import gc
import sys
from pathlib import Path

import orjson


def main(desired_path: str, live_path: str) -> tuple[int, int, int]:
    """How many entries differ, are missing, and are gone."""
    desired = orjson.loads(Path(desired_path).read_bytes())
    live = orjson.loads(Path(live_path).read_bytes())
    by_key = {file["user_defined"]["catalog_key"]: file for file in live}
    differing = missing = 0
    for key, entry in desired.items():
        file = by_key.pop(key, None)
        if file is None:
            missing += 1
        elif file["title"] != entry["title"] or file["user_defined"] != entry["user_defined"]:
            differing += 1
    return differing, missing, len(by_key)


if __name__ == "__main__":
    gc.disable()
    sys.stdout.write(f"{main(*sys.argv[1:])}\n")
