"""The ledger: an append-only, hash-chained record of every apply, one JSON line a record.

`chain` says what a line is, `saying` what stands in it, `writing` and `reading` meet the disk;
`earlier` remembers what former runs have sent; `verifying` and `diagnosing` tell whether a ledger
is as it was written, and what is not.
"""

from reconciler.ledger.chain import FORMAT
from reconciler.ledger.reading import last_applied, read_records
from reconciler.ledger.writing import Ledger

__all__ = ["FORMAT", "Ledger", "last_applied", "read_records"]
