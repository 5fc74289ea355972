"""Counts of several worker processes: added up, kept when one is replaced, and no reason to fail."""

import fcntl
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest

from donebase.telemetry import worker_counts
from donebase.telemetry.metrics import Counts, PoolState
from donebase.telemetry.worker_counts import FOLDER_VARIABLE, WorkerCounts, folder_of_workers, forget_pool

Worker = Callable[[str, Counts], WorkerCounts]


class Named:
    """A process with this name."""

    def __init__(self, name: str) -> None:
        self.name = name


@pytest.fixture
def worker(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Worker:
    """Begin as a worker process of this name, which counts so much."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder))

    def begin(name: str, counts: Counts) -> WorkerCounts:
        monkeypatch.setattr(worker_counts, "current_process", lambda: Named(name))
        return WorkerCounts(lambda: counts)

    return begin


def counted(livez: int, answered: int, dropped: int = 0) -> Counts:
    return Counts(
        {("GET", "/livez", 200, "health"): [livez, 0, 0.5]},
        {"answered": [answered, 0, 0.25]},
        dropped,
        PoolState(3, 1, 0),
    )


def test_whichever_worker_is_asked_adds_up_all(worker: Worker) -> None:
    other = Counts({("GET", None, 404, None): [0, 1, 0.5]}, {"answered": [1, 1, 0.5]}, 2, PoolState(3, 0, 1))
    first, second = worker("first", counted(1, 2)), worker("second", other)
    first.save()
    second.save()
    assert first.total() == second.total()
    assert first.total() == Counts(
        {("GET", "/livez", 200, "health"): [1, 0, 0.5], ("GET", None, 404, None): [0, 1, 0.5]},
        {"answered": [3, 1, 0.75]},
        2,
        PoolState(6, 1, 1),
    )


def test_what_one_worker_has_told_another_tells_as_well(worker: Worker) -> None:
    first, second = worker("first", counted(1, 2)), worker("second", counted(1, 1))
    first.total()
    assert second.total() == Counts(
        {("GET", "/livez", 200, "health"): [2, 0, 1.0]}, {"answered": [3, 0, 0.5]}, 0, PoolState(6, 2, 0)
    )


def test_a_worker_goes_on_from_what_the_one_before_has_counted(worker: Worker) -> None:
    worker("first", counted(1, 2, dropped=3)).save()
    again = worker("first", counted(4, 5, dropped=6))
    for _ in range(2):
        total = again.total()
        assert total.requests == {("GET", "/livez", 200, "health"): [5, 0, 1.0]}
        assert (total.dropped_lines, total.pool) == (9, PoolState(3, 1, 0))


def test_a_worker_that_has_ended_has_no_connections(worker: Worker) -> None:
    worker("first", counted(1, 2)).save()
    second = worker("second", counted(1, 2))
    forget_pool("first")
    assert second.total().pool == PoolState(3, 1, 0)
    assert second.total().statements == {"answered": [4, 0, 0.5]}


def test_a_worker_that_cannot_save_serves_its_own_counts(worker: Worker, folder: Path) -> None:
    first = worker("first", counted(1, 2))
    shutil.rmtree(folder)
    assert first.total() == counted(1, 2)
    forget_pool("first")
    folder.mkdir()
    first.save()
    assert worker("second", counted(1, 2)).total().statements == {"answered": [4, 0, 0.5]}


def test_services_that_start_at_the_same_time_leave_each_other_their_folders(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    lock, begins = fcntl.flock, [True]

    def after_another_has_begun(file: IO[str], operation: int) -> None:
        if begins:
            begins.clear()
            with folder_of_workers():
                pass
        lock(file, operation)

    monkeypatch.setattr(fcntl, "flock", after_another_has_begun)
    with folder_of_workers() as mine:
        assert Path(mine).is_dir()
        with folder_of_workers():
            assert Path(mine).is_dir()
    assert not [*folder.iterdir()]
