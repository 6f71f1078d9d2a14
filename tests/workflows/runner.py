"""Plays a workflow file as GitHub's runner does, as far as our examples use it: jobs in the order
of their needs, conditions, environments with approval, outputs, artifacts, composite actions.

Steps that run something run it for real, in bash, in a folder of the job's own. Of actions three
of GitHub's are played (checkout and the two of artifacts) and ours, from its `action.yml`.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.forge.github import REPOSITORY, FakeGitHub
from tests.workflows.expressions import condition, filled
from tests.workflows.repository import ROOT, check_out

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

OURS = "acme/reconciler"
_SHELLS = {
    None: ["bash", "-e"],
    "bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"],
    "sh": ["sh", "-e"],
}


@dataclass
class Event:
    """What a workflow is run for."""

    name: str
    sha: str
    ref: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    actor: str = "ada"
    let_through: frozenset[str] | None = None
    """In a called workflow: the secrets that its caller names."""


@dataclass
class Played:
    """How a job ended."""

    result: str
    """success, failure, skipped, or rejected where an approval was."""
    outputs: dict[str, str] = field(default_factory=dict)
    log: str = ""
    summary: str = ""
    environment: str | None = None


@dataclass
class Run:
    """A workflow's run."""

    id: int
    jobs: dict[str, Played] = field(default_factory=dict)

    @property
    def log(self) -> str:
        """All that was printed."""
        return "".join(job.log for job in self.jobs.values())

    @property
    def results(self) -> dict[str, str]:
        """How each job ended."""
        return {name: job.result for name, job in self.jobs.items()}


@dataclass
class Runner:
    """Where workflows are run."""

    github: FakeGitHub
    origin: Path
    """The repository, bare: what is checked out, and pushed to."""
    folder: Path
    secrets: Mapping[str, Mapping[str, str]]
    """By environment."""
    approve: Callable[[str, Run], bool] = lambda environment, run: True
    """Whether a job may go on into this environment, with what is known so far."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """The repository's own."""

    def play(self, workflow: Path, event: Event) -> Run:
        """Run all jobs, each after those that it needs."""
        pull = event.payload.get("pull_request")
        branch = event.ref.removeprefix("refs/heads/") if pull is None else pull["head"]["ref"]
        run = Run(
            self.github.start_run(branch=branch, event=event.name, is_fork=_is_of_fork(event))
        )
        self._play_jobs(workflow, event, run, "")
        return run

    def _play_jobs(self, workflow: Path, event: Event, run: Run, caller: str) -> None:
        jobs = yaml.safe_load(workflow.read_text("utf-8"))["jobs"]
        played: dict[str, list[Played]] = {}
        while waiting := [name for name in jobs if name not in played]:
            name = next(name for name in waiting if all(n in played for n in _needs(jobs[name])))
            job = jobs[name]
            needed = {each: played[each] for each in _needs(job)}
            played[name] = []
            for matrix in _matrix(job):
                full = "".join([caller, name, *(f" ({value})" for value in matrix.values())])
                one = _Job(self, event, run, job, needed, matrix)
                if "uses" in job:
                    given = job.get("with", {})
                    inputs = {k: filled(v, one.contexts(), {}) for k, v in given.items()}
                    within = replace(
                        event, inputs=inputs, let_through=frozenset(job.get("secrets", ()))
                    )
                    called = workflow.parent / Path(job["uses"]).name
                    self._play_jobs(called, within, run, f"{full} / ")
                else:
                    run.jobs[full] = one.play(full)
                    played[name].append(run.jobs[full])


def _matrix(job: Mapping[str, Any]) -> list[dict[str, str]]:
    """One for each machine that the job runs on."""
    names = job.get("strategy", {}).get("matrix", {})
    return [dict(zip(names, values, strict=True)) for values in product(*names.values())]


def _is_of_fork(event: Event) -> bool:
    pull = event.payload.get("pull_request")
    return pull is not None and pull["head"]["repo"]["full_name"] != REPOSITORY


def _needs(job: Mapping[str, Any]) -> list[str]:
    needs = job.get("needs", [])
    return [needs] if isinstance(needs, str) else needs


def _result(played: list[Played]) -> str:
    """Of all machines of a job together."""
    results = {job.result for job in played}
    return next((each for each in ("failure", "rejected", "skipped") if each in results), "success")


class _Job:
    def __init__(
        self,
        runner: Runner,
        event: Event,
        run: Run,
        job: Mapping[str, Any],
        needed: Mapping[str, list[Played]],
        matrix: Mapping[str, str],
    ) -> None:
        self.runner, self.event, self.run, self.job = runner, event, run, job
        self.needed, self.matrix = needed, matrix
        self.failed = False
        self.token = ""
        self.played = Played("success")

    def play(self, name: str) -> Played:
        broken = any(_result(played) != "success" for played in self.needed.values())
        functions = self._functions(failed=broken)
        if not condition(self.job.get("if"), self.contexts(), functions):
            return Played("skipped")
        environment = self.job.get("environment")
        if environment is not None:
            environment = filled(environment, self.contexts(), functions)
            if not self.runner.approve(environment, self.run):
                return Played("rejected", environment=environment)
        self.played.environment = environment
        self._prepare(name)
        steps = self._steps(self.job["steps"], self.contexts(environment), self.env)
        self.played.result = "failure" if self.failed else "success"
        contexts = {**self.contexts(environment), "steps": steps}
        self.played.outputs = {
            output: filled(value, contexts, self._functions(failed=False))
            for output, value in self.job.get("outputs", {}).items()
        }
        self.played.summary = (self.temp / "summary").read_text("utf-8")
        return self.played

    def _prepare(self, name: str) -> None:
        """A machine of its own: nothing of an earlier job is there, and nothing is kept."""
        machine = self.runner.folder / f"run-{self.run.id}-{re.sub('[^a-z-]+', '-', name)}"
        self.temp, self.workspace = machine / "temp", machine / "work"
        for folder in (self.temp, self.workspace, machine / "home"):
            folder.mkdir(parents=True)
        event = self.temp / "event.json"
        event.write_text(json.dumps(self.event.payload), "utf-8")
        (self.temp / "summary").touch()
        github = self.runner.github
        # One job is played at a time, so that the one token has the rights of this one.
        asked = self.job.get("permissions", {})
        # A fork gets no more than to read, whatever the workflow asks for.
        is_fork = _is_of_fork(self.event)
        github.permissions = dict.fromkeys(asked, "read") if is_fork else asked
        self.token = github.token
        self.env = {
            "PATH": os.environ["PATH"],
            # So that not each step looks for one, which takes longer than what it then does.
            "PYTHON": getattr(sys, "_base_executable", sys.executable),
            "HOME": str(machine / "home"),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTOR": self.event.actor,
            "GITHUB_API_URL": github.api,
            "GITHUB_EVENT_NAME": self.event.name,
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REF": self.event.ref,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_RUN_ID": str(self.run.id),
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_SHA": self.event.sha,
            "GITHUB_STEP_SUMMARY": str(self.temp / "summary"),
            "GITHUB_WORKSPACE": str(self.workspace),
            "RUNNER_TEMP": str(self.temp),
        }

    def contexts(self, environment: str | None = None) -> dict[str, Any]:
        event = self.event
        return {
            "github": {
                "event": dict(event.payload),
                "event_name": event.name,
                "ref": event.ref,
                "repository": REPOSITORY,
                "sha": event.sha,
                "token": self.token,
            },
            "inputs": dict(event.inputs),
            "matrix": dict(self.matrix),
            "needs": {
                name: {"result": _result(played), "outputs": played[-1].outputs if played else {}}
                for name, played in self.needed.items()
            },
            "runner": {"temp": str(getattr(self, "temp", ""))},
            "secrets": {} if _is_of_fork(event) else self._secrets(environment),
            "vars": {} if _is_of_fork(event) else dict(self.runner.variables),
        }

    def _secrets(self, environment: str | None) -> dict[str, str]:
        """Those of the environment; in a called workflow, of them what its caller lets through."""
        own = self.runner.secrets.get(environment or "", {})
        let = self.event.let_through
        return {name: value for name, value in own.items() if let is None or name in let}

    def _functions(self, *, failed: bool) -> dict[str, Callable[[], bool]]:
        return {
            "success": lambda: not failed,
            "failure": lambda: failed,
            "always": lambda: True,
            "cancelled": lambda: False,
        }

    def _steps(
        self, steps: list[dict[str, Any]], contexts: dict[str, Any], env: dict[str, str]
    ) -> dict[str, Any]:
        """Play steps, in a job or in a composite action; by id, what they put out."""
        found: dict[str, Any] = {}
        for number, step in enumerate(steps):
            here = {**contexts, "steps": found}
            functions = self._functions(failed=self.failed)
            if not condition(step.get("if"), here, functions):
                continue
            own = {name: filled(v, here, functions) for name, v in step.get("env", {}).items()}
            given = {name: filled(v, here, functions) for name, v in step.get("with", {}).items()}
            if "uses" in step:
                outputs = self._use(step["uses"], given, contexts, {**env, **own})
            else:
                assert "${{" not in step["run"], "an expression in a script"
                outputs = self._shell(step["run"], step.get("shell"), {**env, **own})
            found[step.get("id", str(number))] = {"outputs": outputs}
        return found

    def _use(
        self, uses: str, given: dict[str, str], contexts: dict[str, Any], env: dict[str, str]
    ) -> dict[str, str]:
        name, _, commit = uses.partition("@")
        assert re.fullmatch(r"[0-9a-f]{40}", commit), uses
        github, run = self.runner.github, self.run.id
        match name:
            case "actions/checkout":
                check_out(self.runner.origin, self.event.sha, self.workspace)
            case "actions/upload-artifact":
                top = self.workspace / given["path"]
                files = [top] if top.is_file() else [p for p in top.rglob("*") if p.is_file()]
                kept = {path.name: path.read_bytes() for path in files}
                github.add_artifact(run, kept, given["name"])
            case "actions/download-artifact":
                folder = self.workspace / given["path"]
                folder.mkdir(parents=True, exist_ok=True)
                self._download(given["name"], folder)
            case _ if name == OURS:
                return self._act(given, contexts, env)
            case _:
                raise NotImplementedError(uses)
        return {}

    def _download(self, name: str, folder: Path) -> None:
        for each in self.runner.github.artifacts:
            if each["run"] == self.run.id and each["name"] == name:
                zipfile.ZipFile(io.BytesIO(each["data"])).extractall(folder)
                return
        self.played.log += f"there is no artifact {name}\n"
        self.failed = True

    def _act(
        self, given: dict[str, str], contexts: dict[str, Any], env: dict[str, str]
    ) -> dict[str, str]:
        action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
        assert given.keys() <= action["inputs"].keys()
        inputs = {name: given.get(name, each["default"]) for name, each in action["inputs"].items()}
        # Secrets do not reach the inside of an action.
        inside = {name: value for name, value in contexts.items() if name != "secrets"}
        inside["inputs"] = inputs
        inside["github"] = {**contexts["github"], "action_path": str(ROOT)}
        steps = self._steps(action["runs"]["steps"], inside, env)
        reached = {**inside, "steps": steps}
        return {
            name: filled(each["value"], reached, self._functions(failed=False))
            for name, each in action["outputs"].items()
        }

    def _shell(self, script: str, shell: str | None, env: dict[str, str]) -> dict[str, str]:
        """Run a script; what it put out."""
        told = {name: self.temp / name for name in ("output", "path")}
        for path in told.values():
            path.write_text("", "utf-8")
        file = self.temp / "script"
        file.write_text(script, "utf-8")
        done = subprocess.run(
            [*_SHELLS[shell], str(file)],
            cwd=self.workspace,
            env={**env, "GITHUB_OUTPUT": str(told["output"]), "GITHUB_PATH": str(told["path"])},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
            timeout=300,
        )
        self.played.log += done.stdout
        self.failed = self.failed or done.returncode != 0
        for line in told["path"].read_text("utf-8").splitlines():
            self.env["PATH"] = f"{line}:{self.env['PATH']}"
        return outputs_in(told["output"].read_text("utf-8"))


def outputs_in(text: str) -> dict[str, str]:
    """`name=value` and `name<<DELIMITER` as the runner reads them."""
    found: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, sign, value = re.match(r"([^=<]*)(=|<<)(.*)", line).groups()
        if sign == "<<":
            parts: list[str] = []
            while (part := next(lines)) != value:
                parts.append(part)
            value = "\n".join(parts)
        found[name] = value
    return found
