"""The process that serves: its listener, its worker processes and its client connections."""
