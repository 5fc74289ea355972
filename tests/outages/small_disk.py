"""A disk of a few megabytes, to be filled."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.servers import a_folder, give

_BLOCK = bytes(4096)


class SmallDisk:
    """A folder that holds so much and no more."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Leave no room."""
        with self._ballast.open("wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(_BLOCK)
            except OSError:
                return

    def make_room(self) -> None:
        """Leave as much as there was."""
        self._ballast.unlink()


@contextmanager
def small_disk(megabytes: int) -> Iterator[SmallDisk]:
    """Mount a disk of this size, which the servers may write to, and take it away again. Only root can."""
    if os.geteuid() != 0:
        pytest.skip("a full disk needs root, to mount a small one")
    with a_folder() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
        mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
        if mounted.returncode != 0:
            sentence = f"a full disk needs a small one, and root may not mount one here: {mounted.stderr}"
            if os.environ.get("CI"):
                pytest.fail(sentence)
            pytest.skip(sentence)
        try:
            give(folder)
            yield SmallDisk(folder)
        finally:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
