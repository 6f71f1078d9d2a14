"""The loopback address, the only one that anything of the sandbox listens on."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "127.0.0.1"


@contextmanager
def bound(port: int) -> Iterator[socket.socket]:
    """A socket with that port (0: a free one), closed at the end. Taken: `SandboxError`."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((HOST, port))
        except (OSError, OverflowError) as error:
            why = (isinstance(error, OSError) and error.strerror) or error
            raise SandboxError(
                f"cannot listen on {HOST}:{port}: {why}: choose another port by --port"
            ) from error
        yield sock
