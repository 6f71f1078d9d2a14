"""What a job is told, and what is said where something is missing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import ForgeRefused, ReconcilerError, UsageError
from reconciler.forge.job import Kind, Request, job_of, request_of
from tests.forge.plans import file_of, plan

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from tests.forge.conftest import Command

SHA, MERGE = "a" * 40, "b" * 40
GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_TOKEN": "t",
    "GITHUB_REPOSITORY": "acme/ads",
    "GITHUB_RUN_ID": "17",
    "GITHUB_SHA": MERGE,
    "GITHUB_EVENT_PATH": "event.json",
}
GITLAB = {
    "GITLAB_CI": "true",
    "GITLAB_TOKEN": "t",
    "CI_API_V4_URL": "https://git.example.com/api/v4",
    "CI_PROJECT_ID": "42",
    "CI_PIPELINE_ID": "17",
    "CI_COMMIT_SHA": MERGE,
    "CI_MERGE_REQUEST_IID": "7",
}
PULL: dict[str, Any] = {"pull_request": {"number": 7, "head": {"sha": SHA}}}


def event(told: Any) -> Any:
    return lambda path: told


def test_a_job_of_github() -> None:
    job = job_of(GITHUB, None)
    assert (job.kind, job.api_url, job.project) == (
        *(Kind.GITHUB, "https://api.github.com", "acme/ads"),
    )
    assert (job.run, job.commit) == (17, MERGE)
    assert request_of(job, None, event(PULL)) == Request(7, SHA)
    assert request_of(job, 7, event(PULL)) == Request(7, SHA)
    assert request_of(job, 8, event(PULL)) == Request(8, MERGE)
    assert request_of(job, 8, event({"after": MERGE})) == Request(8, MERGE)


def test_a_job_of_gitlab() -> None:
    job = job_of(GITLAB, None)
    assert (job.kind, job.api_url, job.project) == (
        *(Kind.GITLAB, "https://git.example.com/api/v4", "42"),
    )
    assert (job.run, job.commit) == (17, MERGE)
    assert request_of(job, None, event({})) == Request(7, MERGE)
    source = {**GITLAB, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": SHA}
    assert request_of(job_of(source, None), None, event({})) == Request(7, SHA)
    assert request_of(job_of(source, None), 8, event({})) == Request(8, SHA)
    assert job_of({**GITLAB, "CI_MERGE_REQUEST_PROJECT_ID": "9"}, None).project == "9"


def test_outside_of_both_somebody_says_where() -> None:
    assert job_of({**GITHUB, "GITHUB_ACTIONS": ""}, "github").kind is Kind.GITHUB
    assert job_of({**GITLAB, "GITHUB_ACTIONS": "true"}, "gitlab").kind is Kind.GITLAB


@pytest.mark.parametrize(
    ("variables", "missing"),
    [
        ({}, "--forge github or --forge gitlab"),
        ({**GITHUB, "GITHUB_REPOSITORY": ""}, "GITHUB_REPOSITORY is not set"),
        ({**GITHUB, "GITHUB_REPOSITORY": "acme/ads/../x"}, "GITHUB_REPOSITORY is"),
        ({**GITLAB, "CI_PROJECT_ID": ""}, "CI_PROJECT_ID is not set"),
        ({**GITLAB, "CI_PROJECT_ID": "4 2"}, "CI_PROJECT_ID is '4 2'"),
    ],
)
def test_what_is_missing_is_said(variables: Mapping[str, str], missing: str) -> None:
    with pytest.raises(UsageError, match=missing):
        job_of(variables, None)


@pytest.mark.parametrize("variables", [GITHUB, GITLAB])
def test_no_token_is_a_refused_one(variables: Mapping[str, str]) -> None:
    without = {name: value for name, value in variables.items() if "TOKEN" not in name}
    with pytest.raises(ForgeRefused, match=r"set GIT(HUB|LAB)_TOKEN"):
        job_of(without, None)


@pytest.mark.parametrize(
    ("variables", "told", "missing"),
    [
        (GITHUB, {}, "--pull-request N"),
        (GITHUB, {"pull_request": None}, "--pull-request N"),
        (GITHUB, {"pull_request": {"number": "7"}}, "--pull-request N"),
        (GITHUB, {"pull_request": {"number": 7, "head": "x"}}, "names no head"),
        (GITHUB, {"pull_request": {"number": 7, "head": {"sha": "main"}}}, "names no head"),
        ({**GITHUB, "GITHUB_EVENT_PATH": ""}, PULL, "--pull-request N"),
        ({**GITLAB, "CI_MERGE_REQUEST_IID": ""}, {}, "CI_MERGE_REQUEST_IID is not set"),
        ({**GITLAB, "CI_MERGE_REQUEST_IID": "x"}, {}, "not a number"),
        ({**GITLAB, "CI_COMMIT_SHA": "main"}, {}, "not a commit in full"),
        ({**GITLAB, "CI_COMMIT_SHA": ""}, {}, "is not set"),
    ],
)
def test_a_job_about_no_pull_request_is_told_what_is_missing(
    variables: Mapping[str, str], told: Any, missing: str
) -> None:
    with pytest.raises(UsageError, match=missing):
        request_of(job_of(variables, None), None, event(told))


@pytest.mark.parametrize("run", ["", "0", "x", "-1"])
def test_a_run_is_a_number(run: str) -> None:
    with pytest.raises(ReconcilerError, match="GITHUB_RUN_ID"):
        assert job_of({**GITHUB, "GITHUB_RUN_ID": run}, None).run


def test_the_token_is_not_in_what_python_says_of_it() -> None:
    assert "s3cret" not in repr(job_of({**GITHUB, "GITHUB_TOKEN": "s3cret"}, None))


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({}, "--forge github or --forge gitlab"),
        ({**GITHUB, "GITHUB_EVENT_PATH": "missing.json"}, "the event in GITHUB_EVENT_PATH"),
        ({**GITHUB, "GITHUB_EVENT_PATH": "rubbish.json"}, "the event in GITHUB_EVENT_PATH"),
        ({**GITHUB, "GITHUB_EVENT_PATH": "push.json"}, "this job is about no pull request"),
        ({**GITHUB, "GITHUB_API_URL": "http://api.example.com"}, "no token goes there"),
        ({**GITLAB, "CI_API_V4_URL": "http://git.example.com/api/v4"}, "no token goes there"),
        ({**GITLAB, "CI_MERGE_REQUEST_IID": ""}, "this job is about no merge request"),
    ],
)
def test_a_usage_error_is_64(
    folder: Path, command: Command, env: dict[str, str], said: str
) -> None:
    (folder / "plan.json").write_bytes(file_of(plan("Spring")))
    (folder / "event.json").write_text(json.dumps(PULL), "utf-8")
    (folder / "push.json").write_text('{"after": "x"}', "utf-8")
    (folder / "rubbish.json").write_text("{", "utf-8")
    ended = command(env, "report", "plan", "plan.json")
    assert ended.code == 64
    assert said in " ".join(ended.err.split())


def test_a_name_that_nobody_can_read_is_no_artifact(folder: Path, command: Command) -> None:
    assert command(GITHUB, "report", "plan", "plan.json", "--artifact", "a\nb").code == 64
    assert command(GITHUB, "report", "plan", "plan.json", "--artifact", "").code == 64
