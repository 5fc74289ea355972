"""The load: wrk, on keep-alive connections, as many requests as the server answers."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

from bench import RunFailed

MISSING = "wrk is not installed (Debian: apt install wrk). Nothing was measured."
_SCRIPT = Path(__file__).parent / "wrk.lua"

_OTHER_READS = "page page_of_50 origin traceparent get_304 list_304 changes_none get_token get_new_token list_token"
READS = frozenset(("get", "list", *_OTHER_READS.split()))
UNCHANGED = frozenset(("get_304", "list_304", "changes_none"))
"""Operations on tasks and users that have not changed since they were made."""
SPENDING = frozenset(("delete", "delete_key", "change_if_match", "toggle_if_match", "delete_if_match"))
"""Operations of which each request needs a task of its own: it deletes it, or expects its first version."""


class Tasks(NamedTuple):
    """Tasks that lie in order: so many `each` for so many `users`, from these ids on."""

    first_user: int
    users: int
    first_task: int
    each: int


class Load(NamedTuple):
    """What wrk saw: requests that were answered, in how many seconds, and latency in ms by percentile ("99")."""

    requests: int
    seconds: float
    latency_ms: dict[str, float]


def available() -> bool:
    """Tell whether wrk is here."""
    return shutil.which("wrk") is not None


def press(
    port: int,
    operation: str,
    tasks: Tasks,
    connections: int,
    seconds: int,
    spend_from: int = 0,
    tokens: Path | None = None,
) -> Load:
    """Ask for one operation, of those in wrk.lua, for some seconds; `tokens` has one in each line, of user after user.

    Raises RunFailed if a single answer is not 2xx.
    """
    options = ["-t", "1", "-c", str(connections), "-d", str(seconds), "--timeout", "30", "-s", str(_SCRIPT)]
    arguments = [operation, *map(str, tasks), str(spend_from), *([str(tokens)] if tokens else [])]
    command = ["wrk", *options, f"http://127.0.0.1:{port}", "--", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise RunFailed(f"wrk ended with {ended.returncode}: {ended.stderr or ended.stdout}")
    seen: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    if seen["refused"] or seen["broken"] or not seen["requests"]:
        raise RunFailed(
            f"{operation} at {connections} connections: of {seen['requests']} responses "
            f"{seen['refused']} were not 2xx, and {seen['broken']} were incomplete or did not arrive"
        )
    return Load(seen["requests"], seen["seconds"], seen["latency_ms"])
