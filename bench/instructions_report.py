"""Instructions a request beside those that are kept: the table with its targets, and what has grown."""

from collections.abc import Iterator
from typing import Any

from bench.servers import DONEBASE, FLOOR
from bench.summary import OF_BEFORE, OF_FLOOR, VARIANTS, WITH_TOKENS
from bench.tables import Table, against

MAY_GROW = 0.03
MAY_DIFFER = 0.10
BEFORE = {
    "create": 287_718 / 223_185,
    "change": 304_879 / 220_564,
    "toggle": 248_985 / 195_612,
    "delete": 213_534 / 165_875,
}
"""Instructions of a write, × floor, before there was a history (revision 20ecfc1)."""
_VARIANTS = VARIANTS | WITH_TOKENS
_HEAD = ("", "donebase", "kept", "floor", "kept", "growth of × floor", "× floor", "× before", "× plain")

Results = dict[str, Any]
"""`about`, with the `build` of Python, and `operations`: instructions of one request, by operation and server."""


def table(now: Results, kept: Results) -> Table:
    """Return a row for each operation that was counted."""
    return Table("Instructions per request", _HEAD, [_row(each, now, kept) for each in now["operations"]])


def faults(now: Results, kept: Results) -> Iterator[str]:
    """Yield a line for each operation that has grown by more than it may, or that only one of the two has.

    What grows is the ratio to the floor of the same run, at most by MAY_GROW, or by MAY_DIFFER if the kept results are
    of another build of Python.
    """
    same_build = now["about"]["build"] == kept["about"]["build"]
    limit = MAY_GROW if same_build else MAY_DIFFER
    for operation in (now["operations"].keys() | kept["operations"].keys()) - WITH_TOKENS.keys():
        grown = _growth(operation, now, kept)
        if grown is None:
            where = "counted" if operation in kept["operations"] else "in the kept results"
            yield f"{operation} is not {where}"
        elif grown > limit:
            yield f"{operation} has grown by {grown:.1%}, and may by {limit:.0%}"


def _growth(operation: str, now: Results, kept: Results) -> float | None:
    ratio, before = _ratio(now, operation), _ratio(kept, operation)
    return ratio / before - 1 if ratio and before else None


def _ratio(results: Results, operation: str, *, to: str | None = None) -> float | None:
    """Return donebase's instructions relative to the floor's, or to donebase's own for the operation `to`.

    What the floor does not have is compared with the plain operation that it has.
    """
    operations = results["operations"]
    over = operations.get(operation, {}).get(DONEBASE)
    if to:
        under = operations.get(to, {}).get(DONEBASE)
    else:
        its = operation if FLOOR in operations.get(operation, {}) else _plain(operation)
        under = operations.get(its, {}).get(FLOOR)
    return over / under if over and under else None


def _plain(operation: str) -> str:
    return _VARIANTS[operation].plain if operation in _VARIANTS else operation


def _row(operation: str, now: Results, kept: Results) -> list[str]:
    counted = [each["operations"].get(operation, {}).get(name) for name in (DONEBASE, FLOOR) for each in (now, kept)]
    grown, variant = _growth(operation, now, kept), _VARIANTS.get(operation)
    ratio = _ratio(now, operation)
    return [
        operation,
        *(f"{each:,}" if each else "–" for each in counted),
        f"{grown:+.1%}" if grown is not None else "–",
        _held(ratio, OF_FLOOR.get(operation)),
        _held(ratio / BEFORE[operation], OF_BEFORE) if ratio and operation in BEFORE else "",
        _held(_ratio(now, operation, to=variant.plain), variant.limit) if variant else "",
    ]


def _held(ratio: float | None, limit: float | None) -> str:
    if ratio is None:
        return "–"
    return against(f"{ratio:.3f}", met=ratio <= limit, limit=f"{limit:g}") if limit else f"{ratio:.3f}"
