"""What GitLab's pipeline promises, read from the files that people copy; and that the player of it
refuses what it does not know."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.workflows.configuration import holds, read
from tests.workflows.pipeline import dotenv_of
from tests.workflows.repository import BUCKETS, ROOT

FOLDER = ROOT / "examples" / "gitlab"
FILE = FOLDER / ".gitlab-ci.yml"
PIPELINE = read(FILE, {})
JOBS = {name: job for name, job in PIPELINE.jobs.items() if name.endswith(" radio-ads")}
IN_FORKS = ["validate radio-ads"]


def environment(job: dict[str, Any]) -> str:
    return str(job.get("environment", {}).get("name", ""))


def written(job: dict[str, Any]) -> str:
    return json.dumps(job)


def test_each_catalogue_has_the_same_jobs() -> None:
    names = [name.removesuffix(" radio-ads") for name in JOBS]
    assert PIPELINE.jobs.keys() == {f"{job} {name}" for job in names for name in BUCKETS}


@pytest.mark.parametrize("name", JOBS)
class TestAJob:
    def test_has_one_token_by_its_environment(self, name: str) -> None:
        job = JOBS[name]
        script = "\n".join(job["script"])
        if "reconciler report" in script:
            assert environment(job) == "acrcloud-report"
            assert "reconciler plan" not in script
        elif "reconciler apply" in script:
            assert environment(job) in {"acrcloud/reviewed", "acrcloud/changed"}
        elif "reconciler plan" in script or "reconciler drift" in script:
            assert environment(job) == "acrcloud-read"
        else:
            assert "environment" not in job

    def test_that_holds_a_token_is_not_run_for_a_fork(self, name: str) -> None:
        forks = {
            "CI_PIPELINE_SOURCE": "merge_request_event",
            "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "77",
            "CI_MERGE_REQUEST_PROJECT_ID": "42",
        }
        is_run = any(
            holds(rule["if"], {**forks, "CI_PROJECT_ID": project})
            for rule in JOBS[name]["rules"]
            for project in ("77", "42")
        )
        assert is_run == (name in IN_FORKS)

    def test_that_writes_to_the_bucket_is_run_on_the_default_branch_alone(self, name: str) -> None:
        if environment(JOBS[name]).startswith("acrcloud/"):
            for rule in JOBS[name]["rules"]:
                assert rule["if"].endswith(" && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH")

    def test_shows_what_it_keeps_to_developers_alone(self, name: str) -> None:
        artifacts = JOBS[name].get("artifacts")
        assert artifacts is None or artifacts["access"] == "developer"

    def test_installs_a_wheel_by_its_checksum_and_builds_nothing(self, name: str) -> None:
        *cleared, install = JOBS[name]["before_script"]
        assert all(line.startswith("rm -rf ") for line in cleared)
        assert "--only-binary :all:" in install
        assert install.endswith(' "$RECONCILER"')
        assert re.fullmatch(
            r"https://\S+\.whl#sha256=[0-9a-f]{64}", PIPELINE.variables["RECONCILER"]
        )

    def test_names_no_secret_but_what_it_reaches_the_repository_by(self, name: str) -> None:
        named = set(re.findall(r"\$\{?(\w*TOKEN\w*)", written(JOBS[name])))
        if environment(JOBS[name]).startswith("acrcloud/"):
            assert named == {"RECONCILER_LEDGER_TOKEN"}
        else:
            job_token = {"CI_JOB_TOKEN"}
            by_git = {"drift": job_token, "take-in": {"GITLAB_TOKEN"}}
            by_git |= dict.fromkeys(("applied", "applied-changed"), job_token)
            assert named == by_git.get(name.split(maxsplit=1)[0], set())


def test_one_job_is_for_forks_and_it_has_no_secret() -> None:
    (name,) = IN_FORKS
    assert "environment" not in JOBS[name]


def test_applies_come_one_at_a_time() -> None:
    groups = {
        job["resource_group"]
        for job in PIPELINE.jobs.values()
        if environment(job).startswith("acrcloud/")
    }
    assert len(groups) == 1


@pytest.mark.parametrize("catalog", ["two words", "../up", "$(id)", "a;b", ""])
def test_a_catalogue_is_named_by_what_is_safe_in_a_script(tmp_path: Path, catalog: str) -> None:
    shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True)
    text = FILE.read_text("utf-8").replace("catalog: jingles", f"catalog: '{catalog}'")
    (tmp_path / FILE.name).write_text(text, "utf-8")
    with pytest.raises(AssertionError, match="catalog is"):
        read(tmp_path / FILE.name, {})


@pytest.mark.parametrize("allow", ["delete", "delete=1 --yes", "delete=$(id)", "delete=x"])
def test_a_guardrail_is_let_pass_by_its_name_and_a_number(allow: str) -> None:
    assert read(FILE, {"allow": "delete=120"}).jobs["plan-merged jingles"]["variables"] == {
        "CATALOG": "catalogs/jingles/catalog.yaml",
        "ALLOW": "delete=120",
    }
    with pytest.raises(AssertionError, match="allow is"):
        read(FILE, {"allow": allow})


class TestThePlayer:
    @pytest.mark.parametrize("line", ["after_script: [echo]", "retry: 2", "cache: {paths: [x]}"])
    def test_refuses_a_job_with_a_word_that_it_does_not_know(
        self, tmp_path: Path, line: str
    ) -> None:
        file = tmp_path / ".gitlab-ci.yml"
        file.write_text(f"stages: [a]\njob:\n  rules: [{{if: $A}}]\n  script: [b]\n  {line}\n")
        with pytest.raises(NotImplementedError, match=line.partition(":")[0]):
            read(file, {})

    @pytest.mark.parametrize("condition", ["$A", '$A == "b" || $A == "c"', "$A != $B", "$A =~ $B"])
    def test_refuses_a_condition_that_it_does_not_know(self, condition: str) -> None:
        with pytest.raises(SyntaxError):
            holds(condition, {"A": "b"})

    def test_refuses_two_jobs_of_one_name(self, tmp_path: Path) -> None:
        shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True)
        path = tmp_path / "catalog.gitlab-ci.yml"
        text = path.read_text("utf-8").replace('"validate $[[ inputs.catalog ]]":', "check:")
        path.write_text(text, "utf-8")
        with pytest.raises(AssertionError, match="check is there twice"):
            read(tmp_path / FILE.name, {})

    def test_reads_a_report_as_gitlab_does(self) -> None:
        assert dotenv_of("a=1\nb=\nc=x=y\n") == {"a": "1", "b": "", "c": "x=y"}
        with pytest.raises(AssertionError, match="no variable"):
            dotenv_of("a=1\n\n")
        with pytest.raises(AssertionError):
            dotenv_of("".join(f"n{number}=1\n" for number in range(21)))


# That the check of script/lint finds anything: one thing wrong in the second document.
def test_what_is_wrong_is_found() -> None:
    program = shutil.which("check-jsonschema", path=str(Path(sys.executable).parent))
    assert program is not None
    options = ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"]
    jobs = (FOLDER / "catalog.gitlab-ci.yml").read_text("utf-8").partition("\n---\n")[2]
    for text, code in [(jobs, 0), (jobs.replace("  script:", "  scrpt:"), 1)]:
        done = subprocess.run(
            [program, *options, "--default-filetype", "yaml", "-"],
            input=text,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == code, done.stdout
