"""The locks name everything that is installed, by hash, and nothing of where it came from."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT = PYPROJECT["project"]
EXTRAS = PROJECT["optional-dependencies"]
RUN = [*PYPROJECT["build-system"]["requires"], *PROJECT["dependencies"], *EXTRAS["sandbox"]]
NEEDED = {"run": RUN, "dev": [*RUN, *EXTRAS["dev"]]}
# One of each: compiled for every platform and every Python that we support, not for one machine.
PLATFORMS = {"orjson": 40, "pyyaml": 40, "jsonschema-rs": 20}


def text(name: str) -> str:
    return (ROOT / "script" / "locks" / f"{name}.txt").read_text("utf-8")


def locked(name: str) -> dict[str, tuple[str, list[str]]]:
    """Each package's version and hashes."""
    found: dict[str, tuple[str, list[str]]] = {}
    for line in text(name).replace("\\\n", " ").splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            stated, *hashes = re.split(r"\s+--hash=", line.strip())
            requirement = Requirement(stated)
            (version,) = requirement.specifier
            assert version.operator == "=="
            found[canonicalize_name(requirement.name)] = (version.version, hashes)
    return found


@pytest.mark.parametrize("name", ["run", "dev"])
def test_a_lock_names_no_place(name: str) -> None:
    assert not re.search(r"://|^ *-[^-]|--(?!hash=)| @ |/home/|/tmp/", text(name), re.MULTILINE)


@pytest.mark.parametrize("name", ["run", "dev"])
def test_every_requirement_is_hashed(name: str) -> None:
    packages = locked(name)
    assert packages
    for package, (_, hashes) in packages.items():
        assert hashes, package
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for each in hashes), package
        assert len(hashes) >= PLATFORMS.get(package, 1), package


@pytest.mark.parametrize("name", ["run", "dev"])
def test_a_lock_covers_what_pyproject_asks_for(name: str) -> None:
    packages = locked(name)
    for requirement in map(Requirement, NEEDED[name]):
        if requirement.name != PROJECT["name"]:
            version, _ = packages[canonicalize_name(requirement.name)]
            assert version in requirement.specifier, f"{requirement}: run script/lock"


def test_what_is_tested_is_what_runs() -> None:
    assert locked("run").items() <= locked("dev").items()
