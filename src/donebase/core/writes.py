"""What a write is told beside the task and the values, and what it has done."""

from typing import Any, NamedTuple

from pydantic import MISSING

Versions = tuple[int, ...] | None
"""The versions that a condition names, or numbers of an owner's last change. None stands for all of them."""


def narrowed(versions: Versions, named: int | MISSING) -> Versions:
    """Return the versions that fulfil both conditions, that of a header and that of a body."""
    if named is MISSING:
        return versions
    return (named,) if versions is None or named in versions else ()


def includes(versions: Versions, number: int) -> bool:
    """Tell whether a number is one of the versions."""
    return versions is None or number in versions


def highest(versions: Versions) -> int | None:
    """Return the highest of the versions: None if they are all that there are, and -1 if there are none."""
    return None if versions is None else max(versions, default=-1)


class RequestKey(NamedTuple):
    """The key that a client gave to a request, and the fingerprint of the request."""

    text: str
    fingerprint: bytes


class Written(NamedTuple):
    """What a write has done: the number of the change, and the fields of the task as the change left it.

    `change` is None where there was nothing new, `task` where the task was deleted. `replayed` is whether an earlier
    request with the same key has done it.
    """

    change: int | None
    task: dict[str, Any] | None
    replayed: bool = False


class WrittenMany(NamedTuple):
    """What a write of several tasks has done: the number of the change, None where there was nothing new.

    `number` is how many tasks it has changed; `tasks` are those that it created, in order of id. `replayed` as in
    `Written`.
    """

    change: int | None
    number: int
    tasks: list[dict[str, Any]]
    replayed: bool = False
