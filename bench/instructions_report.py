"""Instructions a request beside those that are kept: the table, and what has grown."""

from collections.abc import Iterator
from typing import Any

from bench.servers import DONEBASE, FLOOR
from bench.tables import Table

MAY_GROW = 0.03
_HEAD = ("", "donebase", "kept", "floor", "kept", "× floor", "kept", "growth of × floor")

Counted = dict[str, Any]
"""Instructions of one request, by operation and server."""


def table(now: Counted, kept: Counted) -> Table:
    """Return a row for each operation that was counted."""
    return Table("Instructions per request", _HEAD, [_row(each, now[each], kept.get(each, {})) for each in now])


def faults(now: Counted, kept: Counted) -> Iterator[str]:
    """Yield a line for each operation that has grown by more than MAY_GROW, or that only one of the two has.

    What grows is the ratio to the floor of the same run: another processor, Python or driver changes both.
    """
    for operation in now.keys() | kept.keys():
        if operation not in now:
            yield f"{operation} is in the kept results and was not counted"
        elif operation not in kept:
            yield f"{operation} has no kept results"
        elif (grown := _of_floor(now[operation]) / _of_floor(kept[operation]) - 1) > MAY_GROW:
            yield f"{operation} has grown by {grown:.1%}, and may by {MAY_GROW:.0%}"


def _of_floor(counted: dict[str, int]) -> float:
    return counted[DONEBASE] / counted[FLOOR]


def _row(operation: str, now: dict[str, int], kept: dict[str, int]) -> list[str]:
    counts = [f"{each[name]:,}" if name in each else "–" for name in (DONEBASE, FLOOR) for each in (now, kept)]
    ratios = [_of_floor(each) if each.keys() >= {DONEBASE, FLOOR} else None for each in (now, kept)]
    grown = f"{ratios[0] / ratios[1] - 1:+.1%}" if ratios[0] and ratios[1] else "–"
    return [operation, *counts, *(f"{each:.3f}" if each else "–" for each in ratios), grown]
