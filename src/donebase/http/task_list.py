"""How a list is answered: in one piece where it is small, else in pieces, as fast as the client takes them.

docs/decisions/0012-lists-are-streamed.md says why, and what a client that stops reading can cost.
"""

from collections.abc import AsyncIterator, Sequence

from fastapi import Request
from starlette.responses import Response, StreamingResponse

from donebase.core.database import Row
from donebase.core.lists import NEXT_BATCH, TaskList
from donebase.core.rows import task_fields
from donebase.http.responses import encoded

_MAX_PIECE = 96 * 1024  # bytes
_AT_ONCE = 50  # rows that are encoded together


async def task_list(request: Request, tasks: TaskList) -> Response:
    """Answer with a list: in one piece where it is short, else as it comes from the database.

    The first batch is there before the answer begins, and where the page ends, so that a failure can still be told. A
    failure of a later one breaks the connection off: half a list never reads as a whole one.
    """
    rows, last, more = await tasks.first()
    content, taken = _array(rows)
    headers: dict[str, str] = {}
    if taken == len(rows) and (not more or len(rows) == tasks.limit):
        if more:
            headers["Link"] = _next_page(request, tasks.limit, last)
        return Response(content, headers=headers, media_type="application/json")
    last = rows[taken - 1]["id"]
    rows = ()  # let go of, while others wait for a connection
    if tasks.limit is not None:
        following = await tasks.fix_page(last, tasks.limit - taken)
        if following is not None:
            headers["Link"] = _next_page(request, tasks.limit, following)
    stream = _streamed(tasks, last, content, _rows_to_ask_for(content, taken))
    return StreamingResponse(stream, headers=headers, media_type="application/json")


def _next_page(request: Request, limit: int | None, after: int) -> str:
    return f'<{request.scope["path"]}?limit={limit}&after={after}>; rel="next"'


async def _streamed(tasks: TaskList, last: int, content: bytes, size: int) -> AsyncIterator[bytes]:
    yield content[:-1]
    more = True
    while more:
        content = b""
        yield b""  # comes back when the client has taken what was sent: until then, the rest stays in PostgreSQL
        rows, last, more = await tasks.read(last, size)
        if not rows:
            continue
        content, taken = _array(rows)
        if taken < len(rows):
            last, more = rows[taken - 1]["id"], True
        size = _rows_to_ask_for(content, taken)
        rows = ()
        yield b"," + content[1:-1]
    yield b"]"


def _rows_to_ask_for(content: bytes, rows: int) -> int:
    """Return how many rows fill a piece, if they are like those before."""
    return max(1, min(NEXT_BATCH, _MAX_PIECE * rows // len(content)))


def _array(rows: Sequence[Row]) -> tuple[bytes, int]:
    """Return a JSON array of the first rows, as many as fit into a piece, and how many they are."""
    parts: list[bytes] = []
    room, taken, at_once = _MAX_PIECE, 0, _AT_ONCE
    while taken < len(rows):
        some = rows[taken : taken + at_once]
        part = encoded(task_fields(some))[1:-1]
        if len(part) < room:
            parts.append(part)
            taken += len(some)
            room -= len(part) + 1
        elif at_once == 1:
            break
        else:
            at_once = 1
    return b"[%b]" % b",".join(parts), taken
