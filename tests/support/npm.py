"""Packages from npm, in the versions of tests/data/npm: installed once, outside the source tree."""

import hashlib
import re
import shutil
import subprocess
from functools import partial
from pathlib import Path

from platformdirs.unix import Unix

from tests.support.made_once import made_once
from tests.support.processes import clean_environment
from tests.support.programs import missing, program
from tests.support.waiting import DEADLINE

SOURCES = Path(__file__).parents[1] / "data/npm"
_OLDEST_NODE = (20, 19)
_INSTALL = "--ignore-scripts --no-audit --no-fund --loglevel=error --fetch-retries=1".split()
_QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "NO_COLOR": "1"}


def node_modules() -> Path:
    """Return the folder of the installed packages. The test is skipped where node or npm is missing or too old."""
    node, npm = program("node", "nodejs"), program("npm", "npm")
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    version = tuple(map(int, re.findall(r"\d+", said)[:2]))
    if version < _OLDEST_NODE:
        missing(f"node is {said.strip()} here, and the packages need {'.'.join(map(str, _OLDEST_NODE))}")
    lock = (SOURCES / "package-lock.json").read_bytes()
    return (
        made_once(
            f"npm-{hashlib.sha256(lock).hexdigest()[:16]}", partial(_install, npm), Unix("donebase").user_cache_path
        )
        / "node_modules"
    )


def run_package(name: str, *arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a program of an installed package in a folder, and return how it ended and what it printed."""
    return run_node(node_modules() / ".bin" / name, *arguments, cwd=cwd)


def run_node(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a program in JavaScript, and return how it ended and what it printed."""
    return _run(program("node", "nodejs"), *arguments, cwd=cwd)


def _install(npm: Path, folder: Path) -> None:
    for file in ("package.json", "package-lock.json"):
        shutil.copy(SOURCES / file, folder)
    ended = _run(npm, "ci", *_INSTALL, cwd=folder)
    if ended.returncode:
        missing(f"npm cannot install the packages here: {ended.stderr.strip()[:500]}")


def _run(*command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*map(str, command)],
        cwd=cwd,
        env=clean_environment(**_QUIET),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
