"""The answers that the addresses share: what the annotations of handlers document, and how rows become responses."""

from typing import Annotated, Any

import orjson
from fastapi import Request
from starlette.responses import Response

from donebase.core.database import Row
from donebase.core.rows import task_fields
from donebase.core.shapes import Task
from donebase.http.family import Answer

OneTask = Annotated[Response, Answer(200, Task)]
TaskArray = Annotated[Response, Answer(200, list[Task])]
CreatedTask = Annotated[Response, Answer(201, Task)]
NoContent = Annotated[Response, Answer(204)]


def task(row: Row) -> Response:
    """Answer with one task."""
    return json(task_fields([row])[0])


def created(request: Request, row: Row) -> Response:
    """Answer that a task was created, and where: below the address that it was sent to."""
    return json(task_fields([row])[0], status=201, headers={"Location": f"{request.scope['path']}/{row['id']}"})


def deleted() -> Response:
    """Answer that there is nothing left to show."""
    return Response(status_code=204)


def encoded(value: Any) -> bytes:
    """Return JSON. Times without a time zone are in UTC."""
    return orjson.dumps(value, option=orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z)


def json(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Answer with a value as JSON."""
    return Response(encoded(value), status, headers, media_type="application/json")
