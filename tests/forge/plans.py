"""Plans, as files: of so many creates, with these titles."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.core.codec import Made, encode, plan_digest
from tests.render import stories

if TYPE_CHECKING:
    from reconciler.core.plan import Plan

MADE = Made("2026-01-01T00:00:00Z", "reconciler 0.1")


def plan(*titles: str, catalog: str = "radio-ads") -> Plan:
    """A plan that makes a file of each title."""
    changes = [stories.create(f"k{n}", title) for n, title in enumerate(titles)]
    made = stories.plan(*changes)
    live = {name: replace(seen, digest=f"sha256:{'0' * 64}") for name, seen in made.live.items()}
    digest = plan_digest(
        catalog=catalog,
        origin=made.origin,
        buckets={name: seen.id for name, seen in live.items()},
        options=made.options,
        changes=made.changes,
    )
    return replace(made, catalog=catalog, live=live, digest=digest)


def file_of(made: Plan) -> bytes:
    """The plan file's bytes."""
    return b"".join(encode(made, MADE))
