"""donebase: a task backend over PostgreSQL, at three addresses."""

__version__ = "0.1.0"
