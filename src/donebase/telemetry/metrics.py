"""What the service counts, as Prometheus reads it: requests, statements, the pool. Every label is one of a few words.

Several worker processes count in files of a folder that they share (prometheus-client's multiprocess mode), and
whichever is asked answers for all of them.
"""

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import current_process
from pathlib import Path
from typing import NamedTuple

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest, values
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from donebase import __version__
from donebase.telemetry import logs

_FOLDER_PREFIX = "donebase-metrics-"
# Enough for 500 sets of labels, which have few values each; the library doubles a file that is full.
_HISTOGRAM_BYTES, _OTHER_BYTES = 2**21, 2**16
_process = current_process()


class _ReservedDict(MmapedDict):
    """What a worker counts, in a file whose space is taken before it is mapped.

    To write to a map without space behind it, on a full disk, ends the process (mmap(2), SIGBUS).
    """

    def __init__(self, filename: str, read_mode: bool = False) -> None:
        size = _HISTOGRAM_BYTES if Path(filename).name.startswith("histogram") else _OTHER_BYTES
        with open(filename, "ab") as file:  # noqa: PTH123
            file.write(bytes(max(0, size - file.tell())))
        super().__init__(filename, read_mode)  # type: ignore[no-untyped-call]


if values.ValueClass is not values.MutexValue:
    values.MmapedDict = _ReservedDict  # type: ignore[attr-defined]
    # A worker's files have its name in place of its process id: one that replaces it goes on with its counters.
    values.ValueClass = values.MultiProcessValue(lambda: _process.name)  # type: ignore[no-untyped-call]

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_REQUEST_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_STATEMENT_SECONDS = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

_requests = Histogram(
    "donebase_http_request_duration_seconds",
    "Time from a request to the end of its response.",
    ["method", "route", "status", "family"],
    buckets=_REQUEST_SECONDS,
)
_statements = Histogram(
    "donebase_database_statement_duration_seconds",
    "Time from sending a statement to its last row, without the wait for a connection.",
    ["outcome"],
    buckets=_STATEMENT_SECONDS,
)
_pool_size = Gauge("donebase_database_pool_size", "Connections that the pool may open.", multiprocess_mode="livesum")
_pool_in_use = Gauge("donebase_database_pool_in_use", "Connections that run a statement.", multiprocess_mode="livesum")
_pool_waiting = Gauge(
    "donebase_database_pool_waiting", "Requests that wait for a connection.", multiprocess_mode="livesum"
)
_log_lines_dropped = Counter(
    "donebase_log_lines_dropped_total", "Log lines that were dropped because standard output was not read in time."
)
_info = Gauge("donebase_info", "The running version.", ["version"], multiprocess_mode="livemax")

answered = _statements.labels("answered").observe
failed = _statements.labels("failed").observe
_observers: dict[tuple[str | None, str | None, int], "Histogram"] = {}


class PoolState(NamedTuple):
    """How a pool of connections is just now."""

    size: int
    in_use: int
    waiting: int


def count_request(method: str | None, route: str | None, family: str | None, status: int, seconds: float) -> None:
    """Count a request. `route` is the address's pattern; None stands for an address that there is not."""
    key = (method, route, status)
    observer = _observers.get(key)
    if observer is None:
        known = method if method in _METHODS else "other"
        observer = _observers[key] = _requests.labels(known, route or "none", status, family or "none")
    observer.observe(seconds)


def refresh(state: PoolState) -> None:
    """Bring what is not counted as it happens up to date: the pool of this process, and its log."""
    _pool_size.set(state.size)
    _pool_in_use.set(state.in_use)
    _pool_waiting.set(state.waiting)
    _log_lines_dropped.inc(logs.take_newly_dropped())
    _info.labels(__version__).set(1)


def exposition(*, several: bool) -> bytes:
    """Return what was counted, in Prometheus' text format; of all worker processes if there are several."""
    if not several:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


@contextmanager
def folder_of_workers() -> Iterator[str]:
    """Make a folder in which worker processes count, yield its path, and remove it afterwards.

    Folders of services that were killed are removed as well: the kernel released their locks.
    """
    for folder in Path(tempfile.gettempdir()).glob(f"{_FOLDER_PREFIX}*"):
        with suppress(OSError), (folder / "lock").open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder)
    with tempfile.TemporaryDirectory(prefix=_FOLDER_PREFIX) as name, (Path(name) / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield name


def forget_worker(name: str) -> None:
    """Remove what says how a worker is, and keep what it has counted: it has ended."""
    mark_process_dead(name)  # type: ignore[no-untyped-call]
