"""Executes a plan's changes, each after its ledger line."""

from reconciler.apply.halt import Halt
from reconciler.apply.progress import Progress, Silent
from reconciler.apply.run import Report, Settings, apply_changes

__all__ = ["Halt", "Progress", "Report", "Settings", "Silent", "apply_changes"]
