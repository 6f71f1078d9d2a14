"""A drift's bytes on disk, as `drift --format json` has written them."""

from pathlib import Path
from typing import Final

from reconciler import regular
from reconciler.core.drift_codec import FORMAT, DriftReport, decode_drift
from reconciler.errors import DriftFileError
from reconciler.structured import NotOfFormatError, parsed

_LARGEST: Final = 512 * 1024 * 1024


def read_drift(path: Path, schema: bytes) -> DriftReport:
    """The drift in a file. `schema`: the drift's. Raises `DriftFileError`."""
    try:
        data, _ = regular.read(path, _LARGEST)
        return decode_drift(parsed(data, FORMAT, schema))
    except (regular.NotReadError, NotOfFormatError) as error:
        raise DriftFileError(f"reading the drift {path}: {error}") from None
