"""donebase: a backend for to-do lists, an HTTP API that stores tasks in PostgreSQL."""

__version__ = "0.1.0"
