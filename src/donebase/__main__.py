"""What starts the `donebase` command, as a script and as `python -m donebase`."""

import gc


def run() -> int:
    """Import the command without garbage collection, run it and return its exit status.

    What is imported is kept: to examine it again and again would take a seventh of a start.
    """
    gc.disable()
    from donebase.cli import main

    gc.freeze()
    gc.enable()
    return main()


if __name__ == "__main__":
    raise SystemExit(run())
