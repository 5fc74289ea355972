"""Pieces of a stream: the events of changes that follow each other, encoded once for all who are sent them."""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from donebase.core.changes import Change
from donebase.core.errors import HistoryPruned

WINDOW = 100
"""How many tasks are read together."""
_LARGEST = 2**15  # bytes, unless a single event is larger

_MOST_KEPT = 2**24  # bytes, unless a single piece is larger

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


class KeptPieces:
    """The piece that was read last for each owner, for all streams. They are limited in size together."""

    def __init__(self) -> None:
        self._pieces: dict[int, Piece] = {}  # the newest last
        self._bytes = 0

    def get(self, owner: int) -> Piece | None:
        """Return the piece of an owner."""
        return self._pieces.get(owner)

    def keep(self, owner: int, piece: Piece) -> None:
        """Keep a piece in the place of the last one. If all are too large together, the oldest ones go."""
        self.drop(owner)
        self._pieces[owner] = piece
        self._bytes += len(piece.events)
        while self._bytes > _MOST_KEPT and len(self._pieces) > 1:
            self.drop(next(iter(self._pieces)))

    def drop(self, owner: int) -> None:
        """Drop the piece of an owner, if there is one."""
        piece = self._pieces.pop(owner, None)
        self._bytes -= len(piece.events) if piece else 0

    def drop_unless(self, is_needed: Callable[[int, Piece], bool]) -> None:
        """Drop the pieces that are not needed any more."""
        for owner in [owner for owner, piece in self._pieces.items() if not is_needed(owner, piece)]:
            self.drop(owner)
