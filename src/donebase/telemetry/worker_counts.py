"""The counts of several worker processes: each saves its own in a file, and the one that is scraped adds them up.

A worker saves once a second and before it answers a scrape, so a counter never goes back. One that is killed loses
what it has counted since, a second at most.
"""

import fcntl
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import reduce
from multiprocessing import current_process
from operator import add
from pathlib import Path
from typing import TypeVar

import orjson

from donebase.environment import exported
from donebase.telemetry.metrics import Counts, PoolState, Series

FOLDER_VARIABLE = "DONEBASE_COUNTS"
_FOLDER_PREFIX = "donebase-metrics-"
_NO_POOL = PoolState(0, 0, 0)
_NOTHING = Counts({}, {}, 0, _NO_POOL)
_Labels = TypeVar("_Labels")


class WorkerCounts:
    """The counts of this worker process, in a file that has the worker's name, and those of the others beside it.

    `take` returns what this process has counted. A worker that replaces another goes on from the counts of the one
    before. Every thread may call every method.
    """

    def __init__(self, take: Callable[[], Counts]) -> None:
        self._take = take
        self._file = _file_of(current_process().name)
        self._before = _read(self._file)._replace(pool=_NO_POOL)
        self._saved = _NOTHING
        self._lock = threading.Lock()

    def save(self) -> Counts:
        """Save the counts of this process and of those that it replaced, and return their sum."""
        with self._lock:
            counts = _sum(self._before, self._take())
            if counts != self._saved:
                with suppress(OSError):  # the disk is full: the others see older counts
                    _write(self._file, counts)
                    self._saved = counts
            return counts

    def total(self) -> Counts:
        """Save the counts of this process, and return them with those of all other workers."""
        others = [_read(file) for file in self._file.parent.glob("*.json") if file != self._file]
        return reduce(_sum, others, self.save())


@contextmanager
def folder_of_workers() -> Iterator[str]:
    """Make a folder for the counts of worker processes, yield its path, and remove it afterwards.

    Folders of services that were killed are removed as well: the kernel released their locks.
    """
    for folder in Path(tempfile.gettempdir()).glob(f"{_FOLDER_PREFIX}*"):
        with suppress(OSError), (folder / "lock").open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder)
    with tempfile.TemporaryDirectory(prefix=_FOLDER_PREFIX) as name, (Path(name) / "new").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        Path(lock.name).rename(Path(name) / "lock")  # others find it locked
        yield name


def forget_pool(worker: str) -> None:
    """Remove the connections of a worker that has ended from its file, and keep its counts."""
    with suppress(OSError):
        _write(_file_of(worker), _read(_file_of(worker))._replace(pool=_NO_POOL))


def _file_of(worker: str) -> Path:
    return Path(exported(FOLDER_VARIABLE), f"{worker}.json")


def _read(file: Path) -> Counts:
    try:
        requests, statements, dropped_lines, pool = orjson.loads(file.read_bytes())
    except FileNotFoundError:  # it has not saved yet
        return _NOTHING
    return Counts({tuple(labels): series for labels, series in requests}, statements, dropped_lines, PoolState(*pool))


def _write(file: Path, counts: Counts) -> None:
    """Replace a file by renaming, because others read it at the same time."""
    new = file.with_suffix(".new")
    new.write_bytes(
        orjson.dumps((list(counts.requests.items()), counts.statements, counts.dropped_lines, tuple(counts.pool)))
    )
    new.replace(file)


def _sum(one: Counts, other: Counts) -> Counts:
    return Counts(
        _sum_series(one.requests, other.requests),
        _sum_series(one.statements, other.statements),
        one.dropped_lines + other.dropped_lines,
        PoolState(*map(add, one.pool, other.pool)),
    )


def _sum_series(one: dict[_Labels, Series], other: dict[_Labels, Series]) -> dict[_Labels, Series]:
    both = {labels: list(map(add, one[labels], other[labels])) for labels in one.keys() & other.keys()}
    return one | other | both
