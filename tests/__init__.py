"""The tests. A package, since one of the tools that they use has left another of this name."""
