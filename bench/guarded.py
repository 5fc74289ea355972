"""What a token costs: donebase with AUTH=required beside donebase with AUTH=open, over one database, in turns.

`make bench` runs it after the other servers; `python -m bench.guarded` runs it alone, in two minutes. A whole run keeps
its results in bench/results and writes them into the documentation; a short one puts them into bench/results/short.
"""

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import RunFailed, load, pages, processes, results, tokens
from bench.about import about
from bench.guarded_report import FIRST_SIGHT, OPERATIONS, tables, verdict
from bench.load import Tasks
from bench.measure import Cell, measure, together
from bench.postgres import Postgres, postgres
from bench.results import spread
from bench.servers import DONEBASE, GUARDED, Server

USERS, EACH = 1_000, 50
ROUNDS = 4
_CONNECTIONS = 32
_SECONDS = 1
_NEW = 12_000
"""Tokens of each kind that are seen for the first time: more than a service remembers, as they may come round again."""

Files = dict[str, Path]
"""By kind, a file with a token for each user; by `new_` and the kind, one with many others."""
Cells = dict[tuple[str, str], list[Cell]]
"""What was measured, by operation and what its requests carry: the kind of their token, or OPEN for none."""
OPEN = "open"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it and return the exit status: 1 where nothing could be measured, or an answer was wrong."""
    parser = argparse.ArgumentParser(prog="python -m bench.guarded", description="Measure what a token costs.")
    parser.add_argument("--short", action="store_true", help="one round, and store nothing")
    options = parser.parse_args(arguments)
    if not load.available():
        print(load.MISSING)
        return 1
    under_test, others = processes.split_cores()
    processes.pin(0, others)
    try:
        with postgres() as database:
            now = run(database, database.fill(USERS, EACH), under_test, 1 if options.short else ROUNDS)
    except RunFailed as failure:
        print(f"The run failed and has no results: {failure}")
        return 1
    tell(now, keep=not options.short)
    return 0


def run(database: Postgres, tasks: Tasks, cores: set[int], rounds: int) -> dict[str, Any]:
    """Return `about`, `operations` with and without tokens, and `first`: the first sight of each kind of token."""
    found: Cells = defaultdict(list)
    measured = about(database) | {"rounds": rounds, "seconds": _SECONDS, "users": USERS, "tasks_each": EACH}
    with _files(database, tasks) as files:
        for number in range(rounds):
            print(f"tokens, round {number + 1} of {rounds}", flush=True)
            for place, cells in _round(database, tasks, cores, files).items():
                found[place] += cells
    return {"about": measured, **summarise(found, rounds)}


def summarise(found: Cells, rounds: int) -> dict[str, Any]:
    """Return medians, spreads and ratios; each round has the same number of cells of a kind."""
    return {
        "operations": {
            operation: {
                carried: together(found[operation, carried])
                | {"of_open": _ratios(found[operation, carried], found[operation, OPEN], rounds)}
                for carried in (OPEN, *kinds)
            }
            for operation, kinds in OPERATIONS.items()
        },
        "first": {
            kind: together(found[FIRST_SIGHT, kind])
            | {"of_open": _ratios(found[FIRST_SIGHT, kind], found["get", OPEN], rounds)}
            for kind in tokens.KINDS
        },
    }


def tell(now: dict[str, Any], *, keep: bool) -> None:
    """Print the results, and keep them."""
    print("", *(table.text() for table in tables(now)), verdict(now), sep="\n\n")
    folder = results.FOLDER if keep else results.FOLDER / "short"
    folder.mkdir(exist_ok=True)
    (folder / results.TOKENS).write_text(json.dumps(now, indent=1, ensure_ascii=False) + "\n")
    if keep:
        pages.write()


def _ratios(cells: Sequence[Cell], plain: Sequence[Cell], rounds: int) -> dict[str, float]:
    """Return the CPU of some cells relative to that of plain ones of the same round."""
    return spread([ours / its for ours, its in zip(_by_round(cells, rounds), _by_round(plain, rounds), strict=True)])


def _by_round(cells: Sequence[Cell], rounds: int) -> list[float]:
    each = len(cells) // rounds
    return [sum(cell.cpu_us for cell in cells[at : at + each]) / each for at in range(0, len(cells), each)]


@contextmanager
def _files(database: Postgres, tasks: Tasks) -> Iterator[Files]:
    with tempfile.TemporaryDirectory(prefix="donebase-bench-tokens-") as folder:
        files = {}
        for kind, make in tokens.KINDS.items():
            made = make(database, tasks, tasks.users + _NEW)
            for name, some in ((kind, made[: tasks.users]), (f"new_{kind}", made[tasks.users :])):
                files[name] = Path(folder) / name
                files[name].write_text("\n".join(some) + "\n")
        yield files


def _round(database: Postgres, tasks: Tasks, cores: set[int], files: Files) -> Cells:
    """Measure every cell. What is compared takes turns there and back again: what slows the machine slows both."""
    found: Cells = defaultdict(list)
    with Server(DONEBASE, database.url, cores) as unguarded, Server(GUARDED, database.url, cores) as guarded:

        def cell(operation: str, carried: str) -> Cell:
            if carried == OPEN:
                return measure(unguarded, database, operation, tasks, _CONNECTIONS, _SECONDS)
            named, file = f"{operation}_token", files[carried]
            return measure(guarded, database, named, tasks, _CONNECTIONS, _SECONDS, file)

        for carried in (OPEN, *tokens.KINDS):  # each token has been seen after that
            cell("get", carried)
        for operation, kinds in OPERATIONS.items():
            there = (OPEN, *kinds)
            for carried in (*there, *reversed(there)):
                found[operation, carried].append(cell(operation, carried))
        for kind in tokens.KINDS:
            file = files[f"new_{kind}"]
            first = measure(guarded, database, "get_new_token", tasks, _CONNECTIONS, _SECONDS, file)
            found[FIRST_SIGHT, kind].append(first)
    return found


if __name__ == "__main__":
    sys.exit(main())
