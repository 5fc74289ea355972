"""What a token costs: the tables of a run, and whether the target is met."""

from typing import Any

from bench.tables import Table, against, number, with_noise

OPERATIONS = {"get": ("personal", "session", "issued"), "list": ("personal",), "create": ("personal",)}
"""What is measured with which kinds of token."""
FIRST_SIGHT = "get_new"
OF_OPEN = 1.1
_KINDS = {"personal": "a personal token", "session": "an access token", "issued": "another issuer's token"}
_WORDS = {"list": "list of 50"}


def tables(now: dict[str, Any]) -> list[Table]:
    """Return them."""
    return [_verified(now["operations"]), _first(now["first"])]


def verdict(now: dict[str, Any]) -> str:
    """Return whether the target is met, and where it is not."""
    missed = [
        f"- missed: {_named(operation, kind)}: {cell['of_open']['median']:.2f}, target {OF_OPEN}"
        for operation, cells in now["operations"].items()
        for kind, cell in cells.items()
        if cell["of_open"]["median"] > OF_OPEN
    ]
    return "\n".join(missed or ["All targets of tokens met."])


def _verified(operations: dict[str, Any]) -> Table:
    rows = []
    for operation, cells in operations.items():
        plain = with_noise(cells["open"]["cpu_us"])
        for kind in OPERATIONS[operation]:
            ratio = cells[kind]["of_open"]["median"]
            held = against(f"{ratio:.2f}", met=ratio <= OF_OPEN, limit=number(OF_OPEN))
            rows.append([_named(operation, kind), plain, with_noise(cells[kind]["cpu_us"]), held])
    head = ["", "without a token, µs", "with one, µs", "ratio"]
    return Table("A token that was verified before: CPU of the service per request, 32 connections", head, rows)


def _first(kinds: dict[str, Any]) -> Table:
    rows = [
        [
            _named("get", kind),
            with_noise(cell["cpu_us"]),
            f"{cell['of_open']['median']:.2f}",
            with_noise(cell["database_us"]),
            " · ".join(number(cell[each]["median"]) for each in ("per_second", "p50_ms", "p99_ms")),
        ]
        for kind, cell in kinds.items()
    ]
    head = ["", "CPU, µs", "× a get without", "CPU of PostgreSQL, µs", "requests per second · p50 ms · p99 ms"]
    return Table("The first sight of a token: each request has another one, 32 connections", head, rows)


def _named(operation: str, kind: str) -> str:
    return f"{_WORDS.get(operation, operation)}, {_KINDS.get(kind, kind)}"
