"""Where a file is in the repository that a CI job works on."""

import os
from pathlib import Path

_TOPS = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")
"""Where GitHub and GitLab say that the repository is checked out."""


def in_repository(path: Path) -> str:
    """The path from the top of the repository, with `/` between its parts: from where the CI system
    says that it is, else from the working folder. A path that is outside of both stays as it is."""
    whole = path.parent.resolve() / path.name
    tops = [Path(os.environ[name]) for name in _TOPS if os.environ.get(name)]
    for top in (*tops, Path.cwd()):
        folder = top.resolve()
        if whole.is_relative_to(folder):
            return whole.relative_to(folder).as_posix()
    return path.as_posix()
