"""Lets `python -m donebase` do what the `donebase` command does."""

from donebase.cli import main

raise SystemExit(main())
