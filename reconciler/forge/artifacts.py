"""Which of a GitHub repository's artifacts a branch of it has made. It only says.

The name of an artifact says nothing. A pull request of a fork has runs as well, whose artifacts
have whatever names its author likes, and its branch may be called `main` (T25). So it counts who
made the run:

| the artifact's run                                             | it counts |
|----------------------------------------------------------------|-----------|
| of a branch of the repository itself, the one that is asked    |           |
| for, and begun by a push, a schedule or by hand                | yes       |
| of the same branch, but begun for a pull request or by another | no        |
| run: what it keeps may be what a stranger has made             |           |
| of another branch, or of a branch of another repository        | no        |
| it is not said of which                                        | no        |

What has expired cannot be had. Of those that count the newest is taken, by its id.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

BEGUN_BY_US: Final = frozenset({"push", "schedule", "workflow_dispatch", "repository_dispatch"})
"""The events of runs that nobody begins who may not write to the repository."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An artifact, and what is said of the run that keeps it."""

    id: int
    name: str
    run: int | None
    branch: str
    repository: int | None
    """Whose branch it is."""
    is_expired: bool = False


def made_on(kept: Iterable[Kept], name: str, branch: str, repository: int) -> list[Kept]:
    """Those of this name that a branch of the repository has made, the newest first, as far as the
    list of artifacts says it: by what event the run was begun only the run says."""
    found = [
        each
        for each in kept
        if (each.name, each.branch, each.repository) == (name, branch, repository)
        and each.run is not None
        and not each.is_expired
    ]
    return sorted(found, key=lambda each: each.id, reverse=True)
