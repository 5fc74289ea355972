"""Responses that are lists of tasks: complete if they are small, otherwise streamed as fast as the client reads.

docs/decisions/0012-lists-are-streamed.md gives the reasons, and what a client that stops reading can cost.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.responses import Response, StreamingResponse

from donebase.core.database import Row
from donebase.core.list_batches import FixedTasks, FollowingTasks
from donebase.core.lists import NEXT_BATCH, TaskList
from donebase.core.orders import CREATED, Place
from donebase.core.rows import all_task_fields
from donebase.http.bytes_response import JSON, BytesResponse, encoded
from donebase.http.cursors import place_word
from donebase.http.entity_tags import change_header, weak_tag
from donebase.http.headers import Headers
from donebase.http.responses import not_modified

_MAX_PIECE = 96 * 1024  # bytes
_AT_ONCE = 50  # rows that are encoded together
_NOTHING = b"[]"


Show = Callable[[Sequence[Row]], list[Any]]
"""Takes rows of tasks, and returns what is answered of each."""


async def task_list(path: str, query: bytes, tasks: TaskList, show: Show = all_task_fields) -> Response:
    """Return the response for a list that was requested at a path with a query.

    The first batch, and the end of a page, are read before the response begins: a failure is answered. A failure of a
    later batch leaves the response incomplete and ends the connection, so that half a list is never taken for the
    complete one. Raises DatabaseFailed or Overloaded.
    """
    rows, more = await tasks.first()
    headers = _headers(tasks)
    if tasks.is_known:
        return not_modified(headers)
    content, taken = _array(rows, show)
    if taken == len(rows) and (not more or len(rows) == tasks.limit):
        following = tasks.place(rows[-1]) if more else None
        return BytesResponse(200, content, JSON, headers + _link(path, query, tasks.order, following))
    size = _rows_to_ask_for(content, taken)
    ids, last = [row["id"] for row in rows[:taken]], tasks.place(rows[taken - 1])
    rows = ()  # their memory is free while this request waits for a connection
    rest = await tasks.rest(ids, last)
    stream = _streamed(rest, content if rest.continues else _NOTHING, size, show)
    response = StreamingResponse(stream, media_type="application/json")
    response.raw_headers += headers + _link(path, query, tasks.order, rest.following)
    return response


def _headers(tasks: TaskList) -> Headers:
    headers = [] if tasks.clock is None else [weak_tag(tasks.clock, tasks.moment), change_header(tasks.clock)]
    if tasks.total is not None:
        headers.append((b"x-total-count", b"%d" % tasks.total))
    return headers


def next_page(path: str, query: bytes, after: int | str) -> bytes:
    """Return the value of a Link header (RFC 8288) to what follows a place: the same query, except for `after`.

    The query is decoded and encoded again, so that nothing in it can end the link or the header.
    """
    parameters = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    kept = [(name, value) for name, value in parameters if name != "after"]
    return f'<{path}?{urlencode([*kept, ("after", after)])}>; rel="next"'.encode()


def _link(path: str, query: bytes, order: str, after: Place | None) -> Headers:
    if after is None:
        return []
    return [(b"link", next_page(path, query, after.id if order == CREATED else place_word(order, after)))]


async def _streamed(rest: FollowingTasks | FixedTasks, content: bytes, size: int, show: Show) -> AsyncIterator[bytes]:
    yield content[:-1]
    separator = b"" if content == _NOTHING else b","
    while rest.more:
        content = b""
        yield b""  # returns when the client has read what was sent: until then, the rest stays in PostgreSQL
        rows = await rest.read(size)
        if not rows:
            continue
        content, taken = _array(rows, show)
        rest.use(rows, taken)
        size = _rows_to_ask_for(content, taken)
        rows = ()
        yield separator + content[1:-1]
        separator = b","
    yield b"]"


def _rows_to_ask_for(content: bytes, rows: int) -> int:
    """Return how many rows fill a piece, if they are as large as those before."""
    return max(1, min(NEXT_BATCH, _MAX_PIECE * rows // len(content)))


def _array(rows: Sequence[Row], show: Show) -> tuple[bytes, int]:
    """Return a JSON array of as many of the first rows as fit into a piece, of one at least, and their number."""
    parts: list[bytes] = []
    room, taken, at_once = _MAX_PIECE, 0, _AT_ONCE
    while taken < len(rows):
        some = rows[taken : taken + at_once]
        part = encoded(show(some))[1:-1]
        if len(part) < room or (at_once == 1 and not parts):  # psql can make a task that is larger than a piece
            parts.append(part)
            taken += len(some)
            room -= len(part) + 1
        elif at_once == 1:
            break
        else:
            at_once = 1
    return b"[%b]" % b",".join(parts), taken
