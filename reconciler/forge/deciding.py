"""Which comments and issues are ours, and what becomes of them. This is the only place that says
so, and it only says.

A comment is ours where it has a marker of this catalogue, and we are its author, and nobody has
hidden it. Of a marker alone anybody may be the author; so it is told, and let be. (Other workflows
of the same project may write under the same name. One that repeats what a stranger wrote, from its
first line on, writes whatever markers the stranger likes.)

| the pull request, and what is ours on it         | what is done                                |
|--------------------------------------------------|---------------------------------------------|
| its head is another commit than the planned one  | nothing: its own run writes, or has written |
| a comment of a later run about the same head     | nothing                                     |
| no comment                                       | write one                                   |
| one, with the same text                          | nothing                                     |
| one, with another text                           | give it the new text                        |
| several                                          | the oldest as above; the others are told to |
|                                                  | be superseded, and lose their marker        |

Whether the head is still the planned one is asked just before it is written, and neither forge has
a way to write only then: a newer run would have to begin and end within that one request.

The others are edited and not deleted: what somebody answered to stays where it was, links to it
lead somewhere, and it cannot be taken for the plan any more.

| drift | our open issues | what is done                                                          |
|-------|-----------------|-----------------------------------------------------------------------|
| some  | none            | open one                                                              |
| some  | one             | give it the new text, where it has another; nobody is told again      |
| some  | several         | the oldest as above; the others are closed                            |
| none  | none            | nothing                                                               |
| none  | some            | close them, and say so in the oldest                                  |

A catalogue's branch is where a job pushes what `pull` has written into it: it is there as long as
there is something to take in.

| the branch   | our open pull requests from it | what is done                                    |
|--------------|--------------------------------|-------------------------------------------------|
| is there     | none                           | open one                                        |
| is there     | some                           | give the oldest the new text, where it has      |
|              |                                | another; there cannot be two into one branch    |
| is not there | none                           | nothing                                         |
| is not there | some                           | close them                                      |

| how an apply ended          | our comments about it | what is done                              |
|-----------------------------|-----------------------|-------------------------------------------|
| its commit is of no request |                       | nothing                                   |
| one of ours is of a later   |                       | nothing                                   |
| otherwise                   | none                  | write one                                 |
|                             | some                  | as with a plan's                          |
"""

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.forge.marker import AppliedMarker, DriftMarker, PlanMarker, PulledMarker
from reconciler.forge.model import Comment, Issue, Merged, OpenRequest


@dataclass(frozen=True, slots=True)
class Found:
    """The comments on a pull request that have this catalogue's marker."""

    ours: tuple[tuple[PlanMarker, Comment], ...]
    """The oldest first."""
    others: tuple[Comment, ...]
    """By somebody else."""

    @property
    def latest(self) -> PlanMarker | None:
        """The marker of the last run that wrote."""
        return max((marker for marker, _ in self.ours), key=lambda each: each.run, default=None)


def comments_of(comments: Sequence[Comment], catalog: str, me: str) -> Found:
    """The comments with this catalogue's marker, and whose they are. `me`: our own name there."""
    ours: list[tuple[PlanMarker, Comment]] = []
    others: list[Comment] = []
    for comment in sorted(comments, key=lambda each: each.id):
        marker = PlanMarker.of(comment.body)
        if marker is None or marker.catalog != catalog:
            continue
        if not _is_same(comment.author, me):
            others.append(comment)
        elif not comment.is_hidden:
            ours.append((marker, comment))
    return Found(tuple(ours), tuple(others))


def why_left(found: Found, marker: PlanMarker, head: str) -> str | None:
    """Why nothing is written; None: it is. `head`: the pull request's, now."""
    if head != marker.head:
        return f"its head is {head[:12]} by now, and this is the plan of {marker.head[:12]}"
    later = [old.run for old, _ in found.ours if old.head == marker.head and old.run > marker.run]
    if later:
        return f"run {max(later)}, which is later, has written about the same head"
    return None


def applied_of(
    comments: Sequence[Comment], catalog: str, me: str
) -> tuple[tuple[AppliedMarker, Comment], ...]:
    """Our comments about applies of this catalogue, the oldest first."""
    return tuple(
        (marker, comment)
        for comment in sorted(comments, key=lambda each: each.id)
        if (marker := AppliedMarker.of(comment.body)) is not None
        and marker.catalog == catalog
        and _is_same(comment.author, me)
        and not comment.is_hidden
    )


def is_same_text(one: str, other: str) -> bool:
    """Whether what is there is what would be written: line ends, and space at its end, are the
    server's."""
    return _lines(one) == _lines(other)


def issues_of(issues: Sequence[Issue], catalog: str, me: str) -> tuple[Issue, ...]:
    """Our open issues about this catalogue, the oldest first."""
    marker = DriftMarker(catalog)
    ours = [
        issue
        for issue in issues
        if _is_same(issue.author, me) and DriftMarker.of(issue.body) == marker
    ]
    return tuple(sorted(ours, key=lambda each: each.number))


def requests_of(requests: Sequence[OpenRequest], catalog: str, me: str) -> tuple[OpenRequest, ...]:
    """Our open pull requests that take what is live into this catalogue, the oldest first."""
    marker = PulledMarker(catalog)
    ours = [
        request
        for request in requests
        if _is_same(request.author, me) and PulledMarker.of(request.body) == marker
    ]
    return tuple(sorted(ours, key=lambda each: each.number))


def merged_by(merged: Sequence[Merged], commit: str) -> Merged | None:
    """The one that a commit is the merge of; where none says so, the only one there is."""
    exact = [each for each in merged if commit in each.commits]
    candidates = exact or merged
    return candidates[0] if len(candidates) == 1 else None


def _is_same(one: str, other: str) -> bool:
    """Names of users are one in capitals and small letters."""
    return one.lower() == other.lower()


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").rstrip()
