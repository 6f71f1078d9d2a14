"""Git, run so that it does what it is asked for and nothing else: it asks nobody, runs no hook, and
is given no token of ours. What it says may come from whoever answers at `origin`: it is hostile.
"""

import os
import re
import signal
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_OWN: Final = re.compile(
    "PATH|HOME|USER|LOGNAME|TMPDIR|XDG_CONFIG_HOME|XDG_RUNTIME_DIR|SSH_[A-Z_]+"
    "|GIT_(ASKPASS|SSH|SSH_COMMAND|SSH_VARIANT|(SSL|HTTP|PROXY|CONFIG)_[A-Z0-9_]+)"
    "|SSL_CERT_(FILE|DIR)|CURL_CA_BUNDLE|(?i:(https?|all|no)_proxy)"
)
"""What git is given of the environment: by what it reaches and trusts `origin`. No token is among
it, and nothing that leads it to another repository."""
_ALWAYS: Final = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GCM_INTERACTIVE": "never",
    # Not `ext`, which runs a command, nor any other helper that a URL may name.
    "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",
}
_OPTIONS: Final = (
    *("--no-pager", "-c", "core.hooksPath=/dev/null", "-c", "safe.bareRepository=explicit"),
    *("-c", "core.fsmonitor=", "-c", "gc.auto=0", "-c", "maintenance.auto=false"),
    *("-c", "push.gpgSign=false", "-c", "push.followTags=false"),
    *("-c", "push.recurseSubmodules=no", "-c", "fetch.recurseSubmodules=no"),
)
_REFUSED: Final = re.compile(
    r"\b40[13]\b|denied|declined|not allowed|unauthorized|authentication failed|protected branch"
    r"|could not read (username|password)|repository not found|does not appear to be a git repo",
    re.IGNORECASE,
)
_USER_INFO: Final = re.compile(r"(?<=://)[^\s/'\"]*@")
_ESCAPES: Final = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?")
_MOST_SAID = 400
"""Characters of what git says."""
_SHORTEST_SECRET = 4


class GitFailed(Exception):
    """Git did not do what it was asked for; what it may have done is not known."""

    def __init__(self, doing: str, said: str = "", *, is_nowhere: bool = False) -> None:
        """`said`: git's words, harmless already."""
        super().__init__(f'{doing}: "{said}"' if said else doing)
        self.is_refused = _REFUSED.search(said) is not None
        """Whether it would be refused again."""
        self.is_nowhere = is_nowhere or "not a git repository" in said
        """Whether there is no such repository here."""


@dataclass(frozen=True, slots=True)
class Git:
    """Git for one repository."""

    folder: Path
    """Where it runs."""
    repository: Path | None = None
    """None: the one that the folder is in."""
    settings: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """More of them, as name and value. They may hold credentials, so no argument shows them."""
    known: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Those that it has already, by its user or the environment: they may hold some, too."""

    def run(self, *arguments: str, stdin: bytes = b"", seconds: float = 60) -> bytes:
        """What it says on standard output. Raises `GitFailed`."""
        doing = f"git {arguments[0]}"
        where = () if self.repository is None else (f"--git-dir={self.repository}",)
        try:
            process = subprocess.Popen(
                ["git", *where, *_OPTIONS, *arguments],
                cwd=self.folder,
                env={**_ours(os.environ), **_ALWAYS, **self._more()},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                # A Ctrl-C at the terminal is for us: what was done has yet to be written down.
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise GitFailed(f"{doing}: there is no {error.filename}", is_nowhere=True) from error
        except OSError as error:
            raise GitFailed(f"{doing}: {error.strerror}") from error
        try:
            out, said = process.communicate(stdin, seconds)
        except subprocess.TimeoutExpired as error:
            raise GitFailed(f"{doing}: no answer within {seconds:g} seconds") from error
        finally:
            _end(process)
        if process.returncode != 0:
            raise GitFailed(doing, harmless(said, self._secrets()) or f"exit {process.returncode}")
        return out

    def _more(self) -> Mapping[str, str]:
        """The settings, after those that are in the environment by the same way already."""
        count = os.environ.get("GIT_CONFIG_COUNT", "")
        first = int(count) if count.isdecimal() else 0
        more: dict[str, str] = {}
        for number, (name, value) in enumerate(self.settings, start=first):
            more |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
        return {**more, "GIT_CONFIG_COUNT": str(first + len(self.settings))}

    def _secrets(self) -> Iterable[str]:
        for name, value in (*self.settings, *self.known):
            for text in (name, value):
                for found in _USER_INFO.findall(text):
                    yield from found[:-1].split(":")
            if name.endswith(".extraheader"):
                yield value.rpartition(" ")[2]


def harmless(said: bytes, secrets: Iterable[str] = ()) -> str:
    """What git said, in one line, of at most some hundred characters, without credentials, and
    with nothing that acts on a terminal. Its last words, which say the most."""
    text = said.decode("utf-8", "replace")
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "***")
    text = _ESCAPES.sub("", _USER_INFO.sub("", text))
    lines = [" ".join(line.split()) for line in text.splitlines()]
    line = "; ".join(line for line in lines if line not in ("", "remote:"))
    line = "".join(char if char.isprintable() else "?" for char in line).replace('"', "'")
    return line if len(line) <= _MOST_SAID else f"...{line[-_MOST_SAID:]}"


def _ours(environment: Mapping[str, str]) -> Mapping[str, str]:
    return {name: value for name, value in environment.items() if _OWN.fullmatch(name)}


def _end(process: "subprocess.Popen[bytes]") -> None:
    """It, and what it has started, which would hold on to the connection."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()
