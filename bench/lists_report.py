"""The tables of `make bench-lists`: CPU time of the service and of PostgreSQL, and the time of the answer."""

from typing import Any

from bench.tables import Table, number

READ = {"page": "first page", "counted": "first page, `count=true`", "later": "later page", "whole": "whole list"}
"""What is read of a list, and what a table calls it."""
_MOVES = {"first": '`{"to": "first"}`', "last": '`{"to": "last"}`', "after": '`{"after": id}`'}
_FIGURES = "µs of CPU, service · PostgreSQL; ms to the answer"


def tables(now: dict[str, Any]) -> list[Table]:
    """Return them."""
    return [
        _filters(now["filters"]),
        *(_sorts(now["sorts"], read) for read in ("page", "later", "whole")),
        _several(now["several"]),
        _moves(now["moves"]),
    ]


def _filters(found: dict[str, Any]) -> Table:
    rows = [
        [f"`{name}`" if "=" in name else name, *(_filtered(cell) for cell in by_size.values())]
        for name, by_size in found.items()
    ]
    title = f"A page of 50 by filter, without and with `count=true` (tasks that the filter names): {_FIGURES}"
    return Table(title, ["", *_sizes(found)], rows)


def _filtered(cell: dict[str, Any]) -> str:
    return f"{_costs(cell['page'])} / {_costs(cell['counted'])} ({cell['named']:,})"


def _sorts(found: dict[str, Any], read: str) -> Table:
    rows = [[f"`sort={name}`", *(_costs(cell[read]) for cell in by_size.values())] for name, by_size in found.items()]
    return Table(f"{READ[read].capitalize()} by order: {_FIGURES}", ["", *_sizes(found)], rows)


def _sizes(found: dict[str, Any]) -> list[str]:
    return [f"{int(size):,} tasks" for size in next(iter(found.values()))]


def _several(found: dict[str, Any]) -> Table:
    first, *_, last = counts = list(next(iter(found.values())))
    rows = [
        [name, *(_costs(cells[count]) for count in counts), f"1/{_cpu(cells[first]) / _cpu(cells[last]):.0f}"]
        for name, cells in found.items()
    ]
    head = ["", "one in a request", *(f"{int(count):,} in a request" for count in counts[1:]), "CPU, last / first"]
    return Table(f"Several tasks in a request, per task: {_FIGURES}", head, rows)


def _moves(found: dict[str, Any]) -> Table:
    rows = [[_MOVES[where], *map(_costs, by_size.values())] for where, by_size in found.items()]
    return Table(f"A move: {_FIGURES}", ["", *_sizes(found)], rows)


def _costs(cost: dict[str, Any]) -> str:
    cpu, database, answer = (number(cost[figure]["median"]) for figure in ("cpu_us", "database_us", "answer_ms"))
    return f"{cpu} · {database}; {answer}"


def _cpu(cost: dict[str, Any]) -> float:
    return float(cost["cpu_us"]["median"] + cost["database_us"]["median"])
