"""The rounds of a run put together, and held against the targets."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from bench.measure import Cell, together
from bench.results import spread
from bench.servers import DONEBASE, FLOOR, TUTORIAL
from bench.walk import Walk

OPERATIONS = ("get", "list", "create", "change", "toggle", "delete")
WRITES = ("create", "change", "toggle", "delete")
CONNECTIONS = (32, 1)


class Variant(NamedTuple):
    """An operation of donebase alone: the operation that it is compared with, and what part of it it may cost."""

    plain: str
    limit: float | None = None


VARIANTS = {
    "page_of_50": Variant("list", 1.1),
    "origin": Variant("get", 1.1),
    "traceparent": Variant("get", 1.1),
    "get_304": Variant("get", 0.8),
    "list_304": Variant("list", 0.8),
    "changes_none": Variant("get"),
    **{f"{each}_if_match": Variant(each) for each in ("change", "toggle", "delete")},
    **{f"{each}_key": Variant(each) for each in WRITES},
}

WITH_TOKENS = {
    **{f"{each}_token": Variant(each, 1.1) for each in ("get", "list", "create")},
    **{f"get_{kind}": Variant("get", 1.1) for kind in ("session", "issued")},
    **{f"get_new_{kind}": Variant("get") for kind in ("token", "session", "issued")},
}
"""Operations of donebase with AUTH=required, of which instructions are counted; `bench.guarded` measures their CPU."""

DONEBASE_ONLY = (VARIANTS.keys() | WITH_TOKENS.keys()) - {"page_of_50", "origin", "traceparent"}
"""Those of them that the peers do not know, which keep no history and know no tokens."""

OF_FLOOR = dict.fromkeys(OPERATIONS, 1.15) | {"list": 0.85}
BEFORE = {"create": 1.44, "change": 1.54, "toggle": 1.47, "delete": 1.39}
"""CPU of a write at 32 connections, × floor, before there was a history (revision 20ecfc1)."""
OF_BEFORE = 1.15
DATABASE_OF_FLOOR = 1.8
HISTORY_BYTES = 250
OF_TUTORIAL = 1 / 8
P99_OF_FLOOR = 3.0
ROUND_TRIPS = 1.0
READY_S = 1.0
IDLE_MB = 65.0


class Turn(NamedTuple):
    """What one server did in one round: seconds to its first answer, MB before and after the load, its cells.

    The cells of VARIANTS are donebase's.
    """

    ready_s: float
    idle_mb: float
    loaded_mb: float
    cells: dict[tuple[int, str], Cell]


class Target(NamedTuple):
    """A figure that must not be above a limit."""

    what: str
    figure: float
    limit: float

    @property
    def met(self) -> bool:
        """Whether it is not."""
        return self.figure <= self.limit


Rounds = Sequence[dict[str, Turn]]


def summarise(rounds: Rounds, walks: dict[str, Walk]) -> dict[str, Any]:
    """Return medians and spreads: `cells` by connections, operation and server, `variants`, and `servers`."""
    names = list(rounds[0])
    return {
        "cells": {
            str(connections): {
                operation: {name: _cell(rounds, name, (connections, operation)) for name in names}
                for operation in OPERATIONS
            }
            for connections in CONNECTIONS
        },
        "variants": {name: _variant(rounds, name, variant.plain) for name, variant in VARIANTS.items()},
        "servers": {name: _server(rounds, name, walks[name]) for name in names},
    }


def _cell(rounds: Rounds, name: str, place: tuple[int, str]) -> dict[str, Any]:
    mine = [each[name].cells[place] for each in rounds]
    found = together(mine)
    # Ratios are taken round by round: what slows the machine for a while slows both.
    if FLOOR in rounds[0]:
        floor = [each[FLOOR].cells[place] for each in rounds]
        found["of_floor"] = spread([ours.cpu_us / its.cpu_us for ours, its in zip(mine, floor, strict=True)])
        database = [ours.database_us / its.database_us for ours, its in zip(mine, floor, strict=True)]
        found["database_of_floor"] = spread(database)
        p99 = [ours.latency_ms["99"] / its.latency_ms["99"] for ours, its in zip(mine, floor, strict=True)]
        found["p99_of_floor"] = spread(p99)
    if TUTORIAL in rounds[0]:
        tutorial = [each[TUTORIAL].cells[place] for each in rounds]
        found["of_tutorial"] = spread([ours.cpu_us / its.cpu_us for ours, its in zip(mine, tutorial, strict=True)])
    return found


def _variant(rounds: Rounds, variant: str, plain: str) -> dict[str, Any]:
    cells = [each[DONEBASE].cells for each in rounds]
    at = max(CONNECTIONS)
    found = together([each[at, variant] for each in cells])
    return found | {"of_plain": spread([each[at, variant].cpu_us / each[at, plain].cpu_us for each in cells])}


def _server(rounds: Rounds, name: str, walk: Walk) -> dict[str, Any]:
    turns = [each[name] for each in rounds]
    return {
        "ready_s": spread([turn.ready_s for turn in turns]),
        "idle_mb": spread([turn.idle_mb for turn in turns]),
        "loaded_mb": spread([turn.loaded_mb for turn in turns]),
        "round_trips": walk.round_trips,
    }


def targets(results: dict[str, Any]) -> list[Target]:
    """Return every target of donebase's that this run can tell about."""
    found = []
    for connections, operations in results["cells"].items():
        for operation, servers in operations.items():
            cell, where = servers[DONEBASE], f"{operation} at {connections}"
            if "of_floor" in cell:
                found.append(Target(f"{where}: CPU, × floor", cell["of_floor"]["median"], OF_FLOOR[operation]))
            # At one connection most of it is the kernel's work to sleep and wake: the floor itself is at 1/5.
            if "of_tutorial" in cell and int(connections) == max(CONNECTIONS):
                found.append(Target(f"{where}: CPU, × tutorial", cell["of_tutorial"]["median"], OF_TUTORIAL))
            if "p99_of_floor" in cell and int(connections) == max(CONNECTIONS):
                found.append(Target(f"{where}: p99, × floor", cell["p99_of_floor"]["median"], P99_OF_FLOOR))
    found += _of_history(results["cells"][str(max(CONNECTIONS))])
    for name, cell in results["variants"].items():
        plain, limit = VARIANTS[name]
        if limit:
            found.append(Target(f"{name}: CPU, × {plain}", cell["of_plain"]["median"], limit))
    donebase = results["servers"][DONEBASE]
    found += [Target(f"{name}: round trips", trips, ROUND_TRIPS) for name, trips in donebase["round_trips"].items()]
    found.append(Target("ready after its start, s", donebase["ready_s"]["median"], READY_S))
    found.append(Target("idle, MB", donebase["idle_mb"]["median"], IDLE_MB))
    return found


def _of_history(cells: dict[str, Any]) -> Iterator[Target]:
    """Yield the targets for what it costs that the tables keep a history."""
    for operation in WRITES:
        cell = cells[operation][DONEBASE]
        if "of_floor" in cell:
            growth = cell["of_floor"]["median"] / BEFORE[operation]
            yield Target(f"{operation}: CPU, × before there was a history", growth, OF_BEFORE)
            database = cell["database_of_floor"]["median"]
            yield Target(f"{operation}: CPU of PostgreSQL, × floor", database, DATABASE_OF_FLOOR)
    history = cells["change"][DONEBASE]["history_bytes"]["median"]
    yield Target("change: bytes of history", history, HISTORY_BYTES)
