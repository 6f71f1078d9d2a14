"""The service: requests out, live state and answers in."""

from reconciler.api.client import ReadClient, WriteClient

__all__ = ["ReadClient", "WriteClient"]
