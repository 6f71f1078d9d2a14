"""A drift's bytes on disk, as `drift --out` and `drift --format json` write them."""

from pathlib import Path
from typing import Final

from reconciler import formats, private
from reconciler.core.drift_codec import FORMAT, DriftReport, decode_drift, encode_drift
from reconciler.core.streaming import indented
from reconciler.errors import DriftFileError

_LARGEST: Final = 512 * 1024 * 1024


def write_drift(path: Path, report: DriftReport) -> None:
    """Write the drift, in place of a file or where nothing is. Raises `DriftFileError`."""
    try:
        private.write(path, indented(encode_drift(report)))
    except OSError as error:
        raise DriftFileError(f"writing the drift {path}: {error.strerror}") from error


def read_drift(path: Path, schema: bytes) -> DriftReport:
    """The drift in a file. `schema`: the drift's. Raises `DriftFileError`."""
    try:
        _, body = formats.read(
            path, form=FORMAT, schema=schema, most=_LARGEST, remedy="look for drift again"
        )
    except formats.NotOfFormatError as error:
        raise DriftFileError(f"reading the drift {path}: {error}") from None
    return decode_drift(body)
