"""How long the commands take, and how much memory: measured, never tested.

`script/bench` is the door; docs/performance.md has what it found.
"""
