"""`make bench`: donebase, the floor and two peers, each alone in turn, A B C D A B C D, over one PostgreSQL.

Prints its tables. A whole run also keeps its results in bench/results and writes them into the documentation; a
short one, or one of some servers only, leaves both alone and puts its results into bench/results/short.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from bench import RunFailed, guarded, load, node, pages, pictures, processes, report, results
from bench.about import BUSY, about
from bench.load import Tasks
from bench.measure import Cell, measure
from bench.postgres import Postgres, postgres
from bench.servers import DONEBASE, FASTIFY, USUAL, Server
from bench.summary import CONNECTIONS, OPERATIONS, VARIANTS, Turn, summarise, targets
from bench.walk import Walk, walk

USERS, EACH = 1_000, 50
_ROUNDS, _SECONDS = 4, 2
_SHORT_ROUNDS, _SHORT_SECONDS = 2, 1
_WARM_UP_SECONDS = 1


class _Data(NamedTuple):
    """The database of a server, tasks that requests change, and tasks that stay as they are."""

    database: Postgres
    tasks: Tasks
    unchanged: Tasks


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it and return the exit status: 1 where nothing could be measured, or an answer was wrong."""
    options = _options(arguments)
    if not load.available():
        print(load.MISSING)
        return 1
    try:
        _run(options)
    except RunFailed as failure:
        print(f"The run failed and has no results: {failure}")
        return 1
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.run", description="Measure what a request costs.")
    parser.add_argument("--short", action="store_true", help="take about two minutes, and store nothing")
    parser.add_argument("--rounds", type=int, help="how often each server has its turn")
    parser.add_argument("--servers", nargs="+", choices=USUAL, default=USUAL, help="only these, and store nothing")
    return parser.parse_args(arguments)


def _run(options: argparse.Namespace) -> None:
    began = time.perf_counter()
    names = _servers(options.servers)
    rounds = options.rounds or (_SHORT_ROUNDS if options.short else _ROUNDS)
    seconds = _SHORT_SECONDS if options.short else _SECONDS
    under_test, others = processes.split_cores()
    processes.pin(0, others)
    with postgres() as database:
        now: dict[str, Any] = {
            "about": about(database) | {"rounds": rounds, "seconds": seconds, "users": USERS, "tasks_each": EACH}
        }
        print(_preface(now["about"], under_test, others), flush=True)
        data = _fill(names, database)
        walks = _walks(data, under_test)
        turns = []
        for number in range(rounds):
            print(f"round {number + 1} of {rounds}:", end="", flush=True)
            turns.append({name: _turn(name, data[name], under_test, seconds) for name in names})
            print(flush=True)
        everything = set(names) >= set(USUAL) - {FASTIFY}
        of_tokens = guarded.run(database, data[DONEBASE].tasks, under_test, rounds) if everything else None
    now |= summarise(turns, walks)
    now["targets"] = [{**target._asdict(), "met": target.met} for target in targets(now)]
    now["about"]["minutes"] = round((time.perf_counter() - began) / 60, 1)
    keep = everything and not options.short
    _tell(now, keep=keep)
    if of_tokens:
        guarded.tell(of_tokens, keep=keep)


def _servers(wanted: Sequence[str]) -> list[str]:
    names = [DONEBASE, *(name for name in wanted if name != DONEBASE)]
    why_not = node.missing() if FASTIFY in names else None
    if why_not:
        print(why_not)
        names.remove(FASTIFY)
    return names


def _preface(found: dict[str, Any], under_test: set[int], others: set[int]) -> str:
    lines = [f"load: wrk {found['versions']['wrk']}; PostgreSQL {found['versions']['postgresql']}, the embedded one"]
    if under_test == others:
        lines.append("there is only one core, which the server shares with the load and PostgreSQL")
    else:
        lines.append(f"server on core {min(under_test)}; load and PostgreSQL on {', '.join(map(str, sorted(others)))}")
    if found["load_at_start"] > BUSY:
        lines.append(f"other processes are using this machine (load {found['load_at_start']}): expect noise")
    return "\n".join(lines)


def _fill(names: Sequence[str], database: Postgres) -> dict[str, _Data]:
    """Make the same tasks for donebase and, without the triggers of its history, for its peers."""
    databases = (database, database.plain("plain"))
    here, plain = (_Data(each, each.fill(USERS, EACH), each.fill(USERS, EACH)) for each in databases)
    return {name: here if name == DONEBASE else plain for name in names}


def _walks(data: dict[str, _Data], cores: set[int]) -> dict[str, Walk]:
    walks = {}
    for name, (database, tasks, _) in data.items():
        last = database.last_task()
        walks[name] = walk(name, database, tasks, cores)
        database.tidy(last)
    for name, found in walks.items():
        for operation, answer in found.answers.items():
            if answer != walks[DONEBASE].answers[operation]:
                raise RunFailed(f"responses differ: {name} answers {operation} with {str(answer)[:300]}")
    return walks


def _turn(name: str, data: _Data, cores: set[int], seconds: int) -> Turn:
    print(f" {name}", end="", flush=True)
    database, tasks, unchanged = data
    with Server(name, database.url, cores) as server:
        idle = server.memory_mb()
        measure(server, database, "mixed", tasks, CONNECTIONS[0], _WARM_UP_SECONDS)
        cells: dict[tuple[int, str], Cell] = {}
        for connections, operation in _plan(name):
            about = unchanged if operation in load.UNCHANGED else tasks
            cells[connections, operation] = measure(server, database, operation, about, connections, seconds)
        return Turn(server.ready_s, idle, server.memory_mb(), cells)


def _plan(name: str) -> list[tuple[int, str]]:
    variants = [(max(CONNECTIONS), each) for each in VARIANTS] if name == DONEBASE else []
    return [*((connections, each) for connections in CONNECTIONS for each in OPERATIONS), *variants]


def _tell(now: dict[str, Any], *, keep: bool) -> None:
    tables = report.tables(now)
    print("", *(table.text() for table in tables), report.verdict(now), "\n".join(report.behind(now)), sep="\n\n")
    before = results.kept(results.LATEST)
    if before:
        lines = results.moved(before, now) or ["none"]
        print(f"\nChanged by more than the noise since {before['about']['date'][:10]}:", *lines, sep="\n- ")
    folder = results.FOLDER if keep else results.FOLDER / "short"
    pictures.cpu(now, str(CONNECTIONS[0]), folder / "cpu.png")
    pictures.latency(now, str(CONNECTIONS[0]), folder / "latency.png")
    (folder / results.LATEST).write_text(json.dumps(now, indent=1, ensure_ascii=False) + "\n")
    if keep:
        pages.write()
    print(f"\n{now['about']['minutes']} minutes; results and pictures: {folder.relative_to(results.FOLDER.parents[1])}")


if __name__ == "__main__":
    sys.exit(main())
