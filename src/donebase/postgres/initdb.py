"""Creates a PostgreSQL cluster with initdb, completely or not at all."""

import os
import shutil
import signal
import tempfile
from pathlib import Path

from donebase.postgres.programs import ClusterFailed, Programs, last_error
from donebase.signals import signals_deferred

# Nothing of the machine's language: every cluster is the same.
_LOCALE = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")


def initialise(data: Path, programs: Programs) -> None:
    """Create a cluster in a new folder beside `data`, and rename that folder to `data` when it is complete.

    What a killed start has left is deleted: no server was ever started on it. Raises ClusterFailed and OSError.
    """
    for remnant in data.parent.glob(f"{data.name}.new-*"):
        shutil.rmtree(remnant, ignore_errors=True)
    new = Path(tempfile.mkdtemp(prefix=f"{data.name}.new-", dir=data.parent))
    try:
        programs.give_ownership(new)
        _initdb(new, programs)
        new.rename(data)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    folder = os.open(data.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def _initdb(new: Path, programs: Programs) -> None:
    # What fails is deleted here: an initdb that cannot delete it would say so as its last error.
    arguments = ("-D", str(new), "-U", "postgres", "--auth=trust", "--no-clean", *_LOCALE)
    initdb = None
    with tempfile.TemporaryFile() as output:
        try:
            with signals_deferred():
                initdb = programs.start("initdb", *arguments, output=output)
            if initdb.wait():
                raise ClusterFailed(last_error(output, 0) or f"initdb ended with status {initdb.returncode}")
        finally:
            if initdb and initdb.poll() is None:
                os.killpg(initdb.pid, signal.SIGKILL)  # with the PostgreSQL that it runs
                initdb.wait()
