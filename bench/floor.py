"""The floor: the same statements on the same pool, answered by hand.

No validation, no deadline, no request ids, no log, no documentation.

`python -m uvicorn bench.floor:app` with DATABASE_URL. What a service on this stack cannot be cheaper than.
"""

import gc
from collections.abc import Awaitable, Callable
from operator import itemgetter
from typing import Any

import asyncpg
import orjson
from sqlalchemy import Executable

from donebase.core.lists import BATCH
from donebase.core.statements import CHANGE, COMPLETE, CREATE, DELETE, LIST, READ
from donebase.deadlines import Deadlines
from donebase.postgres.database import compile_statement
from donebase.postgres.pool import Pool
from donebase.settings import Settings

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Values = dict[str, Any]

_JSON = (b"content-type", b"application/json")
_DELETED = b'{"message":"Task deleted successfully"}'


class _Statement:
    """A statement of donebase's, to the letter, and how its parameters are put in order."""

    def __init__(self, statement: Executable) -> None:
        self.sql, names, constants = compile_statement(statement)
        assert not constants, "every value is a parameter"
        self.in_order = itemgetter(*names)


_CREATE, _LIST, _READ = _Statement(CREATE), _Statement(LIST.owned), _Statement(READ.owned)
_CHANGE, _COMPLETE, _DELETE = _Statement(CHANGE.owned), _Statement(COMPLETE.owned), _Statement(DELETE.owned)
_pool: Pool


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Answer one request."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    method, parts = scope["method"], scope["path"].split("/")  # "", "users", "1", "tasks", "2"
    owner = int(parts[2])
    if len(parts) == 4:
        await (_list(send, owner) if method == "GET" else _create(receive, send, owner))
        return
    this = {"owner": owner, "task_id": int(parts[4])}
    if method == "GET":
        await _one(send, _READ, this)
    elif method == "PUT":
        await _change(receive, send, this)
    elif method == "PATCH":
        await _one(send, _COMPLETE, this | {"completed": None})
    else:
        rows = await _rows(_DELETE, this)
        await _answer(send, 200 if rows else 404, _DELETED)


async def _create(receive: Receive, send: Send, owner: int) -> None:
    sent = await _body(receive)
    values = {"user_id": owner, "title": sent["title"], "description": None, "completed": False} | sent
    [row] = await _rows(_CREATE, values)
    location = f"/users/{owner}/tasks/{row['id']}".encode()
    await _answer(send, 201, orjson.dumps(dict(row), option=orjson.OPT_UTC_Z), (b"location", location))


async def _list(send: Send, owner: int) -> None:
    rows = await _rows(_LIST, {"owner": owner, "after": 0, "limit": BATCH + 1})
    # dict(row) would take more than twice as long: 27 µs for fifty rows.
    tasks = [
        {"id": task, "title": title, "description": description, "completed": completed,
         "user_id": user, "created_at": created, "updated_at": updated}
        for task, title, description, completed, user, created, updated in rows
    ]  # fmt: skip
    await _answer(send, 200, orjson.dumps(tasks, option=orjson.OPT_UTC_Z))


async def _change(receive: Receive, send: Send, this: Values) -> None:
    sent = await _body(receive)
    values = {"title": None, "describe": "description" in sent, "description": None, "completed": None}
    await _one(send, _CHANGE, values | sent | this)


async def _one(send: Send, statement: _Statement, values: Values) -> None:
    rows = await _rows(statement, values)
    if rows:
        await _answer(send, 200, orjson.dumps(dict(rows[0]), option=orjson.OPT_UTC_Z))
    else:
        await _answer(send, 404, b"{}")


async def _rows(statement: _Statement, values: Values) -> list[asyncpg.Record]:
    return await _pool.fetch(statement.sql, list(statement.in_order(values)))


async def _body(receive: Receive) -> Values:
    message = await receive()
    body = message["body"]
    while message.get("more_body"):
        message = await receive()
        body += message["body"]
    sent: Values = orjson.loads(body)
    return sent


async def _answer(send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [_JSON, length, *headers]})
    await send({"type": "http.response.body", "body": body})


async def _lifespan(receive: Receive, send: Send) -> None:
    global _pool
    await receive()
    _pool = Pool(Settings.read(), Deadlines())
    await _pool.connect_options()
    gc.collect()
    gc.freeze()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await _pool.close()
    await send({"type": "lifespan.shutdown.complete"})
