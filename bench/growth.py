"""`make bench-growth`: what growth does to donebase: longer lists, a larger table, more connections, more workers.

Prints its tables. A whole run also keeps its results in bench/results and writes them into the documentation; a
short one leaves both alone and puts its results into bench/results/short.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from typing import Any

from bench import RunFailed, growth_pictures, growth_report, load, pages, processes, results
from bench.about import about
from bench.load import Tasks
from bench.measure import Cell, measure, together
from bench.postgres import Postgres, postgres
from bench.servers import DONEBASE, Server
from bench.streaming import slow_readers, streaming

USERS, EACH = 1_000, 50
USER_SIZES = (10, 1_000, 100_000)
CONNECTIONS = (1, 8, 32, 128, 500)
WORKERS = (1, 2, 4)
_BUSY_CONNECTIONS = 64


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it and return the exit status: 1 where nothing could be measured, or an answer was wrong."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description="Measure what growth costs.")
    parser.add_argument("--short", action="store_true", help="take about two minutes, and store nothing")
    parser.add_argument("--tasks", type=int, help="tasks in the largest table: 10 million, 1 million when short")
    options = parser.parse_args(arguments)
    if not load.available():
        print(load.MISSING)
        return 1
    try:
        _run(Plan(1, 1) if options.short else Plan(3, 2), options)
    except RunFailed as failure:
        print(f"The run failed and has no results: {failure}")
        return 1
    return 0


class Plan:
    """How often and how long each cell is measured, and on which cores the server is."""

    def __init__(self, rounds: int, seconds: int) -> None:
        self.rounds = rounds
        self.seconds = seconds
        self.everything = os.sched_getaffinity(0)
        self.under_test, self.others = processes.split_cores()


def _run(plan: Plan, options: argparse.Namespace) -> None:
    began = time.perf_counter()
    largest = options.tasks or (1_000_000 if options.short else 10_000_000)
    processes.pin(0, plan.others)
    with postgres() as database:
        now: dict[str, Any] = {"about": about(database) | {"rounds": plan.rounds, "seconds": plan.seconds}}
        usual = database.fill(USERS, EACH)
        long = {size: database.fill(1, size) for size in USER_SIZES}
        _say("the length of a user's list")
        now["user"] = _user_sizes(plan, database, long)
        _say("the whole list, and others meanwhile")
        longest = long[USER_SIZES[-1]]
        now["list"] = streaming(database, longest, usual, plan.under_test, plan.rounds, plan.seconds)
        now["slow"] = slow_readers(database, longest, usual, plan.under_test, plan.seconds)
        _say("connections")
        now["connections"] = _connections(plan, database, usual)
        _say(f"the size of the table, up to {largest:,} tasks")
        now["table"] = _table_sizes(plan, database, [USERS * EACH, largest // 10, largest])
        _say("workers")
        now["workers"] = _workers(plan, database, usual)
    now["about"]["minutes"] = round((time.perf_counter() - began) / 60, 1)
    _tell(now, keep=not options.short and options.tasks is None)


def _user_sizes(plan: Plan, database: Postgres, sizes: dict[int, Tasks]) -> dict[str, Any]:
    """Measure one user with so many tasks: get, create, a page of 100, the whole list."""
    connections = {"get": 8, "create": 8, "page": 8, "list": 1}
    cells: dict[tuple[int, str], list[Cell]] = {}
    with Server(DONEBASE, database.url, plan.under_test) as server:
        for _ in range(plan.rounds):
            for size, tasks in sizes.items():
                for operation, at in connections.items():
                    cell = measure(server, database, operation, tasks, at, plan.seconds)
                    cells.setdefault((size, operation), []).append(cell)
    return {str(size): {each: together(cells[size, each]) for each in connections} for size in sizes}


def _table_sizes(plan: Plan, database: Postgres, sizes: Sequence[int]) -> dict[str, Any]:
    """Measure tables with so many tasks, 50 a user: get, create, list of 50. Each table is a database of its own."""
    operations = ("get", "list", "create")
    tables = {size: database.another(f"with_{size}") for size in sizes}
    filled = {size: tables[size].fill(size // EACH, EACH) for size in sizes}
    cells: dict[tuple[int, str], list[Cell]] = {}
    for _ in range(plan.rounds):
        for size, table in tables.items():
            with Server(DONEBASE, table.url, plan.under_test) as server:
                measure(server, table, "mixed", filled[size], 32, 1)
                for operation in operations:
                    cell = measure(server, table, operation, filled[size], 32, plan.seconds)
                    cells.setdefault((size, operation), []).append(cell)
    return {str(size): {each: together(cells[size, each]) for each in operations} for size in sizes}


def _connections(plan: Plan, database: Postgres, tasks: Tasks) -> dict[str, Any]:
    """Measure get at so many connections to one worker."""
    cells: dict[int, list[Cell]] = {each: [] for each in CONNECTIONS}
    with Server(DONEBASE, database.url, plan.under_test) as server:
        measure(server, database, "mixed", tasks, 32, 1)
        for _ in range(plan.rounds):
            for connections, found in cells.items():
                found.append(measure(server, database, "get", tasks, connections, plan.seconds))
    return {str(connections): together(found) for connections, found in cells.items()}


def _workers(plan: Plan, database: Postgres, tasks: Tasks) -> dict[str, Any]:
    """Measure get and create with so many workers. Nothing has a core of its own: they share all there are."""
    for process in (0, *processes.tree(database.process)):
        processes.pin(process, plan.everything)
    operations = ("get", "create")
    cells: dict[tuple[int, str], list[Cell]] = {}
    memory: dict[int, float] = {}
    for _ in range(plan.rounds):
        for workers in WORKERS:
            with Server(DONEBASE, database.url, plan.everything, WORKERS=str(workers)) as server:
                measure(server, database, "mixed", tasks, _BUSY_CONNECTIONS, 1)
                for operation in operations:
                    cell = measure(server, database, operation, tasks, _BUSY_CONNECTIONS, plan.seconds)
                    cells.setdefault((workers, operation), []).append(cell)
                memory[workers] = round(server.memory_mb(), 1)
    return {
        str(workers): {each: together(cells[workers, each]) for each in operations} | {"memory_mb": memory[workers]}
        for workers in WORKERS
    }


def _say(what: str) -> None:
    print(f"{what} ...", flush=True)


def _tell(now: dict[str, Any], *, keep: bool) -> None:
    tables = growth_report.tables(now)
    print("", *(table.text() for table in tables), sep="\n\n")
    before = results.kept(results.GROWTH)
    if before:
        lines = results.moved(before, now) or ["none"]
        print(f"\nChanged by more than the noise since {before['about']['date'][:10]}:", *lines, sep="\n- ")
    folder = results.FOLDER if keep else results.FOLDER / "short"
    growth_pictures.sizes(now, folder / "growth-sizes.png")
    growth_pictures.load(now, folder / "growth-load.png")
    growth_pictures.streaming(now, folder / "growth-list.png")
    (folder / results.GROWTH).write_text(json.dumps(now, indent=1, ensure_ascii=False) + "\n")
    if keep:
        pages.write()
    print(f"\n{now['about']['minutes']} minutes; results and pictures: {folder.relative_to(results.FOLDER.parents[1])}")


if __name__ == "__main__":
    sys.exit(main())
