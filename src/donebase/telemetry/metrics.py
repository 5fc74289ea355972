"""Counts requests and statements in plain lists: the cheapest form for what happens often and is rarely read.

`exposition.py` turns the counts into Prometheus' text, `worker_counts.py` adds up those of several processes.
"""

from bisect import bisect_left
from collections import defaultdict
from typing import NamedTuple

from donebase.telemetry import logs

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
REQUEST_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
STATEMENT_SECONDS = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""The upper bounds of the buckets of the two histograms; one bucket more holds what is above the last bound."""

RequestLabels = tuple[str, str | None, int, str | None]
"""Method, route, status and family; None for a request that no route answers."""
Series = list[float]
"""The number of observations in each bucket, and last their sum in seconds."""


class PoolState(NamedTuple):
    """How many connections a pool may open and are in use, and how many requests wait for one."""

    size: int
    in_use: int
    waiting: int


class Counts(NamedTuple):
    """The counts of one process since its start, or the sum of several."""

    requests: dict[RequestLabels, Series]
    statements: dict[str, Series]
    dropped_lines: int
    pool: PoolState


_requests: dict[RequestLabels, Series] = defaultdict(lambda: [0] * (len(REQUEST_SECONDS) + 1) + [0.0])
_answered: Series = [0] * (len(STATEMENT_SECONDS) + 1) + [0.0]
_failed: Series = _answered.copy()


def count_request(method: str | None, route: str | None, family: str | None, status: int, seconds: float) -> None:
    """Count a request. `route` is the pattern of the address, or None if the address does not exist."""
    series = _requests[method if method in _METHODS else "other", route, status, family]
    series[bisect_left(REQUEST_SECONDS, seconds)] += 1
    series[-1] += seconds


def answered(seconds: float) -> None:
    """Count a statement that PostgreSQL has answered."""
    _answered[bisect_left(STATEMENT_SECONDS, seconds)] += 1
    _answered[-1] += seconds


def failed(seconds: float) -> None:
    """Count a statement that failed."""
    _failed[bisect_left(STATEMENT_SECONDS, seconds)] += 1
    _failed[-1] += seconds


def counts(pool: PoolState) -> Counts:
    """Return the counts of this process. Every thread may call it."""
    return Counts(
        requests={labels: series.copy() for labels, series in list(_requests.items())},
        statements={"answered": _answered.copy(), "failed": _failed.copy()},
        dropped_lines=logs.dropped_lines(),
        pool=pool,
    )
