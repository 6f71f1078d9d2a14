"""The metrics' bytes on disk, for the textfile collector of Prometheus' node exporter.

Alone of all that is written here the file is for everybody to read (0644): the collector is another
user. It holds counts, and names of the catalogue and its buckets: no title, no key, no value.
"""

from pathlib import Path
from typing import Final

from reconciler import private, regular
from reconciler.errors import MetricsFileError

_LARGEST: Final = 16 * 1024 * 1024


def read_metrics(path: Path) -> str | None:
    """What the runs before have written; None where there is no file. Raises `MetricsFileError`
    where it cannot be read."""
    if not path.exists():
        return None
    try:
        data, _ = regular.read(path, _LARGEST)
        return data.decode("utf-8")
    except regular.NotReadError as error:
        raise MetricsFileError(f"reading the metrics {path}: it {error}") from None
    except UnicodeDecodeError:
        raise MetricsFileError(f"reading the metrics {path}: it is no text") from None


def write_metrics(path: Path, text: str) -> None:
    """Write the metrics in place of a file or where nothing is: the collector sees all of them, or
    those of before. Raises `MetricsFileError`."""
    try:
        private.write(path, [text.encode("utf-8")], for_everybody=True)
    except OSError as error:
        raise MetricsFileError(
            f"writing the metrics {path}: {error.strerror}; --metrics takes the path of a file in "
            "a folder that is there"
        ) from error
