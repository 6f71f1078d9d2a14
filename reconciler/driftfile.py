"""A drift's bytes on disk, as `drift --format json` has written them."""

from pathlib import Path
from typing import Final

from reconciler import formats
from reconciler.core.drift_codec import FORMAT, DriftReport, decode_drift
from reconciler.errors import DriftFileError

_LARGEST: Final = 512 * 1024 * 1024


def read_drift(path: Path, schema: bytes) -> DriftReport:
    """The drift in a file. `schema`: the drift's. Raises `DriftFileError`."""
    try:
        _, body = formats.read(
            path, form=FORMAT, schema=schema, most=_LARGEST, remedy="look for drift again"
        )
    except formats.NotOfFormatError as error:
        raise DriftFileError(f"reading the drift {path}: {error}") from None
    return decode_drift(body)
