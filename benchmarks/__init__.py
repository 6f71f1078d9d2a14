"""How long the commands take, and how much memory: measured, never tested. See docs/performance.md."""
