"""A `python3` on PATH that behaves like the one of another machine, and a pip that needs no package index.

The environments are real ones of this Python, with a pip that writes the commands and notes that it was called. What
is named in the variable FAKE happens: `no-ensurepip`, as on Debian without python3-venv; `3.10`; `no-index`;
`stop-venv` and `stop-pip`, which wait in the middle until they are killed or until the file `go` is there.
"""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

from tests.support.waiting import DEADLINE, wait_for

_PROGRAMS = "cat cksum cp dirname flock make mkdir rm sh sleep tail touch".split()

_PYTHON = """#!/bin/sh
case "$FAKE $*" in
    "3.10 --version") echo Python 3.10.13; exit ;;
    "3.10 "*version_info*) exit 1 ;;
    "no-ensurepip "*ensurepip*) exit 1 ;;
    "no-ensurepip -m venv"*) "{python}" -m venv --without-pip .venv; echo ensurepip is not available; exit 1 ;;
    "stop-venv -m venv"*) mkdir -p .venv/bin; touch .venv/half-made stopped; until [ -e go ]; do sleep 0.1; done ;;
    *"-m venv"*) "{python}" -m venv --without-pip .venv && cp -r pip .venv/lib/python3.*/site-packages/ ;;
    *) exec "{python}" "$@" ;;
esac
"""

_PIP = """
import os, pathlib, sys, time
bin = pathlib.Path(sys.executable).parent
fake = os.environ["FAKE"]
with open("pip-was-called", "a") as log:
    print(*sys.argv[1:], file=log)
if fake == "no-index":
    sys.exit("ERROR: No matching distribution found for alembic")
if fake == "stop-pip":
    (bin.parent / "half-made").touch()
    pathlib.Path("stopped").touch()
    while not pathlib.Path("go").exists():
        time.sleep(0.1)
for name in ("donebase", "pytest"):
    script = bin / name
    script.write_text(f"#!/bin/sh\\nexec '{bin}/python' -c 'print(\\"{name} runs\\")'\\n")
    script.chmod(0o755)
"""


class Machine:
    """A folder with the project's Makefile, on a machine with few programs and a Python that is not ours."""

    def __init__(self, folder: Path, project: Path) -> None:
        self.folder = folder / "a folder"
        self._path = folder / "bin"
        self._path.mkdir()
        for name in _PROGRAMS:
            (self._path / name).symlink_to(shutil.which(name) or "/nowhere")
        (self.folder / "pip").mkdir(parents=True)
        (self.folder / "pip" / "__main__.py").write_text(_PIP)
        shutil.copytree(project / "scripts", self.folder / "scripts")
        for name in ("Makefile", "pyproject.toml", "requirements.txt", "requirements-dev.txt"):
            shutil.copy(project / name, self.folder)
        self.has("python3")

    def has(self, python: str) -> None:
        """Install a Python of this name."""
        program = self._path / python
        program.write_text(_PYTHON.format(python=sys.executable))
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    def lacks(self, python: str) -> None:
        """Remove the Python of this name."""
        (self._path / python).unlink()

    def start(self, *arguments: str, fake: str = "") -> subprocess.Popen[str]:
        """Start make in a process group of its own, as a shell does."""
        return subprocess.Popen(
            ["make", "--silent", *arguments],
            cwd=self.folder,
            env={"PATH": str(self._path), "FAKE": fake},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def make(self, *arguments: str, fake: str = "") -> tuple[int, list[str]]:
        """Run make to its end, and return its exit status and what it wrote."""
        process = self.start(*arguments, fake=fake)
        output, _ = process.communicate(timeout=DEADLINE)
        return process.returncode, output.splitlines()

    def interrupt(self, signal: int, fake: str) -> None:
        """Run `make run` until it has stopped in the middle of what `fake` says, and send its group a signal."""
        process = self.start("run", fake=fake)
        wait_for((self.folder / "stopped").exists)
        os.killpg(process.pid, signal)
        process.communicate(timeout=DEADLINE)
        assert process.returncode
        # The last of the killed processes may hold the lock for a moment longer, and the next make would say so.
        subprocess.run(["flock", self.folder, "true"], check=True)
        (self.folder / "stopped").unlink()
