"""The order in which tests begin: what takes long comes first, so that no process waits for another at the end."""

from collections.abc import Sequence
from typing import TypeVar

_Item = TypeVar("_Item")


def long_first(long: Sequence[_Item], others: Sequence[_Item], processes: int) -> list[_Item]:
    """Return all of them, so that the share of each process begins with some of the long ones.

    The shares are those that `--dist worksteal` gives at first: equal ones, one after the other.
    """
    ordered: list[_Item] = []
    left = list(others)
    for process in range(processes):
        share = (len(long) + len(others) - len(ordered)) // (processes - process)
        begin = long[process::processes]
        rest = max(0, share - len(begin))
        ordered += [*begin, *left[:rest]]
        del left[:rest]
    return ordered
