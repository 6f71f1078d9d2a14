"""Plays a pipeline as GitLab and its runner do, as far as our examples use it: jobs in the order of
their stages and needs, rules, variables by environment, artifacts and reports, jobs by hand.

| asked                                   | played, as GitLab has it                               |
|-----------------------------------------|--------------------------------------------------------|
| a job without `needs`                   | waits for all of the stages before, and has their      |
|                                         | artifacts                                              |
| a need failed, or was skipped           | it is skipped, but not with `when: always`             |
| a need failed where it was allowed to   | it is run                                              |
| what a failed job kept                  | only with `artifacts: when: always`; then those that   |
|                                         | need the job have it, and its dotenv variables         |
| whose variable counts                   | of the settings, then of dotenv, of the job, of all    |
| a variable of the settings              | where its scope is the job's environment, and, when it |
|                                         | is protected, on the default branch                    |
| a rule without `when`                   | the job's own                                          |
| `when: manual`                          | waits for somebody, and nobody for it; without         |
|                                         | `allow_failure` all would, which is not played         |
| a fork's merge request                  | in the fork, without any variable of ours; or in the   |
|                                         | project itself, where a member runs it                 |

Each script is run for real, in bash, in a folder of the job's own. `pip` is one that fetches
nothing: it puts `reconciler` on the PATH.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from tests.forge.gitlab import PROJECT
from tests.workflows.configuration import Configuration, holds, read
from tests.workflows.repository import ROOT, check_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from tests.forge.gitlab import FakeGitLab, Request

HOST, PATH = "gitlab.example", "acme/radio-ads"
FORK = 77
JOB_TOKEN = "glcbt-aTokenOfOneJobThatNoLogMayShow"
MOST_DOTENV = (20, 5 * 1024)
"""Variables and bytes, as a GitLab has it that nobody has changed."""
PIP = """\
#!/bin/sh
mkdir -p {bin}
printf '#!/bin/sh\\nPYTHONPATH={root} exec {python} -m reconciler "$@"\\n' > {bin}/reconciler
chmod +x {bin}/reconciler
"""


@dataclass(frozen=True)
class Variable:
    """One of the project's settings."""

    name: str
    value: str
    scope: str
    """Of which environments, such as `acrcloud/*`."""
    is_protected: bool = False


@dataclass(frozen=True)
class Cause:
    """What a pipeline is run for."""

    source: str
    """merge_request_event, push, web or schedule."""
    sha: str
    request: Request | None = None
    source_project: int = PROJECT
    """Where the merge request's branch is."""
    project: int = PROJECT
    """Where the pipeline is run."""
    inputs: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Ended:
    """How a job ended, or that it waits."""

    result: str
    """success, failed, warning (where it may fail), skipped, or manual."""
    log: str = ""
    dotenv: dict[str, str] = field(default_factory=dict)
    artifacts: dict[str, bytes] = field(default_factory=dict)


@dataclass
class Pipeline:
    """A pipeline, and how its jobs ended."""

    id: int
    cause: Cause
    configuration: Configuration
    rules: dict[str, dict[str, Any]]
    """The rule by which a job is in it."""
    jobs: dict[str, Ended] = field(default_factory=dict)

    @property
    def results(self) -> dict[str, str]:
        """How each job ended."""
        return {name: job.result for name, job in self.jobs.items()}

    @property
    def log(self) -> str:
        """All that was printed."""
        return "".join(job.log for job in self.jobs.values())


@dataclass
class Runner:
    """Where pipelines are run."""

    gitlab: FakeGitLab
    origin: Path
    """The repository, bare: what is cloned, and pushed to."""
    folder: Path
    variables: Iterable[Variable]
    push_token: str
    """The one by which the repository lets somebody push."""

    def play(self, file: Path, cause: Cause) -> Pipeline:
        """Run all jobs, each after those that it waits for, but not those by hand."""
        configuration = read(file, cause.inputs)
        given = {**configuration.variables, **self.predefined(cause)}
        rules = {}
        for name, job in configuration.jobs.items():
            rule = next((each for each in job["rules"] if holds(each["if"], given)), None)
            if rule is not None:
                assert rule.keys() <= {"if", "when", "allow_failure"}, rule
                rules[name] = rule
        pipeline = Pipeline(self.gitlab.start_run(), cause, configuration, rules)
        while waiting := [name for name in rules if name not in pipeline.jobs]:
            name = next(n for n in waiting if self._before(pipeline, n) <= pipeline.jobs.keys())
            pipeline.jobs[name] = self._play(pipeline, name, by_hand=False)
        return pipeline

    def press(self, pipeline: Pipeline, name: str) -> Ended:
        """Somebody runs a job by hand that waits for it, or once more."""
        assert pipeline.jobs[name].result == "manual"
        pipeline.jobs[name] = self._play(pipeline, name, by_hand=True)
        # What was skipped for want of it is run then.
        for each in pipeline.rules:
            needs = pipeline.configuration.jobs[each].get("needs", ())
            if name in needs and pipeline.jobs[each].result == "skipped":
                pipeline.jobs[each] = self._play(pipeline, each, by_hand=False)
        return pipeline.jobs[name]

    def predefined(self, cause: Cause) -> dict[str, str]:
        """What GitLab says of a pipeline."""
        said = {
            "CI": "true",
            "GITLAB_CI": "true",
            "CI_API_V4_URL": self.gitlab.api,
            "CI_COMMIT_SHA": cause.sha,
            "CI_DEFAULT_BRANCH": "main",
            "CI_PIPELINE_SOURCE": cause.source,
            "CI_PROJECT_ID": str(cause.project),
            "CI_PROJECT_PATH": PATH,
            "CI_SERVER_FQDN": HOST,
        }
        if cause.request is None:
            return {**said, "CI_COMMIT_BRANCH": "main"}
        return {
            **said,
            "CI_MERGE_REQUEST_IID": str(cause.request.number),
            "CI_MERGE_REQUEST_PROJECT_ID": str(PROJECT),
            "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": str(cause.source_project),
            "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": "",
        }

    def _before(self, pipeline: Pipeline, name: str) -> set[str]:
        """The jobs that one waits for, and whose artifacts it has."""
        jobs, stages = pipeline.configuration.jobs, pipeline.configuration.stages
        if "needs" in jobs[name]:
            missing = set(jobs[name]["needs"]) - pipeline.rules.keys()
            assert not missing, f"{name} needs {missing}, which is not in the pipeline"
            return set(jobs[name]["needs"])
        stage = stages.index(jobs[name]["stage"])
        return {each for each in pipeline.rules if stages.index(jobs[each]["stage"]) < stage}

    def _play(self, pipeline: Pipeline, name: str, *, by_hand: bool) -> Ended:
        job, rule = pipeline.configuration.jobs[name], pipeline.rules[name]
        before = [pipeline.jobs[each] for each in self._before(pipeline, name)]
        when = rule.get("when", job.get("when", "on_success"))
        assert when in {"on_success", "always", "manual"}, when
        if when != "always" and not all(each.result in ("success", "warning") for each in before):
            return Ended("skipped")
        if when == "manual" and not by_hand:
            assert rule["allow_failure"] is True, f"{name} blocks its pipeline"
            return Ended("manual")
        played = _Job(self, pipeline, name, before)
        code = played.run()
        ended = Ended("success" if code == 0 else "failed", played.log)
        allowed = rule.get("allow_failure", job.get("allow_failure", False))
        if code != 0 and (allowed is True or (allowed and code in allowed["exit_codes"])):
            ended.result = "warning"
        played.keep(ended, is_well=code == 0)
        return ended


class _Job:
    def __init__(
        self, runner: Runner, pipeline: Pipeline, name: str, before: Iterable[Ended]
    ) -> None:
        self.runner, self.pipeline, self.name = runner, pipeline, name
        self.job = pipeline.configuration.jobs[name]
        self.log = ""
        machine = runner.folder / f"{pipeline.id}-{re.sub('[^a-z-]+', '-', name)}"
        self.workspace, self.home, self.bin = (machine / each for each in ("work", "home", "bin"))
        for folder in (self.workspace, self.home, self.bin):
            folder.mkdir(parents=True, exist_ok=True)
        self.variables = self._variables(before)
        if self.variables.get("GIT_STRATEGY", "fetch") != "none":
            check_out(runner.origin, pipeline.cause.sha, self.workspace)
            # Newer runners keep no token in it.
            clean = ["remote", "set-url", "origin", f"https://{HOST}/{PATH}.git"]
            subprocess.run(["git", "-C", str(self.workspace), *clean], check=True)
        for each in before:
            for path, data in each.artifacts.items():
                (self.workspace / path).write_bytes(data)

    def run(self) -> int:
        """Run the scripts; how they ended."""
        installed = self.home / "bin"
        pip = self.bin / "pip"
        pip.write_text(PIP.format(bin=installed, root=ROOT, python=sys.executable), "utf-8")
        pip.chmod(0o755)
        (self.home / ".gitconfig").write_text(self._reaching(), "utf-8")
        lines = ["set -eo pipefail", *self.job.get("before_script", []), *self.job["script"]]
        measured = {name: os.environ[name] for name in os.environ if name.startswith("COVERAGE_")}
        done = subprocess.run(
            ["bash", "-c", "\n".join(lines)],
            cwd=self.workspace,
            env={
                **measured,
                "HOME": str(self.home),
                "PATH": f"{installed}:{self.bin}:/usr/bin:/bin",
                **self.variables,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
            timeout=300,
        )
        self.log = done.stdout
        return done.returncode

    def _reaching(self) -> str:
        """Git's settings that lead to the repository: to read by the job's token, to write by the
        two that may, and nowhere without."""
        writer, project, reader = (
            f"https://{user}@{HOST}/{PATH}.git"
            for user in (
                f"reconciler:{self.runner.push_token}",
                f"reconciler:{self.runner.gitlab.token}",
                f"gitlab-ci-token:{JOB_TOKEN}",
            )
        )
        return (
            f'[url "file://{self.runner.origin}"]\ninsteadOf = {writer}\n'
            f"insteadOf = {project}\ninsteadOf = {reader}\n"
            f'[url "file://{self.home}/nowhere"]\n'
            f"insteadOf = https://{HOST}/\npushInsteadOf = {reader}\n"
        )

    def keep(self, ended: Ended, *, is_well: bool) -> None:
        """Keep the artifacts, and read the reports, if such a job keeps any."""
        artifacts = self.job.get("artifacts", {})
        known = {"when", "access", "expire_in", "paths", "reports"}
        assert artifacts.keys() <= known, artifacts
        if not is_well and artifacts.get("when", "on_success") != "always":
            return
        for path in artifacts.get("paths", []):
            assert re.fullmatch(r"[\w.-]+", path), f"a pattern is not played: {path}"
            if (self.workspace / path).is_file():
                ended.artifacts[path] = (self.workspace / path).read_bytes()
        if ended.artifacts:
            self.runner.gitlab.add_artifact(self.pipeline.id, ended.artifacts, self.name)
        for kind, path in artifacts.get("reports", {}).items():
            if (self.workspace / path).is_file():
                text = (self.workspace / path).read_text("utf-8")
                ended.dotenv |= _REPORTS[kind](text)

    def _variables(self, before: Iterable[Ended]) -> dict[str, str]:
        cause, configuration = self.pipeline.cause, self.pipeline.configuration
        written = {**configuration.variables, **self.job.get("variables", {})}
        for name, value in written.items():
            assert isinstance(value, str), name
            assert "$" not in value, f"{name} is not expanded here"
        handed = {name: value for each in before for name, value in each.dotenv.items()}
        return {
            **self.runner.predefined(cause),
            "CI_PIPELINE_ID": str(self.pipeline.id),
            "CI_JOB_NAME": self.name,
            "CI_JOB_TOKEN": JOB_TOKEN,
            "CI_PROJECT_DIR": str(self.workspace),
            **written,
            **handed,
            **self._settings(),
        }

    def _settings(self) -> dict[str, str]:
        cause = self.pipeline.cause
        environment = self.job.get("environment", {})
        assert environment.keys() <= {"name", "action"}, environment
        assert environment.get("action", "access") == "access"
        # A fork has settings of its own.
        if cause.project != PROJECT:
            return {}
        return {
            each.name: each.value
            for each in self.runner.variables
            if fnmatchcase(environment.get("name", ""), each.scope)
            and (cause.request is None or not each.is_protected)
        }


def dotenv_of(text: str) -> dict[str, str]:
    """The variables of a report, within what GitLab lets pass."""
    found = {}
    for line in text.splitlines():
        name, sign, value = line.partition("=")
        assert sign, f"no variable: {line!r}"
        assert re.fullmatch(r"[A-Za-z0-9_]+", name.strip()), name
        found[name.strip()] = value.strip()
    most, size = MOST_DOTENV
    assert len(found) <= most
    assert len(text.encode()) < size
    return found


def _terraform(text: str) -> dict[str, str]:
    report = json.loads(text)
    assert report.keys() == {"create", "update", "delete"}
    assert all(type(count) is int for count in report.values())
    return {}


def _code_quality(text: str) -> dict[str, str]:
    found = json.loads(text)
    for each in found:
        assert each.keys() >= {"description", "check_name", "fingerprint", "severity", "location"}
        assert each["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert each["location"]["path"].startswith("catalogs/")
        assert each["location"]["lines"]["begin"] >= 1
    assert len({each["fingerprint"] for each in found}) == len(found)
    return {}


_REPORTS = {"dotenv": dotenv_of, "terraform": _terraform, "codequality": _code_quality}
