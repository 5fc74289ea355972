"""The responses of the families: the annotations of handlers that document them, and how rows become responses."""

from typing import Annotated, Any

import orjson
from starlette.responses import Response

from donebase.core.database import Row
from donebase.core.rows import task_fields
from donebase.core.shapes import Task
from donebase.core.writes import Written
from donebase.http.bytes_response import JSON, BytesResponse
from donebase.http.family import Answer
from donebase.http.headers import Header

OneTask = Annotated[Response, Answer(200, Task, "The task.")]
TaskArray = Annotated[Response, Answer(200, list[Task], "The tasks, in order of id.", ["Link"])]
WRITTEN = ["Idempotent-Replayed"]
"""The headers of every answer to a write."""
CreatedTask = Annotated[Response, Answer(201, Task, "The task was created.", ["Location", *WRITTEN])]
ChangedTask = Annotated[Response, Answer(200, Task, "The task.", WRITTEN)]
NoContent = Annotated[Response, Answer(204, None, "The task was deleted.", WRITTEN)]


def task(row: Row) -> Response:
    """Return the response with one task."""
    return BytesResponse(200, encoded(task_fields(row)), JSON)


def written(write: Written) -> Response:
    """Return the response to a request that changed a task."""
    return BytesResponse(200, encoded(write.task), JSON, _headers(write))


def created(path: str, write: Written) -> Response:
    """Return the response to a request that created a task; its Location is below the path of the request."""
    assert write.task
    location = (b"location", f"{path}/{write.task['id']}".encode())
    return BytesResponse(201, encoded(write.task), JSON, [location, *_headers(write)])


def deleted(write: Written, body: Any = None) -> Response:
    """Return the response to a request that deleted a task: without content, unless there is a body."""
    if body is None:
        return BytesResponse(204, headers=_headers(write))
    return BytesResponse(200, encoded(body), JSON, _headers(write))


def _headers(write: Written) -> list[Header]:
    return [(b"idempotent-replayed", b"true")] if write.replayed else []


def encoded(value: Any) -> bytes:
    """Return a value as JSON. Times without a time zone are in UTC."""
    return orjson.dumps(value, option=orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z)


def json(value: Any, status: int = 200) -> Response:
    """Return a response with a value as JSON."""
    return BytesResponse(status, encoded(value), JSON)
