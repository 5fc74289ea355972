"""The responses about changes: what has changed since a number, the history, and what an undo has done."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, Field
from starlette.responses import Response

from donebase.core.changes import ChangedTasks
from donebase.core.history import Cursor, HistoryPage, history_entry
from donebase.core.rows import task_fields
from donebase.core.shapes import PartialTask, Task
from donebase.core.tables import MAX_ID
from donebase.core.undo import Undone
from donebase.core.values import PositiveInt8
from donebase.http.array_response import array_response
from donebase.http.bytes_response import encoded
from donebase.http.entity_tags import change_header
from donebase.http.family import Answer
from donebase.http.headers import Headers
from donebase.http.responses import WRITTEN
from donebase.http.task_list import next_page

_Deleted = Annotated[list[PositiveInt8], Field(description="The ids of tasks that are gone.", examples=[[7]])]
_Number = Annotated[int, Field(json_schema_extra={"minimum": 0, "maximum": MAX_ID, "format": "int64"})]


class ChangesPage(BaseModel):
    """What has changed since a number."""

    since: _Number = Field(description="The number that was asked for.", examples=[40])
    latest: _Number = Field(
        description="The number that a copy has come to with this: the next `since`.", examples=[57]
    )
    more: bool = Field(description="Whether there is more: ask again, with `latest`.", examples=[False])
    tasks: list[Task] = Field(description="Each task that has changed, once, as it is now.")
    deleted: _Deleted


class HistoryEntry(BaseModel):
    """What a change did to a task."""

    change: PositiveInt8 = Field(description="The number of the change.", examples=[58])
    task_id: PositiveInt8 = Field(description="The id of the task.", examples=[1])
    action: Literal["created", "changed", "deleted"] = Field(description="What was done.", examples=["changed"])
    before: PartialTask | None = Field(description="The fields that moved, as they were; all of a deleted task.")
    after: PartialTask | None = Field(description="The fields that moved, as they became; all of a created task.")
    at: datetime = Field(description="When, in UTC.", examples=["2026-11-20T08:00:00.123456Z"])


class UndoneChange(BaseModel):
    """What an undo has changed."""

    change: PositiveInt8 | None = Field(
        description="The number of the change that the undo has made; null if there was nothing to put back.",
        examples=[59],
    )
    tasks: list[Task] = Field(description="The tasks that were put back, as they are now.")
    deleted: _Deleted


ChangesAnswer = Annotated[Response, Answer(200, ChangesPage, "What has changed.", ["Change"])]
HistoryAnswer = Annotated[Response, Answer(200, list[HistoryEntry], "The history, newest first.", ["Link"])]
UndoneAnswer = Annotated[Response, Answer(200, UndoneChange, "The change was undone.", WRITTEN)]

_Item = TypeVar("_Item")


def changes_page(since: int, found: ChangedTasks) -> Response:
    """Return the response to a request for what has changed since a number."""
    about = {"since": since, "latest": found.latest, "more": found.more}
    return _tasks(about, [change_header(found.latest)], found.tasks, task_fields, found.deleted)


def undone(undo: Undone) -> Response:
    """Return the response to a request that has undone a change."""
    number, tasks, deleted = undo.change or (None, [], [])
    headers = [] if number is None else [change_header(number)]
    if undo.replayed:
        headers.append((b"idempotent-replayed", b"true"))
    return _tasks({"change": number}, headers, tasks, dict, deleted)


def history_page(path: str, query: bytes, owner: int, page: HistoryPage) -> Response:
    """Return the response for a page of the history that was requested at a path with a query."""
    headers: Headers = []
    if page.following:
        headers = [(b"link", next_page(path, query, f"{page.following.change}.{page.following.task_id}"))]
    return array_response(page.rows, lambda row: history_entry(owner, row), headers)


def place_in_history(after: str | None) -> Cursor | None:
    """Return the place after which a page of the history begins, from the parameter `after`."""
    if after is None:
        return None
    change, _, task_id = after.partition(".")
    return Cursor(int(change), int(task_id or 0))


def _tasks(
    about: dict[str, Any],
    headers: Headers,
    tasks: Sequence[_Item],
    fields: Callable[[_Item], dict[str, Any]],
    deleted: list[int],
) -> Response:
    head = encoded(about)[:-1] + b',"tasks":['
    return array_response(tasks, fields, headers, head=head, tail=b'],"deleted":%b}' % encoded(deleted))
