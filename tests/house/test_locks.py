"""The locks name everything that is installed, by hash, and nothing of where it came from."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
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


@pytest.mark.parametrize("name", ["run", "dev"])
def test_a_lock_names_all_that_its_packages_need(name: str) -> None:
    """It is installed as it is, and nothing is looked for besides."""
    packages = locked(name)
    for package in packages:
        try:
            needs = requires(package) or []
        except PackageNotFoundError:  # it is for another platform or another Python
            continue
        for need in map(Requirement, needs):
            if need.marker is None or need.marker.evaluate({"extra": ""}):
                version, _ = packages[canonicalize_name(need.name)]
                assert need.specifier.contains(version, prereleases=True), f"{package}: {need}"


def test_what_is_tested_is_what_runs() -> None:
    assert locked("run").items() <= locked("dev").items()
