"""YAML, CSV and JSON Lines -> `DesiredState`; every problem with its place."""

from reconciler.catalog.digests import Digests
from reconciler.catalog.loading import Loaded, Meanwhile, load
from reconciler.catalog.pinning import PinReport, pin
from reconciler.catalog.problems import Problem

__all__ = ["Digests", "Loaded", "Meanwhile", "PinReport", "Problem", "load", "pin"]
