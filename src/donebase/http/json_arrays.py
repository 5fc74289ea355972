"""Parses a body that is an array, item by item: other requests get their turn in between, and no item stays in memory.

What a client usually sends is parsed in one go, if it has no more values than that takes a few milliseconds.
"""

import asyncio
import re
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

from donebase.http.errors import MalformedJSON
from donebase.http.strict_json import MAX_MEMBERS, SMALL, parse_object, parse_piece, parse_plain, skip, skip_space

MAX_ITEMS = 1_000
_MAX_VALUES = 40_000  # 1,000 tasks with 20 tags each have 30,000
_TURN = 0.001  # seconds
_END = object()
_begins = re.compile(rb"[ \t\n\r]*\[").match


def is_array(body: bytes) -> bool:
    """Tell whether a body begins as an array."""
    return _begins(body) is not None


async def parse_items(body: bytes, take: Callable[[Any], None]) -> None:
    """Call `take` with each item of a body that begins as an array, or at least with the first that refuse it.

    These are MAX_ITEMS and one more, or up to an object with MAX_MEMBERS, of which the first members are in it. Raises
    MalformedJSON as `parse_json` does, and for an item of more than 16 KiB in which arrays and objects have more than
    16 KiB together.
    """
    items = _items(body)
    turn = perf_counter()
    while (item := _next(items)) is not _END:
        take(item)
        del item  # what it takes to free it belongs to this turn
        if perf_counter() - turn > _TURN:
            await asyncio.sleep(0)
            turn = perf_counter()


def _next(items: Iterator[Any]) -> Any:
    try:
        return next(items, _END)
    except (ValueError, RecursionError):
        raise MalformedJSON from None


def _items(body: bytes) -> Iterator[Any]:
    plain = parse_plain(body) if sum(map(body.count, (b",", b"[", b"{"))) <= _MAX_VALUES else None
    return _one_by_one(body) if plain is None else iter(plain)


def _one_by_one(body: bytes) -> Iterator[Any]:
    text = body.decode("utf-8")
    begin = at = skip(text, skip_space(text, 0), "[")
    while not text.startswith("]", at):
        if at > begin:
            at = skip(text, at, ",")
        item, at = _item(text, at)
        yield item
        if isinstance(item, dict) and len(item) >= MAX_MEMBERS:
            return
        at = skip_space(text, at)
    if skip_space(text, at + 1) != len(text):
        raise ValueError


def _item(text: str, at: int) -> tuple[Any, int]:
    """Return the item that begins at `at`, and where it ends."""
    try:
        return parse_piece(text, at, SMALL)
    except ValueError:  # it is malformed, or larger
        if text.startswith("{", at) and at + SMALL < len(text):
            return parse_object(text, at, SMALL)
        raise
