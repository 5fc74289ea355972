"""One measurement: an operation, a server, a number of connections, some seconds."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench.load import READS, SPENDING, Tasks, press
from bench.postgres import Postgres
from bench.results import spread
from bench.servers import Server

_SETTLE = 0.1
_SPENT_A_SECOND = 40_000  # more than one core can do: every request finds its task


class Cell(NamedTuple):
    """What one operation cost: µs of CPU a request, of the server and of PostgreSQL; requests a second; ms.

    `wal_bytes` and `history_bytes` are how much a request adds to PostgreSQL's log and to the history.
    """

    cpu_us: float
    database_us: float
    wal_bytes: float
    history_bytes: float
    per_second: float
    latency_ms: dict[str, float]


def measure(
    server: Server,
    postgres: Postgres,
    operation: str,
    tasks: Tasks,
    connections: int,
    seconds: int,
    tokens: Path | None = None,
) -> Cell:
    """Load a server with one operation; `tokens` is a file of those that its requests carry.

    Tasks that were made, by the operation or for it, and the history are gone afterwards. Raises RunFailed.
    """
    last = postgres.last_task()
    spend_from = postgres.spare(tasks, _SPENT_A_SECOND * seconds) if operation in SPENDING else 0
    wal, history = postgres.wal_bytes(), postgres.history_bytes()
    cpu, database = server.cpu_seconds(), postgres.cpu_seconds()
    load = press(server.port, operation, tasks, connections, seconds, spend_from, tokens)
    time.sleep(_SETTLE)
    # wrk stops with one request under way on each connection; the server finishes it and nobody counts it.
    done = load.requests + connections
    cell = Cell(
        cpu_us=(server.cpu_seconds() - cpu) / done * 1e6,
        database_us=(postgres.cpu_seconds() - database) / done * 1e6,
        wal_bytes=(postgres.wal_bytes() - wal) / done,
        history_bytes=(postgres.history_bytes() - history) / done,
        per_second=load.requests / load.seconds,
        latency_ms=load.latency_ms,
    )
    if operation not in READS:
        postgres.tidy(last)
    return cell


def together(cells: Sequence[Cell]) -> dict[str, Any]:
    """Return the same cell of several rounds as medians and spreads."""
    percents = cells[0].latency_ms
    return {
        "cpu_us": spread([cell.cpu_us for cell in cells]),
        "database_us": spread([cell.database_us for cell in cells]),
        "wal_bytes": spread([cell.wal_bytes for cell in cells]),
        "history_bytes": spread([cell.history_bytes for cell in cells]),
        "per_second": spread([cell.per_second for cell in cells]),
        "p50_ms": spread([cell.latency_ms["50"] for cell in cells]),
        "p99_ms": spread([cell.latency_ms["99"] for cell in cells]),
        "latency_ms": {at: spread([cell.latency_ms[at] for cell in cells])["median"] for at in percents},
    }
