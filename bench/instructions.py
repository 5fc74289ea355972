"""`make bench-instructions`: instructions a request, counted by callgrind over a fixed script of requests.

The figures are the same to 0.3 % on a busy machine. A complete run takes half a minute; to measure a change:

    python -m bench.instructions --operations get list --only donebase --profiles .

`--profiles` keeps what `callgrind_annotate FILE` shows: where the instructions of an operation went, by C function.
`--keep` writes the results into bench/results, `--check` fails where they are worse than those that are kept there.
"""

import argparse
import json
import platform
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import RunFailed, callgrind, results, script
from bench.about import packages, revision
from bench.callgrind import Instructions, counted_server
from bench.instructions_report import faults, table
from bench.postgres import Postgres, postgres
from bench.servers import DONEBASE, FLOOR, GUARDED
from bench.summary import DONEBASE_ONLY

_IDLE_SECONDS = 5.0
_SERVERS = (DONEBASE, FLOOR)
_ADVICE = "If the change is worth this, commit with it what `make bench-instructions KEEP=on` writes."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it and return the exit status: 1 if nothing could be measured, or if `--check` found a fault."""
    options = _options(arguments)
    if not callgrind.available():
        print(callgrind.MISSING)
        return 1
    try:
        now = measure(options.only, options.operations, options.profiles)
    except RunFailed as failure:
        print(f"The run failed and has no results: {failure}")
        return 1
    kept = results.read(results.INSTRUCTIONS)
    print(table(now, kept).text())
    if options.keep:
        (results.FOLDER / results.INSTRUCTIONS).write_text(json.dumps(now, indent=1) + "\n")
    found = sorted(faults(now, kept)) if options.check else []
    print(*found, *([_ADVICE] if found else []), sep="\n")
    return 1 if found else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.instructions", description="Count instructions a request.")
    every = tuple(script.OPERATIONS)
    parser.add_argument("--operations", nargs="+", choices=every, default=every, help="only these operations")
    parser.add_argument("--only", nargs=1, choices=_SERVERS, default=_SERVERS, help="only this server")
    parser.add_argument("--profiles", type=Path, metavar="FOLDER", help="keep a profile of each operation here")
    parser.add_argument("--keep", action="store_true", help="write the results into bench/results")
    parser.add_argument("--check", action="store_true", help="fail if an operation is worse than the kept results")
    options = parser.parse_args(arguments)
    if (options.keep or options.check) and (options.operations, options.only) != (every, _SERVERS):
        parser.error("--keep and --check need every operation and both servers")
    return options


def measure(servers: Sequence[str], operations: Sequence[str], profiles: Path | None = None) -> dict[str, Any]:
    """Return `about` and, by operation and server, how many instructions one request takes. Raises RunFailed."""
    with postgres() as database, ThreadPoolExecutor() as threads:
        asked = {name: some for name in (*servers, GUARDED) if (some := _of(name, operations, servers))}
        databases = {name: database.plain(name) if name == FLOOR else database.another(name) for name in asked}
        counting = {name: threads.submit(_count, name, databases[name], some, profiles) for name, some in asked.items()}
        found: dict[str, dict[str, int]] = {each: {} for each in operations}
        for name, counted in counting.items():
            for operation, executed in counted.result().items():
                found[operation][DONEBASE if name == GUARDED else name] = executed
        return {"about": _about(), "operations": found}


def _of(name: str, operations: Sequence[str], servers: Sequence[str]) -> list[str]:
    """Return those of the operations that are counted on a server: those with tokens are donebase's as well."""
    if name == FLOOR:
        return [each for each in operations if each not in DONEBASE_ONLY]
    guarded = name == GUARDED
    return [each for each in operations if DONEBASE in servers and script.OPERATIONS[each].guarded == guarded]


def _about() -> dict[str, Any]:
    # Two builds of one version of Python differ by a tenth.
    build = f"{sys.version} {platform.machine()}"
    return {"date": f"{datetime.now(UTC):%Y-%m-%d}", "revision": revision(), "build": build, "versions": packages()}


def _count(name: str, database: Postgres, operations: Sequence[str], profiles: Path | None) -> dict[str, int]:
    data = script.fill(database, guarded=name == GUARDED)
    with counted_server(name, database.url) as server:
        client = script.Client(server.port)
        counted = {}
        for operation in operations:
            requests = list(script.requests(operation, data))
            status = script.OPERATIONS[operation].status
            client.ask(requests[: script.WARM_UP], status)
            server.count()
            client.ask(requests[script.WARM_UP :], status)
            counted[operation] = server.count(profiles / f"{name}-{operation}.callgrind" if profiles else None)
        time.sleep(_IDLE_SECONDS)
        idle = server.count()
        client.close()
    return {each: a_request(counted[each], idle, script.OPERATIONS[each].counted) for each in operations}


def a_request(counted: Instructions, idle: Instructions, requests: int) -> int:
    """Return the instructions of one request, without what timers execute meanwhile, which depends on the time."""
    timers = idle.executed * counted.seconds / idle.seconds
    return round((counted.executed - timers) / requests)


if __name__ == "__main__":
    sys.exit(main())
