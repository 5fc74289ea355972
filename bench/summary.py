"""The rounds of a run put together, and held against the targets."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from bench.measure import Cell, together
from bench.results import spread
from bench.servers import DONEBASE, FLOOR, TUTORIAL
from bench.walk import Walk

OPERATIONS = ("get", "list", "create", "change", "toggle", "delete")
VARIANTS = {"page_of_50": "list", "origin": "get", "traceparent": "get"}
"""Operations of donebase alone, each with the operation that it must cost hardly more than."""
CONNECTIONS = (32, 1)

OF_FLOOR = dict.fromkeys(OPERATIONS, 1.15) | {"list": 0.85}
OF_PLAIN = 1.1
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
        "variants": {variant: _variant(rounds, variant, plain) for variant, plain in VARIANTS.items()},
        "servers": {name: _server(rounds, name, walks[name]) for name in names},
    }


def _cell(rounds: Rounds, name: str, place: tuple[int, str]) -> dict[str, Any]:
    mine = [each[name].cells[place] for each in rounds]
    found = together(mine)
    # Ratios are taken round by round: what slows the machine for a while slows both.
    if FLOOR in rounds[0]:
        floor = [each[FLOOR].cells[place] for each in rounds]
        found["of_floor"] = spread([ours.cpu_us / its.cpu_us for ours, its in zip(mine, floor, strict=True)])
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
    for variant, cell in results["variants"].items():
        what = f"{variant}: CPU, × {VARIANTS[variant]}"
        found.append(Target(what, cell["of_plain"]["median"], OF_PLAIN))
    donebase = results["servers"][DONEBASE]
    found += [Target(f"{name}: round trips", trips, ROUND_TRIPS) for name, trips in donebase["round_trips"].items()]
    found.append(Target("ready after its start, s", donebase["ready_s"]["median"], READY_S))
    found.append(Target("idle, MB", donebase["idle_mb"]["median"], IDLE_MB))
    return found
