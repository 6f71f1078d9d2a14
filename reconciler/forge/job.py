"""What the variables of a job say: where it runs, for which commit, and which change of the
catalogue it is about.

|               | GitHub                              | GitLab                              |
|---------------|-------------------------------------|-------------------------------------|
| it runs there | GITHUB_ACTIONS=true                 | GITLAB_CI=true                      |
| the token     | GITHUB_TOKEN                        | GITLAB_TOKEN                        |
| the API       | GITHUB_API_URL                      | CI_API_V4_URL                       |
| the project   | GITHUB_REPOSITORY                   | CI_MERGE_REQUEST_PROJECT_ID, or     |
|               |                                     | CI_PROJECT_ID                       |
| the run       | GITHUB_RUN_ID                       | CI_PIPELINE_ID                      |
| the commit    | GITHUB_SHA                          | CI_COMMIT_SHA                       |
| the pull or   | `pull_request` of the event that is | CI_MERGE_REQUEST_IID                |
| merge request | at GITHUB_EVENT_PATH                |                                     |
| its head      | `head.sha` there: GITHUB_SHA is     | CI_MERGE_REQUEST_SOURCE_BRANCH_SHA, |
|               | what a merge would make of it       | or CI_COMMIT_SHA                    |
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from reconciler.errors import ForgeRefused, UsageError

_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
_REPOSITORY: Final = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+", re.ASCII)
_PROJECT: Final = re.compile(r"[A-Za-z0-9_./-]+", re.ASCII)


class Kind(StrEnum):
    """Where the project is."""

    GITHUB = "github"
    GITLAB = "gitlab"


@dataclass(frozen=True, slots=True)
class Job:
    """What a job is told."""

    kind: Kind
    api_url: str
    project: str
    token: str = field(repr=False)
    variables: Mapping[str, str] = field(repr=False)

    @property
    def run(self) -> int:
        """The run that this job belongs to."""
        return int(self._one(_NUMBER, "a number", *_NAMES[self.kind].run))

    @property
    def commit(self) -> str:
        """The commit that this job is about."""
        return self._one(_COMMIT, "a commit in full", *_NAMES[self.kind].commit)

    def _one(self, form: re.Pattern[str], meant: str, *names: str) -> str:
        return _one(self.variables, form, meant, *names)


@dataclass(frozen=True, slots=True)
class Request:
    """The pull or merge request, and the commit of it that was planned."""

    number: int
    head: str


@dataclass(frozen=True, slots=True)
class _Names:
    token: str
    api_url: str
    default_api_url: str
    project: tuple[str, ...]
    run: tuple[str, ...]
    commit: tuple[str, ...]


_NAMES: Final = {
    Kind.GITHUB: _Names(
        "GITHUB_TOKEN",
        "GITHUB_API_URL",
        "https://api.github.com",
        ("GITHUB_REPOSITORY",),
        ("GITHUB_RUN_ID",),
        ("GITHUB_SHA",),
    ),
    Kind.GITLAB: _Names(
        "GITLAB_TOKEN",
        "CI_API_V4_URL",
        "https://gitlab.com/api/v4",
        ("CI_MERGE_REQUEST_PROJECT_ID", "CI_PROJECT_ID"),
        ("CI_PIPELINE_ID",),
        ("CI_COMMIT_SHA",),
    ),
}


def job_of(variables: Mapping[str, str], kind: str | None) -> Job:
    """The job that these variables are of. `kind`: `github` or `gitlab`, where somebody says so.
    Raises `UsageError`, and `ForgeRefused` where there is no token."""
    where = _kind_of(variables) if kind is None else Kind(kind)
    names = _NAMES[where]
    form = _REPOSITORY if where is Kind.GITHUB else _PROJECT
    project = _one(variables, form, "the name of a project", *names.project)
    token = variables.get(names.token, "").strip()
    if not token:
        raise ForgeRefused(f"there is no token for {where}: set {names.token}")
    api_url = variables.get(names.api_url) or names.default_api_url
    return Job(where, api_url, project, token, variables)


def request_of(job: Job, number: int | None, event: Callable[[str], Mapping[str, Any]]) -> Request:
    """The pull or merge request that a job is about. `number`: where somebody says so. `event`
    reads the file of GitHub's event. Raises `UsageError` where there is none."""
    if job.kind is Kind.GITLAB:
        return _merge_request(job, number)
    path = job.variables.get("GITHUB_EVENT_PATH", "")
    pull = event(path).get("pull_request") if path else None
    pull = pull if isinstance(pull, dict) else {}
    told = pull.get("number")
    head = pull.get("head")
    sha = head.get("sha") if isinstance(head, dict) else None
    if type(told) is int and number in (None, told):
        if not isinstance(sha, str) or _COMMIT.fullmatch(sha) is None:
            raise UsageError("the event in GITHUB_EVENT_PATH names no head of its pull request")
        return Request(told, sha)
    if number is None:
        raise UsageError(
            "this job is about no pull request: the event in GITHUB_EVENT_PATH names none; run it "
            "on `pull_request`, or give --pull-request N"
        )
    return Request(number, job.commit)


def is_commit(text: str) -> bool:
    """Whether a text is the name of a commit, in full."""
    return _COMMIT.fullmatch(text) is not None


def _merge_request(job: Job, number: int | None) -> Request:
    told = job.variables.get("CI_MERGE_REQUEST_IID", "")
    if number is None and not told:
        raise UsageError(
            "this job is about no merge request: CI_MERGE_REQUEST_IID is not set; run it in a "
            "merge request pipeline, or give --pull-request N"
        )
    if number is None:
        number = int(_one(job.variables, _NUMBER, "a number", "CI_MERGE_REQUEST_IID"))
    names = ("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", "CI_COMMIT_SHA")
    return Request(number, _one(job.variables, _COMMIT, "a commit in full", *names))


def _kind_of(variables: Mapping[str, str]) -> Kind:
    if variables.get("GITHUB_ACTIONS") == "true":
        return Kind.GITHUB
    if variables.get("GITLAB_CI") == "true":
        return Kind.GITLAB
    raise UsageError(
        "this is neither a job of GitHub (GITHUB_ACTIONS is not true) nor of GitLab (GITLAB_CI is "
        "not true): give --forge github or --forge gitlab"
    )


def _one(variables: Mapping[str, str], form: re.Pattern[str], meant: str, *names: str) -> str:
    """The first of these that is set. Raises `UsageError`."""
    for name in names:
        value = variables.get(name, "")
        if value:
            if form.fullmatch(value) is None:
                raise UsageError(f"{name} is {value[:100]!r}, which is not {meant}")
            return value
    raise UsageError(f"{' or '.join(names)} is not set")
