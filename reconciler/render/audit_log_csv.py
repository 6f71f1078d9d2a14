"""A ledger's changes for a spreadsheet: a row for each field that a change was to change, and one
for a change without any.

| column                             | holds                                                      |
|------------------------------------|------------------------------------------------------------|
| at, until                          | when the change began and ended, by RFC 3339               |
| run, catalog, actor, host, commit, | of the run; empty where the ledger does not say. `dirty`   |
| dirty, pull_request, ci_run, plan, | is true or false                                           |
| revert, purge                      |                                                            |
| seq, change, action, key, bucket,  | of the change; `seq` is its first record's                 |
| file_id, acr_id, outcome, already, |                                                            |
| why                                |                                                            |
| field, before, after               | a field's name, what it was and what it was to be: a text  |
|                                    | as it is, anything else as JSON; empty where there is none |

Cells are visible text (see `safe`), so that a row is a line, and guarded against spreadsheets (see
`core.cells`). Exact values are in `--format json`. Every cell is quoted.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple, Protocol

from reconciler.core.cells import guarded
from reconciler.core.content import Held
from reconciler.core.log import Deed, Run
from reconciler.core.normal import canonical
from reconciler.render.audit_log_text import names_of
from reconciler.render.fields import at
from reconciler.render.safe import visible

COLUMNS: Final = (
    *("at", "until", "run", "catalog", "actor", "host", "commit", "dirty", "pull_request"),
    *("ci_run", "plan", "revert", "purge", "seq", "change", "action", "key", "bucket", "file_id"),
    *("acr_id", "outcome", "already", "why", "field", "before", "after"),
)


class Writable(Protocol):
    """What CSV is written to."""

    def write(self, text: str, /) -> object:
        """Take a piece."""
        ...


class _Field(NamedTuple):
    name: str = ""
    before: Held | None = None
    after: Held | None = None


def log_csv(runs: Iterable[Run], to: Writable) -> None:
    """Write the rows with a header, lines ended by a newline."""
    writer = csv.writer(to, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for run in runs:
        for deed in run.deeds:
            writer.writerows(map(_cell, _row(deed, field)) for field in _fields(deed))


def _fields(deed: Deed) -> Sequence[_Field]:
    return list(_each(deed)) or [_Field()]


def _each(deed: Deed) -> Iterator[_Field]:
    if deed.from_bucket is not None and deed.action == "move":
        yield _Field("bucket", Held(deed.from_bucket), Held(deed.bucket))
        return
    if deed.action == "create" and deed.source is not None:
        yield _Field("source", None, Held(deed.source))
    for name in names_of(deed):
        yield _Field(name, at(deed.before, name), at(deed.after, name))


def _row(deed: Deed, field: _Field) -> Sequence[object]:
    by = deed.by
    return (
        *(deed.at, deed.until, by.run, by.catalog, by.actor, by.host, by.commit, by.dirty),
        *(by.pull_request, by.ci_run, by.plan, by.revert, by.purge, deed.seq, deed.id),
        *(deed.action, deed.key, deed.bucket, deed.file_id, deed.acr_id, str(deed.ending)),
        *(deed.already, deed.why, field.name, field.before, field.after),
    )


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Held(value=str() as text):
            return guarded(visible(text))
        case Held(value=other):
            return guarded(visible(canonical(other).decode()))
        case _:
            return guarded(visible(str(value)))
