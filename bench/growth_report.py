"""The tables of a growth run, with the targets beside the figures."""

from typing import Any

from bench.results import noise
from bench.tables import Table, against, counted, number, with_noise

GROWN_MB = 10.0
FIRST_BYTE_MS = 20.0
P99_MEANWHILE = 3.0
_CLOCK = 0.05

_WORDS = {"page": "page of 100", "list": "whole list"}


def tables(now: dict[str, Any]) -> list[Table]:
    """Return them."""
    return [_user(now["user"]), _list(now["list"], now["slow"]), _table(now["table"]), _load(now)]


def _user(sizes: dict[str, Any]) -> Table:
    operations = list(next(iter(sizes.values())))
    rows = []
    for size, cells in sizes.items():
        figures = [
            f"{with_noise(cells[each]['cpu_us'])} · {number(cells[each]['p50_ms']['median'])}" for each in operations
        ]
        rows.append([f"{int(size):,}", *figures])
    head = ["tasks of the user", *(_WORDS.get(each, each) for each in operations)]
    return Table("Length of a user's list: CPU of the service, µs per request · p50 ms", head, rows)


def _list(found: dict[str, Any], slow: dict[str, Any]) -> Table:
    grown, first = found["memory"]["grown_mb"], found["first_byte_ms"]["median"]
    rows = [
        ["growth of memory, MB", _held(grown, GROWN_MB)],
        ["time to the first byte, ms", _held(first, FIRST_BYTE_MS)],
    ]
    for connections, others in found["others"].items():
        alone, meanwhile = number(others["p99_alone_ms"]["median"]), number(others["p99_meanwhile_ms"]["median"])
        at = counted(connections, "connection")
        words = f"p99 of get at {at}, during the list / alone ({meanwhile} / {alone} ms)"
        rows.append([words, _held(others["ratio"], P99_MEANWHILE)])
    rows += [
        [f"connections held by {slow['readers']} slow readers", _held(slow["connections_held"], 0)],
        [f"growth of memory with {slow['readers']} slow readers, MB", number(slow["grown_mb"])],
        ["other requests per second meanwhile, with a pool of 2", number(slow["others_per_second"])],
    ]
    return Table(f"The complete list of {found['tasks']:,} tasks", ["", "figure and target"], rows)


def _table(sizes: dict[str, Any]) -> Table:
    smallest, *_, largest = sizes.values()
    rows = []
    for operation in largest:
        figures = [f"{with_noise(cells[operation]['cpu_us'])} · {with_noise(cells[operation]['database_us'])}"
                   for cells in sizes.values()]  # fmt: skip
        before, after = smallest[operation]["cpu_us"], largest[operation]["cpu_us"]
        limit = 1 + max(_CLOCK, noise(before) + noise(after))
        rows.append(["list of 50" if operation == "list" else operation, *figures,
                     _held(after["median"] / before["median"], round(limit, 2))])  # fmt: skip
    head = ["", *(f"{int(size):,} tasks" for size in sizes), "service, last / first"]
    return Table("Size of the table: µs of CPU per request, service · PostgreSQL, 32 connections", head, rows)


def _load(now: dict[str, Any]) -> Table:
    rows = [[f"{counted(each, 'connection')}, get", *_figures(cell)] for each, cell in now["connections"].items()]
    for workers, cells in now["workers"].items():
        name = f"{counted(workers, 'worker')}, {cells['memory_mb']:.0f} MB"
        rows += [[f"{name}, {operation}", *_figures(cells[operation])] for operation in ("get", "create")]
    head = ["", "requests per second", "CPU µs", "p50 ms", "p99 ms"]
    return Table("More connections to one worker; more workers on all cores", head, rows)


def _figures(cell: dict[str, Any]) -> list[str]:
    return [with_noise(cell[each]) for each in ("per_second", "cpu_us", "p50_ms", "p99_ms")]


def _held(figure: float, limit: float) -> str:
    return against(number(figure), met=figure <= limit, limit=number(limit))
