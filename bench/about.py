"""What a run ran on: the versions of everything, the machine's kind, the revision, the date."""

import os
import platform
import re
import shutil
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench import node
from bench.postgres import Postgres

_PACKAGES = "donebase asyncpg fastapi httptools orjson pydantic sqlalchemy sqlmodel starlette uvicorn uvloop".split()
BUSY = 0.5


def about(postgres: Postgres) -> dict[str, Any]:
    """Return it, for the results to keep. Nothing in it names the machine."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": revision(),
        "machine": {"cpu": _cpu(), "cores": os.cpu_count()},
        "kernel": platform.release().split("-")[0],
        "load_at_start": round(os.getloadavg()[0], 2),
        "versions": {
            **packages(),
            "postgresql": postgres.version.split()[0],
            "wrk": _said("wrk", "-v", pattern=r"\d+\.\d+\.\d+"),
            **({"node": _said("node", "--version", pattern=r"\d[\d.]*")} if shutil.which("node") else {}),
            **node.versions(),
        },
    }


def packages() -> dict[str, str]:
    """Return the versions of Python and of the packages that a request passes through."""
    return {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}


def _cpu() -> str:
    names = re.findall(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return names[0].strip() if names else platform.machine()


def revision() -> str:
    """Return the commit, with a word where the files are not those of the commit."""
    git = ["git", "--no-optional-locks", "-C", str(Path(__file__).parent)]
    try:
        commit = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
        changed = subprocess.run([*git, "status", "--porcelain", "--", "../src"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit.stdout.strip() + (" with changes" if changed.stdout else "")


def _said(*command: str, pattern: str) -> str:
    output = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(pattern, output.stdout + output.stderr)
    return found[0] if found else "unknown"
