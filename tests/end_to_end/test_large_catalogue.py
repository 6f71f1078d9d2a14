"""A large catalogue is read by several processes, and the buckets meanwhile."""

import pytest

from reconciler.catalog.workers import WORTH
from reconciler.sandbox.console import Sandbox
from tests.end_to_end.conftest import Workplace

HEAD = """
    version: 1
    catalog: radio-ads
    buckets:
      spots: {id: 8891}
    defaults: {bucket: spots}
    limits: {max_create_percent: null}
    include: [tracks/*.yaml]
"""
COUNT = WORTH // 1000 + 300
LONG = "x" * 950


def entries(*more: str) -> str:
    many = (f"  e{n}: {{title: T{n}, acr_id: {n:032x}}}\n  # {LONG}\n" for n in range(COUNT))
    return f"files:\n{''.join(many)}{''.join(more)}"


def large(work: Workplace, *more: str) -> None:
    work.catalog(HEAD)
    half = entries()
    work.folder.joinpath("tracks").mkdir()
    work.folder.joinpath("tracks", "a.yaml").write_text(half)
    work.folder.joinpath("tracks", "b.yaml").write_text("files:\n" + ("".join(more) or "  {}\n"))


def lists(sandbox: Sandbox) -> int:
    return sum(each.path.endswith("/files") for each in sandbox.requests)


@pytest.fixture(autouse=True)
def files(sandbox: Sandbox) -> None:
    sandbox.add_file(8891, title="Spring", user_defined={"catalog_key": "radio-ads/spring"})


def test_it_has_the_plan_of_a_small_one(work: Workplace, sandbox: Sandbox) -> None:
    spring = "  spring: {title: Spring ad}\n"
    large(work, spring)
    plan = work.run("plan", "--format", "json", "--only", "spring")
    assert plan.code == 0, plan.err
    work.folder.joinpath("tracks", "a.yaml").write_text("files: {}\n")
    small = work.run("plan", "--format", "json", "--only", "spring")
    assert [plan.json[name] for name in ("changes", "digest", "live")] == [
        small.json[name] for name in ("changes", "digest", "live")
    ]
    assert len(plan.json["changes"]) == 1


def test_what_is_wrong_with_it_is_said_before_what_is_wrong_with_the_service(
    work: Workplace, sandbox: Sandbox
) -> None:
    large(work, "  spring: {titel: Spring ad}\n")
    plan = work.run("plan", env={"RECONCILER_BASE_URL": "http://127.0.0.1:1"})
    assert plan.code == 1
    assert "tracks/b.yaml:2:12: files.spring.titel" in plan.err
    assert "127.0.0.1" not in plan.err


def test_with_a_mistake_in_its_head_nothing_is_asked(work: Workplace, sandbox: Sandbox) -> None:
    large(work)
    work.catalog(HEAD + "    defaultz: {}\n")
    assert work.run("plan").code == 1
    assert not sandbox.requests


def test_a_token_that_is_missing_or_refused_ends_it_with_7(
    work: Workplace, sandbox: Sandbox
) -> None:
    large(work)
    assert work.run("plan", env={"ACRCLOUD_ACCESS_TOKEN": None}).code == 7
    assert not sandbox.requests
    work.folder.joinpath("token").write_text("")
    work.folder.joinpath("token").chmod(0o600)
    assert work.run("plan", "--token-file", "token").code == 7
    assert not sandbox.requests


@pytest.mark.parametrize(
    "command",
    [("plan",), ("drift",), ("list", "--format", "json"), ("pull", "--kind", "all", "--dry-run")],
)
def test_the_buckets_are_read_once(
    work: Workplace, sandbox: Sandbox, command: tuple[str, ...]
) -> None:
    large(work)
    work.run(*command)
    assert lists(sandbox) == 1


def test_standard_input_is_asked_for_the_token_once(work: Workplace, sandbox: Sandbox) -> None:
    """What follows a token that is none is not taken for another."""
    large(work)
    plan = work.run("plan", "--token-file", "-", stdin="not a token\nnor-is-this-line\n")
    assert plan.code == 7
    assert "the token holds characters that no token has" in plan.err
    assert not sandbox.requests
