"""What a command takes from its surroundings: the token, the operator's settings, who runs it."""

import os
import platform
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from reconciler import regular
from reconciler.catalog.base_url import AddressError, of_operator
from reconciler.catalog.digests import Digests
from reconciler.clock import SystemClock
from reconciler.core.model import Json
from reconciler.errors import TokenRefused, UsageError

_TOKEN = "ACRCLOUD_ACCESS_TOKEN"
_WEBHOOK = "RECONCILER_WEBHOOK_URL"
_LONGEST_SECRET = 10_000


def read_token(token_file: str | None) -> str:
    """The token, from `--token-file` or the environment; never from an argument, which every
    user of the machine can read. Raises `TokenRefused` where there is none."""
    if token_file == "-":
        token = sys.stdin.readline()
    elif token_file is not None:
        try:
            token = _secret_in(Path(token_file), "token")
        except _NoSecretError as error:
            raise TokenRefused(str(error)) from None
    else:
        token = os.environ.get(_TOKEN, "")
    token = token.strip()
    if not token:
        raise TokenRefused(f"there is no token: set {_TOKEN}, or give --token-file PATH")
    if not token.isascii() or not token.isprintable() or " " in token:
        raise TokenRefused("the token holds characters that no token has: is it the right one?")
    return token


def webhook_url(webhook_file: Path | None) -> str:
    """The webhook's address, from `--webhook-file` or the environment; it is a secret, as the
    token is. Raises `UsageError` where there is none."""
    try:
        url = (
            os.environ.get(_WEBHOOK, "")
            if webhook_file is None
            else _secret_in(webhook_file, "webhook")
        )
    except _NoSecretError as error:
        raise UsageError(str(error)) from None
    if not url.strip():
        raise UsageError(
            f"there is no webhook to notify: set {_WEBHOOK}, or give --webhook-file PATH"
        )
    return url.strip()


def base_url() -> str | None:
    """The operator's base URL, which goes before the catalogue's. Raises `UsageError` where the
    token must not be sent there: plain http is for this machine only."""
    url = os.environ.get("RECONCILER_BASE_URL")
    if not url:
        return None
    try:
        return of_operator(url)
    except AddressError as error:
        raise UsageError(
            f"RECONCILER_BASE_URL is {url!r}: the address {error}; "
            "a sandbox's is http://127.0.0.1:8080"
        ) from error


def proxies(url: str) -> Mapping[str, str]:
    """The operator's proxies for a host, none for the hosts in NO_PROXY or on this machine."""
    from urllib.request import getproxies, proxy_bypass

    host = url.split("://", 1)[-1].split("/", 1)[0].rsplit(":", 1)[0].strip("[]")
    if host in ("localhost", "::1") or host.startswith("127.") or proxy_bypass(host):
        return {}
    return {scheme: proxy for scheme, proxy in getproxies().items() if scheme != "no"}


def ca_bundle() -> str | None:
    """The operator's own certificates, by the names that requests and curl use."""
    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or None


def state_folder() -> Path:
    """Where locks lie: XDG_STATE_HOME, by the XDG Base Directory Specification. Raises
    `UsageError` where nobody has a home."""
    home = os.environ.get("XDG_STATE_HOME")
    try:
        folder = Path(home) if home else Path.home() / ".local" / "state"
    except RuntimeError:
        raise UsageError(
            "there is no folder for locks, and for what was asked for, since this user has no "
            "home: set XDG_STATE_HOME to one that stays"
        ) from None
    return folder / "reconciler"


def digests() -> Digests | None:
    """What is remembered of sources, in XDG_CACHE_HOME; None where nobody has a home."""
    home = os.environ.get("XDG_CACHE_HOME")
    try:
        folder = Path(home) if home else Path.home() / ".cache"
    except RuntimeError:
        return None
    return Digests(folder / "reconciler", SystemClock())


def new_run_id() -> str:
    """A name for one apply."""
    import uuid

    return uuid.uuid4().hex[:12]


def holder(run: str) -> str:
    """How a lock's holder names itself."""
    return f"run {run}, process {os.getpid()} of {_user()} on {platform.node()}"


def provenance(folder: Path, files: Iterable[Path]) -> Mapping[str, Json]:
    """Who applies, from which commit, in which CI run and pull request. `files`: the catalogue's,
    in `folder`."""
    from reconciler.cli import commit

    env = os.environ
    head = env.get("GITHUB_SHA") or env.get("CI_COMMIT_SHA") or commit.head_of(folder)
    found: dict[str, Json] = {
        "actor": env.get("GITHUB_ACTOR") or env.get("GITLAB_USER_LOGIN") or _user(),
        "host": platform.node(),
        "commit": head,
        "dirty": None if head is None else commit.is_dirty(folder, head, files),
        "ci_run": ci_run(),
        "pull_request": _pull_request(env),
    }
    return {name: value for name, value in found.items() if value is not None}


def ci_run() -> str | None:
    """The address of the CI run that this is part of."""
    env = os.environ
    github = env.get("GITHUB_RUN_ID") and (
        f"{env.get('GITHUB_SERVER_URL', '')}/{env.get('GITHUB_REPOSITORY', '')}"
        f"/actions/runs/{env['GITHUB_RUN_ID']}"
    )
    return github or env.get("CI_PIPELINE_URL")


def _pull_request(env: Mapping[str, str]) -> str | None:
    """Where somebody says which, that one: after the merge no variable of a job does."""
    told = env.get("RECONCILER_PULL_REQUEST", "").strip()
    if told:
        sign = "!" if env.get("GITLAB_CI") == "true" else "#"
        return f"{sign}{told}" if told.isascii() and told.isdigit() else told
    merge_request = env.get("CI_MERGE_REQUEST_IID")
    if merge_request:
        return f"!{merge_request}"
    parts = env.get("GITHUB_REF", "").split("/")
    return f"#{parts[2]}" if parts[:2] == ["refs", "pull"] and len(parts) > 2 else None


class _NoSecretError(Exception):
    """Why there is no secret in a file, in whole sentences."""


def _secret_in(path: Path, what: str) -> str:
    """The text of a file for its owner alone. Raises `_NoSecretError`."""
    try:
        data, mode = regular.read(path, _LONGEST_SECRET)
        if mode & 0o077:
            raise _NoSecretError(
                f"the {what} file {path} can be read by others: `chmod 600 {path}` first"
            )
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise _NoSecretError(f"the {what} file {path} holds no text") from None
    except regular.NotReadError as error:
        # Without the path, which may be the secret itself, given by mistake.
        raise _NoSecretError(
            f"the {what} file: {error}; --{what}-file takes the path of a file, and never the "
            f"{what} itself"
        ) from None


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
