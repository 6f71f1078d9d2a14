"""The story of the README, told by the commands themselves on a sandbox.

Everything happens in a temporary folder and on a free port of 127.0.0.1, and is gone afterwards.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_TOKEN = "demo-token"
_SERVING = "sandbox: serving "


class _Failed(Exception):
    """A step did not end as the story says."""


def tell(example: Path) -> int:
    """Tell the story of the catalogue in `example`. 0 where every step ended as it should."""
    with tempfile.TemporaryDirectory(prefix="reconciler-demo-") as folder:
        home = Path(folder)
        shutil.copytree(example, home / "catalogue")
        try:
            with _sandbox(home) as url:
                _tell(home / "catalogue", url, _environment(home, url))
        except _Failed as failed:
            sys.stderr.write(f"demo: {failed}\n")
            return 1
    return 0


def _tell(folder: Path, url: str, environment: Mapping[str, str]) -> None:
    def step(title: str, *arguments: str, ends: int = 0) -> None:
        _say(f"\n── {title}\n\n$ reconciler {' '.join(arguments)}\n")
        code = _run(arguments, folder, environment)
        _say(f"(exit {code})\n")
        if code != ends:
            raise _Failed(f"`reconciler {' '.join(arguments)}` ended with {code}, not {ends}")

    _say(f"A sandbox plays the service at {url}. The catalogue is {folder.name}/catalog.yaml.\n")
    step("Is the catalogue right? (no token, no network)", "validate")
    step("What would happen?", "plan", "--out", "plan.json", "--detailed-exitcode", ends=2)
    digest = json.loads((folder / "plan.json").read_bytes())["digest"]
    step("Do exactly that.", "apply", "--plan-digest", digest)
    step("Once more: there is nothing to do.", "plan", "--detailed-exitcode")
    file, key = _edit_first_file(folder, url)
    _say(f"\n── Somebody edits file {file} in the console: its title is now “Edited by hand”.\n")
    step("Has anything drifted?", "drift", ends=2)
    step("It could be taken into the catalogue.", "pull", key, "--dry-run")
    step("It is not wanted: repair it.", "apply", "--yes")
    step("And now?", "drift")
    step("Who made that entry what it is, and what happened to it?", "history", key)
    step("Is the ledger as it was written?", "audit", "verify")
    _say("\nThat was the whole story. The README says how to go on with a real token.\n")


def _edit_first_file(folder: Path, url: str) -> tuple[int, str]:
    """What somebody does who knows nothing of catalogues. The file, and the key of its entry."""
    bucket = next(iter(json.loads((folder / "plan.json").read_bytes())["live"].values()))["id"]
    files = _ask("GET", f"{url}/api/buckets/{bucket}/files")["data"]
    file_id = int(files[0]["id"])
    _ask("PUT", f"{url}/api/buckets/{bucket}/files/{file_id}", {"title": "Edited by hand"})
    return file_id, str(files[0]["user_defined"]["catalog_key"]).partition("/")[2]


def _ask(method: str, url: str, body: Mapping[str, str] | None = None) -> Any:
    there = urlsplit(url)
    with closing(HTTPConnection(there.netloc, timeout=10)) as connection:
        connection.request(
            method,
            there.path,
            body=None if body is None else json.dumps(body).encode(),
            headers={
                "Accept": "application/json",
                "Content-Type": "application/json",
                "Authorization": f"Bearer {_TOKEN}",
            },
        )
        return json.load(connection.getresponse())


def _run(arguments: tuple[str, ...], folder: Path, environment: Mapping[str, str]) -> int:
    command = [sys.executable, "-m", "reconciler", *arguments]
    sys.stdout.flush()
    done = subprocess.run(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, check=False
    )
    return done.returncode


@contextmanager
def _sandbox(home: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "reconciler", "sandbox", "--port", "0"]
    seed = ["--seed", str(home / "catalogue" / "catalog.yaml")]
    with subprocess.Popen(
        [*command, *seed], env=_environment(home, ""), stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            line = server.stdout.readline() if server.stdout else ""
            if not line.startswith(_SERVING):
                # Without an address the commands would go to the real service.
                raise _Failed("the sandbox did not start, so nothing was done")
            yield line.removeprefix(_SERVING).strip()
        finally:
            server.terminate()


def _environment(home: Path, url: str) -> dict[str, str]:
    """The user's own, but for what the demo decides: no real token, no state left behind."""
    return {
        **os.environ,
        "ACRCLOUD_ACCESS_TOKEN": _TOKEN,
        "RECONCILER_BASE_URL": url,
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_STATE_HOME": str(home / "state"),
    }


def _say(text: str) -> None:
    sys.stdout.write(text)
