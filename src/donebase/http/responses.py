"""The responses of the families: the annotations of handlers that document them, and how rows become responses."""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, Field
from starlette.responses import Response

from donebase.core.database import Row
from donebase.core.rows import task_fields
from donebase.core.shapes import Task
from donebase.core.writes import Versions, Written, WrittenMany, includes
from donebase.http.array_response import array_response
from donebase.http.bytes_response import JSON, BytesResponse, encoded
from donebase.http.entity_tags import change_header, strong_tag
from donebase.http.family import Answer
from donebase.http.headers import Headers

_UNCHANGED = "The client knows this version: If-None-Match names it."
NOT_MODIFIED = Answer(304, None, _UNCHANGED, ["ETag"])
NOT_MODIFIED_LIST = Answer(304, None, _UNCHANGED, ["ETag", "Change"])
PAGE = ["Link", "X-Total-Count"]
"""The headers of every answer with a list of tasks."""
OneTask = Annotated[Response, Answer(200, Task, "The task.", ["ETag"]), NOT_MODIFIED]
TaskArray = Annotated[Response, Answer(200, list[Task], "The tasks.", PAGE)]
WRITTEN = ["Change", "Idempotent-Replayed"]
"""The headers of every answer to a write."""
OwnersTasks = Annotated[
    Response,
    Answer(200, list[Task], "The tasks.", [*PAGE, "ETag", "Change"]),
    NOT_MODIFIED_LIST,
]
CreatedTasks = Annotated[
    Response,
    Answer(201, Task | list[Task], "The task was created, or all tasks of the array.", ["Location", "ETag", *WRITTEN]),
]
ChangedTask = Annotated[Response, Answer(200, Task, "The task as it is now.", ["ETag", *WRITTEN])]


class ChangedNumber(BaseModel):
    """How many tasks were changed."""

    changed: int = Field(description="The number of tasks in which something was new.", examples=[3])


class DeletedNumber(BaseModel):
    """How many tasks were deleted."""

    deleted: int = Field(description="The number of tasks.", examples=[3])


ChangedTasks = Annotated[Response, Answer(200, ChangedNumber, "The tasks were changed.", WRITTEN)]
DeletedTasks = Annotated[Response, Answer(200, DeletedNumber, "The tasks were deleted.", WRITTEN)]
NoContent = Annotated[Response, Answer(204, None, "The task was deleted.", WRITTEN)]

Show = Callable[[dict[str, Any]], Any]
"""Takes the fields of a task, and returns what is answered of it."""


def _whole(task: dict[str, Any]) -> dict[str, Any]:
    return task


def task(row: Row, known: Versions, show: Show = _whole) -> Response:
    """Return the response with one task, or 304 without it to a client that knows this version."""
    tag = strong_tag(row["version"])
    if includes(known, row["version"]):
        return not_modified([tag])
    return BytesResponse(200, encoded(show(task_fields(row))), JSON, [tag])


def not_modified(headers: Headers) -> Response:
    """Return the response to a request whose If-None-Match names what there is."""
    return BytesResponse(304, headers=headers)


def written(write: Written, show: Show = _whole) -> Response:
    """Return the response to a request that changed a task."""
    assert write.task
    return BytesResponse(200, encoded(show(write.task)), JSON, _headers(write))


def created(path: str, write: Written, show: Show = _whole) -> Response:
    """Return the response to a request that created a task; its Location is below the path of the request."""
    assert write.task
    location = (b"location", b"%b/%d" % (path.encode(), write.task["id"]))
    return BytesResponse(201, encoded(show(write.task)), JSON, [location, *_headers(write)])


def created_many(write: WrittenMany) -> Response:
    """Return the response to a request that created the tasks of an array."""
    return array_response(write.tasks, dict, _headers(write), status=201)


def changed_many(write: WrittenMany) -> Response:
    """Return the response to a request that changed every task that a filter names."""
    return BytesResponse(200, b'{"changed":%d}' % write.number, JSON, _headers(write))


def deleted_many(write: WrittenMany) -> Response:
    """Return the response to a request that deleted every task that a filter names."""
    return BytesResponse(200, b'{"deleted":%d}' % write.number, JSON, _headers(write))


def deleted(write: Written, body: Any = None) -> Response:
    """Return the response to a request that deleted a task: without content, unless there is a body."""
    if body is None:
        return BytesResponse(204, headers=_headers(write))
    return BytesResponse(200, encoded(body), JSON, _headers(write))


def _headers(write: Written | WrittenMany) -> Headers:
    """Return the headers of the response to a write: a task's version, the number of the change, whether replayed."""
    task = write.task if isinstance(write, Written) else None
    headers = [] if task is None else [strong_tag(task["version"])]
    if write.change is not None:
        headers.append(change_header(write.change))
    if write.replayed:
        headers.append((b"idempotent-replayed", b"true"))
    return headers


def no_content() -> Response:
    """Return a response that says no more than that it was done."""
    return BytesResponse(204)


def json(value: Any, status: int = 200) -> Response:
    """Return a response with a value as JSON."""
    return BytesResponse(status, encoded(value), JSON)
