"""What a run did, read back from the ledger: each of its changes, before and after."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from reconciler.core.change_codec import decode_change
from reconciler.core.model import FileId
from reconciler.core.plan import Create
from reconciler.core.revert.images import Image, Past, RunOf
from reconciler.errors import LedgerError, PlanFileError
from reconciler.ledger.chain import Record
from reconciler.ledger.places import Place
from reconciler.ledger.reading import read_records, understood


def read_runs(place: Place) -> Sequence[RunOf]:
    """Every run of the ledger, oldest first. Raises `LedgerError`."""
    found: list[RunOf] = []
    for record in read_records(place):
        if record["kind"] == "run.began":
            with understood(record, place):
                found.append(_run_of(record))
    return found


def read_past(place: Place, run: str, names: Collection[str]) -> Past:
    """What a run did, and what others did later to the same files, and, of the catalogue with any
    of these names, to the same keys.

    Raises `LedgerError`, also where the ledger does not have the run.
    """
    reader = _Reader(place, run)
    for record in read_records(place):
        with understood(record, place):
            reader.take(record)
    return reader.past(names)


class _Reader:
    """Goes through the records from the run's beginning on."""

    def __init__(self, place: Place, run: str) -> None:
        self._place = place
        self._run = run
        self._runs: dict[str, RunOf] = {}
        self._sent: dict[str, dict[str, tuple[Record, Record | None]]] = defaultdict(dict)
        """By run and name, each change that was begun, and how it ended, if it did."""

    def take(self, record: Record) -> None:
        run = record["run"]
        if record["kind"] == "run.began":
            self._runs[run] = _run_of(record)
        elif self._run not in self._runs or run not in self._runs:
            return
        elif record["kind"] == "change.began":
            self._sent[run][record["id"]] = (record, None)
        elif record["kind"] == "change.ended" and record["id"] in self._sent[run]:
            began, _ = self._sent[run][record["id"]]
            self._sent[run][record["id"]] = (began, record)

    def past(self, names: Collection[str]) -> Past:
        run = self._runs.get(self._run)
        if run is None:
            raise LedgerError(
                f"reading the ledger {self._place}: it has no run {self._run}; name the ledger "
                "that has it with --ledger"
            )
        own = tuple(self._images(run))
        keys = {image.change.key for image in own if image.change.key is not None}
        files = {image.file_id for image in own if image.file_id is not None}
        later = [
            image
            for other in self._runs.values()
            if other.id != run.id and other.origin == run.origin
            for image in self._images(other)
            if image.file_id in files or (other.catalog in names and image.change.key in keys)
        ]
        return Past(run, own, tuple(sorted(later, key=lambda image: image.seq)))

    def _images(self, run: RunOf) -> Iterator[Image]:
        for began, ended in self._sent[run.id].values():
            with understood(began, self._place):
                image = _image(run, began, ended)
            if image is not None:
                yield image


def _image(run: RunOf, began: Record, ended: Record | None) -> Image | None:
    """None where it was not done, or not by this run: it was found done `already`."""
    outcome = "unknown" if ended is None else ended["outcome"]
    if outcome not in ("applied", "unknown"):
        return None
    try:
        change = decode_change(began)
    except PlanFileError as error:
        raise ValueError(str(error)) from error
    planned = None if isinstance(change, Create) else change.file_id
    acr_id = "" if isinstance(change, Create) else change.acr_id
    if ended is None or outcome == "unknown":
        return Image(change, run, began["seq"], planned, acr_id, is_sure=False)
    if ended["already"]:
        return None
    file_id = planned if ended.get("file_id") is None else FileId(ended["file_id"])
    return Image(change, run, began["seq"], file_id, ended.get("acr_id") or acr_id)


def _run_of(record: Record) -> RunOf:
    return RunOf(
        id=record["run"],
        catalog=record["catalog"]["name"],
        origin=record.get("origin", ""),
        at=record["at"],
        actor=record.get("actor"),
        commit=record.get("commit"),
        dirty=bool(record.get("dirty")),
    )
