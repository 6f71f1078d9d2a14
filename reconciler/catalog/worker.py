"""The process at the other end of `workers`: it reads YAML for the one that started it.

Both ways a length of eight bytes and so many bytes. What comes is the text of a file that is
included. What goes back is its entries as JSON, each of its form, and the line and the column of
each; or nothing, where anything is wrong or odd with it. Whoever asked then reads the text itself,
and says what: so nothing but the plain case needs to be right here.
"""

import gc
import signal
import sys
from typing import BinaryIO

import orjson

from reconciler.catalog import events
from reconciler.catalog.forms import accept
from reconciler.catalog.structure import Form, entry_form


def main() -> None:
    """Answer until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it ends the input
    gc.disable()
    serve(sys.stdin.buffer, sys.stdout.buffer)


def serve(incoming: BinaryIO, outgoing: BinaryIO) -> None:
    """Answer each text that comes in."""
    form = entry_form()
    while head := incoming.read(8):
        answer = entries_of(incoming.read(int.from_bytes(head)), form)
        outgoing.write(len(answer).to_bytes(8))
        outgoing.write(answer)
        outgoing.flush()


def entries_of(text: bytes, form: Form) -> bytes:
    """The answer for one text."""
    document = events.build(text)
    value = document.value
    if document.faults or document.linked or not isinstance(value, dict):
        return b""
    entries = value.pop("files", None)
    plain = isinstance(entries, dict) and value in ({}, {"version": 1})
    if not plain or list(document.spots) != list(entries) or not accept(entries, form):
        return b""
    spots = [number for spot in document.spots.values() for number in spot]
    try:
        return orjson.dumps({"entries": entries, "spots": spots})
    except (TypeError, ValueError):  # what JSON cannot hold, such as half a pair of surrogates
        return b""
