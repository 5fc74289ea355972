"""Pieces of a stream: the events of changes that follow each other, encoded once for all who are sent them."""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from donebase.core.changes import Change
from donebase.core.errors import HistoryPruned

WINDOW = 100
"""How many tasks are read together."""
_LARGEST = 2**15  # bytes, unless a single event is larger

Encode = Callable[[Change], Awaitable[bytes]]
"""Makes the event of a change."""


class Piece(NamedTuple):
    """The events of the changes after `since`, up to and including `last`, and how many tasks to read after it."""

    since: int
    last: int
    events: bytes
    next_window: int


async def encoded_piece(since: int, changes: Sequence[Change], encode: Encode) -> Piece:
    """Encode as many of the changes as fit into a piece. Raises HistoryPruned if the first is not the next one.

    The others are read again: they are not kept while a slow client takes what is before them.
    """
    if not changes or changes[0].number != since + 1:
        raise HistoryPruned
    events: list[bytes] = []
    room = _LARGEST
    for change in changes:
        event = await encode(change)
        room -= len(event)
        if events and room < 0:
            break
        events.append(event)
    next_window = len(events) if room < 0 else WINDOW
    return Piece(since, changes[len(events) - 1].number, b"".join(events), next_window)
