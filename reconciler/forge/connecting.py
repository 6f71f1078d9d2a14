"""From what a job is told to the forge that it asks."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from reconciler.core.ports import Clock
from reconciler.forge import github, gitlab
from reconciler.forge.job import Job, Kind
from reconciler.forge.model import Forge
from reconciler.forge.sender import Proxies, Sender


@contextmanager
def connected_forge(
    job: Job,
    *,
    clock: Clock,
    proxies: Proxies,
    ca_bundle: str | None = None,
    author: str | None = None,
) -> Iterator[Forge]:
    """The job's project. `author`: who we are, where that is known. Raises as `Sender`."""
    base, version = job.api_url.rstrip("/"), ""
    if job.kind is Kind.GITHUB and base.endswith("/v3"):
        # GitHub Enterprise has its other API beside this one.
        base, version = base.removesuffix("/v3"), "/v3"
    headers = github.headers if job.kind is Kind.GITHUB else gitlab.headers
    sender = Sender(base, job.token, headers, clock=clock, proxies=proxies, ca_bundle=ca_bundle)
    with closing(sender):
        if job.kind is Kind.GITHUB:
            yield github.GitHub(sender, job.project, version=version, author=author)
        else:
            yield gitlab.GitLab(sender, job.project, author)
