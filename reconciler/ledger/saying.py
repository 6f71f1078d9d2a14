"""What the ledger says of changes and how they ended: values -> records. Pure."""

from typing import assert_never

from reconciler.core.change_codec import action, encode_change, encode_content
from reconciler.core.model import Json
from reconciler.core.outcome import Applied, Failed, Outcome, Sent, Stale, Unknown
from reconciler.core.plan import Change, Move

_CONTENT = ("before", "after", "keeps", "after_change")


def beginning(change: Change) -> dict[str, Json]:
    """A change is about to be sent: all of it, before and after."""
    return {"kind": "change.began", **encode_change(change)}


def ending(change: Change, outcome: Outcome, sent: Sent | None) -> dict[str, Json]:
    """A change has ended so. `sent`: how it was sent; None where it was not."""
    said: dict[str, Json] = {
        "kind": "change.ended",
        "id": change.id,
        "action": action(change),
        "bucket": change.bucket,
    }
    if change.key is not None:
        said["key"] = change.key
    if isinstance(change, Move) and change.trash:
        # Whoever reads this alone must know that it stands for a delete, and where the file is.
        said.update(trash=True, bucket_id=change.bucket_id)
    said.update(_outcome(outcome))
    if isinstance(outcome, Applied) and outcome.already:
        # No beginning of this run's says what it is that was found done.
        about = encode_change(change)
        said.update({name: about[name] for name in _CONTENT if name in about})
    if sent is not None:
        said.update(attempts=sent.attempts, status=sent.status)
    return said


def _outcome(outcome: Outcome) -> dict[str, Json]:
    match outcome:
        case Applied(file_id=file_id, acr_id=acr_id, already=already):
            return {"outcome": "applied", "file_id": file_id, "acr_id": acr_id, "already": already}
        case Stale(why=why, live=live):
            content = None if live is None else encode_content(live)
            return {"outcome": "stale", "why": why, "live": content}
        case Failed(why=why, file_id=file_id):
            return {"outcome": "failed", "why": why, "file_id": file_id}
        case Unknown(why=why):
            return {"outcome": "unknown", "why": why}
        case _:
            assert_never(outcome)
