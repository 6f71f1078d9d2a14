"""YAML, CSV and JSON Lines -> `DesiredState`; every problem with its place.

What there is to call stands in `loading`, `pinning` and `write`. Nothing is imported here, since
the processes of `workers` need little of it, and start sooner.
"""
