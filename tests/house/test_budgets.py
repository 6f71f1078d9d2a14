"""The comments that silence a check are counted: too many fails, and so does room to spare."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUDGETS = ROOT / "script" / "budgets"
ALLOWED = {
    name: int(number)
    for name, number in re.findall(r"^(\w+)=(\d+)", BUDGETS.read_text("utf-8"), re.MULTILINE)
}
COMMENTS = [
    ("noqa", "# noqa: X100"),
    ("noqa", "# ruff: noqa"),
    ("type_ignore", "# type: ignore[misc]"),
    ("type_ignore", "# mypy: ignore-errors"),
    ("no_cover", "# pragma: no cover"),
    ("no_cover", "# pragma: no branch"),
]


def judge(folder: Path) -> tuple[int, str]:
    done = subprocess.run(
        [BUDGETS, folder], capture_output=True, text=True, check=False, cwd=os.sep
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def within(tmp_path: Path) -> Path:
    """A folder that uses up each budget exactly."""
    once = dict(reversed(COMMENTS))
    lines = [f"x = 1  {comment}" for name, comment in once.items() for _ in range(ALLOWED[name])]
    (tmp_path / "module.py").write_text("\n".join(lines), "utf-8")
    return tmp_path


def test_the_package_is_within_its_budgets() -> None:
    assert judge(ROOT / "reconciler") == (0, "")


def test_what_uses_a_budget_up_is_fine(within: Path) -> None:
    assert judge(within) == (0, "")


@pytest.mark.parametrize(("name", "comment"), COMMENTS)
def test_one_more_than_the_budget_fails_and_is_shown(name: str, comment: str, within: Path) -> None:
    (within / "another.py").write_text(f'"""One."""\n\nx = 1  {comment}\n', "utf-8")
    code, said = judge(within)
    assert code == 1
    assert f"{ALLOWED[name] + 1}, and the budget is {ALLOWED[name]}" in said
    assert f"{within}/another.py:3:x = 1  {comment}" in said


@pytest.mark.parametrize("name", ["noqa", "type_ignore", "no_cover"])
def test_one_less_than_the_budget_fails_too(name: str, tmp_path: Path, within: Path) -> None:
    script = tmp_path / "script" / "budgets"
    script.parent.mkdir()
    more = f"{name}={ALLOWED[name] + 1}"
    script.write_text(
        re.sub(rf"^{name}=\d+", more, BUDGETS.read_text("utf-8"), flags=re.MULTILINE), "utf-8"
    )
    done = subprocess.run(["sh", script, within], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "lower the budget" in done.stdout


@pytest.mark.parametrize(("lines", "code"), [(400, 0), (401, 1)])
def test_a_module_has_an_end(lines: int, code: int, within: Path) -> None:
    (within / "long.py").write_text("x = 1\n" * lines, "utf-8")
    judged, said = judge(within)
    assert judged == code
    assert ("long.py" in said) == bool(code)
