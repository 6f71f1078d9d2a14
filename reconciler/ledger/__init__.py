"""The ledger: an append-only, hash-chained record of every apply, one JSON line a record.

`chain` says what a line is, `saying` what stands in it; `writing` and `reading` are what a run does
with it, `earlier` remembers what former runs have sent, `thrown` since when a file lies in a trash;
`verifying` and `diagnosing` tell whether a ledger is as it was written, and what is not. Where it
is kept (`places`) is a store's business (`stores`): `in_file`, or `on_branch`, which meets the
branch through `origin` and `git`.
"""

from reconciler.ledger.chain import FORMAT
from reconciler.ledger.places import Branch, Place
from reconciler.ledger.reading import last_applied, read_records
from reconciler.ledger.thrown import thrown_away
from reconciler.ledger.writing import Ledger

__all__ = ["FORMAT", "Branch", "Ledger", "Place", "last_applied", "read_records", "thrown_away"]
