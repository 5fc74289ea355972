"""The floor: what a service written by hand for this API would do on uvicorn, asyncpg and orjson, and nothing more.

No validation, no deadline, no request ids, no log, no metrics, no documentation. Nothing of donebase's is imported: the
floor must stay where it is while donebase changes.

`python -m uvicorn bench.floor:app` with DATABASE_URL.
"""

import asyncio
import gc
import os
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

import asyncpg
import orjson

from bench.statements import CHANGE, CREATE, DELETE, LIST, READ, TOGGLE

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_CONNECTIONS = 10
_JSON = (b"content-type", b"application/json")
_DELETED = b'{"message":"Task deleted successfully"}'


class Pool:
    """Connections in a list; whoever finds it empty waits for the next that comes back."""

    def __init__(self, connections: list[asyncpg.Connection]) -> None:
        self.free = connections
        self.waiting: deque[asyncio.Future[asyncpg.Connection]] = deque()

    async def fetch(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        """Run a statement and return its rows."""
        connection = self.free.pop() if self.free else await self._next()
        try:
            rows: list[asyncpg.Record] = await connection.fetch(sql, *arguments)
            return rows
        finally:
            if self.waiting:
                self.waiting.popleft().set_result(connection)
            else:
                self.free.append(connection)

    async def _next(self) -> asyncpg.Connection:
        self.waiting.append(asyncio.get_running_loop().create_future())
        return await self.waiting[-1]


_pool: Pool


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Answer one request."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    method, parts = scope["method"], scope["path"].split("/")  # "", "users", "1", "tasks", "2"
    owner = int(parts[2])
    if len(parts) == 4:
        await (_list(scope, send, owner) if method == "GET" else _create(receive, send, owner))
        return
    task = int(parts[4])
    if method == "GET":
        await _one(send, await _pool.fetch(READ, owner, task))
    elif method == "PUT":
        await _change(receive, send, owner, task)
    elif method == "PATCH":
        await _one(send, await _pool.fetch(TOGGLE, owner, task))
    else:
        rows = await _pool.fetch(DELETE, owner, task)
        await _answer(send, 200 if rows else 404, _DELETED)


async def _create(receive: Receive, send: Send, owner: int) -> None:
    sent = await _body(receive)
    get = sent.get
    texts = (sent["title"], get("description"), get("completed", False))
    [row] = await _pool.fetch(CREATE, owner, *texts, get("due"), get("priority"), get("tags", ()), get("order"))
    location = f"/users/{owner}/tasks/{row['id']}".encode()
    await _answer(send, 201, orjson.dumps(dict(row), option=orjson.OPT_UTC_Z), (b"location", location))


async def _list(scope: dict[str, Any], send: Send, owner: int) -> None:
    after, limit = 0, None
    if scope["query_string"]:
        query = dict(parse_qsl(scope["query_string"].decode()))
        after, limit = int(query.get("after", 0)), int(query["limit"])
    rows = await _pool.fetch(LIST, owner, after, limit)
    # dict(row) would take more than twice as long: 27 µs for fifty rows.
    tasks = [
        {"id": task, "title": title, "description": description, "completed": completed, "due": due,
         "priority": priority, "tags": tags, "order": order, "completed_at": completed_at, "user_id": user,
         "version": version, "created_at": created, "updated_at": updated}
        for task, title, description, completed, due, priority, tags, order, completed_at, user, version, created,
        updated in rows
    ]  # fmt: skip
    await _answer(send, 200, orjson.dumps(tasks, option=orjson.OPT_UTC_Z))


async def _change(receive: Receive, send: Send, owner: int, task: int) -> None:
    sent = await _body(receive)
    get = sent.get
    texts = (get("title"), "description" in sent, get("description"), get("completed"))
    nullable = ("due" in sent, get("due"), "priority" in sent, get("priority"))
    values = (*texts, *nullable, get("tags"), get("order"))
    await _one(send, await _pool.fetch(CHANGE, owner, task, *values))


async def _one(send: Send, rows: list[asyncpg.Record]) -> None:
    if rows:
        await _answer(send, 200, orjson.dumps(dict(rows[0]), option=orjson.OPT_UTC_Z))
    else:
        await _answer(send, 404, b"{}")


async def _body(receive: Receive) -> dict[str, Any]:
    message = await receive()
    body = message["body"]
    while message.get("more_body"):
        message = await receive()
        body += message["body"]
    sent: dict[str, Any] = orjson.loads(body)
    return sent


async def _answer(send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [_JSON, length, *headers]})
    await send({"type": "http.response.body", "body": body})


async def _connect() -> asyncpg.Connection:
    connection = await asyncpg.connect(os.environ["DATABASE_URL"])
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=lambda value: orjson.dumps(value).decode(), decoder=orjson.loads
    )
    return connection


async def _lifespan(receive: Receive, send: Send) -> None:
    global _pool
    await receive()
    connections = [await _connect() for _ in range(_CONNECTIONS)]
    _pool = Pool(list(connections))
    gc.collect()
    gc.freeze()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    for connection in connections:
        await connection.close()
    await send({"type": "lifespan.shutdown.complete"})
