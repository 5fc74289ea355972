"""What every process of a run needs and one of them makes: a folder, used or copied by the others."""

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def folder_of_the_run() -> Iterator[None]:
    """Have a folder in TEST_FOLDER, for this process and those that it starts, unless what started it has made one.

    TEST_RUN is then the process that takes the folder away.
    """
    if "TEST_FOLDER" in os.environ:
        yield
        return
    _take_a_plain_folder_for_temporary_files()
    with tempfile.TemporaryDirectory(prefix="donebase-run-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)  # the servers of a run as root are other users
        os.environ |= {"TEST_FOLDER": folder, "TEST_RUN": str(os.getpid())}
        try:
            yield
        finally:
            del os.environ["TEST_FOLDER"], os.environ["TEST_RUN"]


def _take_a_plain_folder_for_temporary_files() -> None:
    """Put /tmp in the place of a TMPDIR that is too long for a PostgreSQL's socket, or holds a space."""
    if not re.fullmatch(r"[\w./-]{1,40}", tempfile.gettempdir()):
        os.environ["TMPDIR"] = tempfile.tempdir = "/tmp"  # noqa: S108 - Linux has it


def made_once(name: str, make: Callable[[Path], None], within: Path | None = None) -> Path:
    """Return the folder of this name, which the first process that asks makes while the others wait.

    It is made for this run, or for all that look `within` the same folder. What `make` raises is raised, and nothing is
    left of what it has made.
    """
    folder = Path(within or os.environ["TEST_FOLDER"], name)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with Path(f"{folder}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            unfinished = Path(tempfile.mkdtemp(prefix=name, dir=folder.parent))
            try:
                make(unfinished)
            except BaseException:  # a test that is skipped ends with one
                shutil.rmtree(unfinished)
                raise
            unfinished.rename(folder)
    return folder


def copy_folder(original: Path, copy: Path) -> None:
    """Copy a folder with the owners of what is in it, sharing its blocks where the file system can."""
    copy.mkdir(exist_ok=True)
    subprocess.run(["cp", "-a", "--reflink=auto", f"{original}/.", copy], check=True)
