"""What a way back leaves undone, in words."""

from reconciler.core.plan import Delete, Note
from reconciler.core.revert.images import Image, Look

_LONGEST = 120


def clipped(text: str) -> str:
    """A value or a name, no longer than a note has room for."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def undeclared(was: Look) -> str:
    """That it does not go back to its bucket."""
    return f"it was in {was.bucket} ({was.bucket_id}), which the catalogue no longer declares"


def no_audio(digest: str | None) -> str:
    """That what a file was made from does not come back."""
    if digest is None:
        return "what its old file was made from is not known, so that cannot come back"
    return (
        f"the audio of {digest} is gone: put it back into the catalogue, and revert again, or "
        "restore the file"
    )


def gone(image: Image) -> Note:
    """That a file does not come back which was no key's, or not its only one."""
    change = image.change
    what = "it carried no mark" if change.key is None else "a duplicate, or of a former key"
    how = "was deleted" if isinstance(change, Delete) else "went to the trash"
    message = f"file {image.file_id} {how} ({what}), and does not come back"
    return Note("lost", message, change.key, change.bucket, image.file_id)
