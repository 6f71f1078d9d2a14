"""Keep ACRCloud buckets as code: a catalogue, a plan, an apply."""

__version__ = "0.1.0"
