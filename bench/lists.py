"""`make bench-lists`: what each filter and each order of a list costs, and several tasks in one request.

Prints its tables. A whole run also keeps its results in bench/results and writes them into the documentation; a
short one leaves both alone and puts its results into bench/results/short.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple
from urllib.parse import quote_plus

from bench import RunFailed, lists_report, pages, processes, realistic, results, several
from bench.about import about
from bench.asking import Client, Cost, Request, together
from bench.load import Tasks
from bench.postgres import postgres
from bench.servers import DONEBASE, Server

OTHERS, EACH = 2_000, 100
SIZES = (100, 10_000, 100_000)
"""How many tasks the users have whose lists are read."""
PAGE = 50
_DEEP = 10_000
_STEP = 1_000
_WEEK = timedelta(days=7)
_ROUNDS = 4
_WARM_UP = 2
# How often a list is read in a round: so often that it takes so many seconds.
_SECONDS = 0.05
_MOST = 20
_ZONE = "time_zone=Europe/Berlin"


def filters(today: date) -> dict[str, str]:
    """Return the query of each filter, by what a table calls it."""
    search, rare = quote_plus("creme brulee"), realistic.RARE_WORD.lower()
    return {
        "no filter": "",
        "completed=false": "completed=false",
        "priority=high": "priority=high",
        "tag=shop": "tag=shop",
        "tag=shop&tag=work": "tag=shop&tag=work",
        "due_from, due_to": f"due_from={today}&due_to={today + _WEEK}",
        "due=none": "due=none",
        "due=any": "due=any",
        "due=today": f"due=today&{_ZONE}",
        "due=overdue": f"due=overdue&{_ZONE}",
        "q=creme brulee": f"q={search}",
        f"q={rare}": f"q={rare}",
        "six together": f"completed=false&priority=high&priority=none&tag=shop&due=overdue&{_ZONE}"
        f"&due_from={today - 30 * _WEEK}&q={search}",
    }


SORTS = ("created", "-created", "-updated", "due", "-priority", "title", "order")


class Case(NamedTuple):
    """A list that is measured: whether it is one of `filters` or of `sorts`, its name there, and what of it is read."""

    table: str
    name: str
    read: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it and return the exit status: 1 where an answer was wrong."""
    parser = argparse.ArgumentParser(prog="python -m bench.lists", description="Measure what lists cost.")
    parser.add_argument("--short", action="store_true", help="one round, and store nothing")
    options = parser.parse_args(arguments)
    try:
        _run(1 if options.short else _ROUNDS, keep=not options.short)
    except RunFailed as failure:
        print(f"The run failed and has no results: {failure}")
        return 1
    return 0


def _run(rounds: int, *, keep: bool) -> None:
    began = time.perf_counter()
    under_test, others = processes.split_cores()
    processes.pin(0, others)
    with postgres() as database:
        now: dict[str, Any] = {"about": about(database) | {"rounds": rounds, "others": OTHERS, "tasks_each": EACH}}
        _say(f"tasks of {OTHERS:,} users and of {len(SIZES)} with {', '.join(f'{size:,}' for size in SIZES)}")
        realistic.fill(database, OTHERS, EACH)
        owners = {size: realistic.fill(database, 1, size) for size in SIZES}
        with Server(DONEBASE, database.url, under_test) as server:
            client = Client(server, database)
            now |= _lists(client, database.value("SELECT CURRENT_DATE"), owners, rounds)
            now |= several.measure(client, owners, rounds)
            client.close()
    now["about"]["minutes"] = round((time.perf_counter() - began) / 60, 1)
    _tell(now, keep=keep)


def _lists(client: Client, today: date, owners: dict[int, Tasks], rounds: int) -> dict[str, Any]:
    """Measure each list of each owner, in turn, in each round."""
    _say("the lists, once or twice each")
    paths = {(case, size): path for size in SIZES for case, path in _paths(client, owners[size], today)}
    named = {(case.name, size): _count(client, path) for (case, size), path in paths.items() if case.read == "counted"}
    times: dict[tuple[Case, int], int] = {}
    for _ in range(_WARM_UP):  # PostgreSQL plans the first statements for their parameters, the others for any
        for place, path in paths.items():
            times[place] = _times(client.cost([Request("GET", path)]))
    costs: dict[tuple[Case, int], list[Cost]] = {place: [] for place in paths}
    for number in range(rounds):
        _say(f"the lists, round {number + 1} of {rounds}")
        for place, path in paths.items():
            costs[place].append(client.cost([Request("GET", path)] * times[place]))
    found: dict[str, Any] = {"filters": {}, "sorts": {}}
    for (case, size), rounded in costs.items():
        cells = found[case.table].setdefault(case.name, {}).setdefault(str(size), {})
        cells[case.read] = together(rounded)
    for (name, size), number in named.items():
        found["filters"][name][str(size)]["named"] = number
    return found


def _paths(client: Client, tasks: Tasks, today: date) -> Iterator[tuple[Case, str]]:
    """Yield each list of an owner, with its path."""
    base = f"/users/{tasks.first_user}/tasks"
    for name, query in filters(today).items():
        page = f"{base}?{query}{'&' if query else ''}limit={PAGE}"
        yield Case("filters", name, "page"), page
        yield Case("filters", name, "counted"), f"{page}&count=true"
    for sort in SORTS:
        yield Case("sorts", sort, "page"), f"{base}?sort={sort}&limit={PAGE}"
        yield Case("sorts", sort, "later"), _later_page(client, f"{base}?sort={sort}", tasks.each)
        yield Case("sorts", sort, "whole"), f"{base}?sort={sort}"


def _later_page(client: Client, path: str, tasks: int) -> str:
    """Return the path of the page in the middle of a list, or at most behind the first _DEEP tasks."""
    place = min(tasks // 2, _DEEP)
    step = min(place, _STEP)
    following = f"{path}&limit={step}"
    for _ in range(place // step):
        followed = client.ask(Request("GET", following)).next_page()
        if followed is None:
            raise RunFailed(f"{following} has no next page")
        following = followed
    return following.replace(f"limit={step}", f"limit={PAGE}")


def _times(cost: Cost) -> int:
    return max(1, min(_MOST, round(_SECONDS / cost.answer_ms * 1e3)))


def _count(client: Client, path: str) -> int:
    return int(client.ask(Request("GET", path)).headers["x-total-count"])


def _say(what: str) -> None:
    print(f"{what} ...", flush=True)


def _tell(now: dict[str, Any], *, keep: bool) -> None:
    print("", *(table.text() for table in lists_report.tables(now)), sep="\n\n")
    before = results.kept(results.LISTS)
    if before:
        lines = results.moved(before, now) or ["none"]
        print(f"\nChanged by more than the noise since {before['about']['date'][:10]}:", *lines, sep="\n- ")
    folder = results.FOLDER if keep else results.FOLDER / "short"
    from bench import lists_pictures  # needs matplotlib, which the tests of this module do without

    lists_pictures.lists(now, folder / "lists.png")
    (folder / results.LISTS).write_text(json.dumps(now, indent=1, ensure_ascii=False) + "\n")
    if keep:
        pages.write()
    print(f"\n{now['about']['minutes']} minutes; results and picture: {folder.relative_to(results.FOLDER.parents[1])}")


if __name__ == "__main__":
    sys.exit(main())
