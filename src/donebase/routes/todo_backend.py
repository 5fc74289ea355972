"""`/todo-backend/{user_id}`: a user's tasks in the protocol of todobackend.com.

Specific to it: a task is answered and taken as a bare object with its absolute address, and DELETE on the list deletes
every task without being told twice.
"""

from typing import Annotated, Any

from pydantic import MISSING, BaseModel, ConfigDict, Field
from starlette.responses import Response

from donebase.core import many, shapes, tasks
from donebase.core.filters import EVERYTHING
from donebase.core.lists import TaskList
from donebase.core.rows import all_task_fields
from donebase.core.values import Order, Title
from donebase.http import responses
from donebase.http.access import Access
from donebase.http.family import Answer, Family
from donebase.http.list_section import ListSection
from donebase.http.parameters import (
    Database,
    IfMatch,
    IfNoneMatch,
    Owner,
    RequestKey,
    RequestPath,
    RequestQuery,
    TaskId,
)
from donebase.http.public_address import PublicOrigin
from donebase.http.task_filter import Filter, NoCondition
from donebase.http.task_list import task_list

_SENT = ("title", "completed", "order")
_EXAMPLE = "http://localhost:8000/todo-backend/123"


_Title = Annotated[Title, Field(description="What is to be done.", examples=["Buy milk"])]
_Completed = Annotated[bool, Field(description="Whether the task is completed.", examples=[False])]
_Order = Annotated[Order, Field(description="The place of the task in a list.", examples=[1])]


class Todo(BaseModel):
    """A task in the protocol of Todo-Backend."""

    url: str = Field(
        description="The address of the task.", json_schema_extra={"format": "uri"}, examples=[f"{_EXAMPLE}/1"]
    )
    title: _Title
    completed: _Completed
    order: _Order


class _TodoInput(BaseModel):
    """What every body of the protocol can contain."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    url: Any = Field(
        default=None, exclude=True, description="Accepted and ignored.", json_schema_extra={"readOnly": True}
    )


class NewTodo(_TodoInput):
    """A task to create, in the protocol of Todo-Backend."""

    title: _Title
    completed: _Completed = False
    order: _Order | MISSING = Field(default=MISSING, description="The place of the task in a list; its id, if omitted.")


class TodoChanges(_TodoInput):
    """The fields to change, in the protocol of Todo-Backend."""

    title: _Title | MISSING = MISSING
    completed: _Completed | MISSING = Field(default=MISSING, examples=[True])
    order: _Order | MISSING = MISSING


Todos = Annotated[
    Response,
    Answer(200, list[Todo], "The tasks.", [*responses.PAGE, "ETag", "Change"]),
    responses.NOT_MODIFIED_LIST,
]
OneTodo = Annotated[Response, Answer(200, Todo, "The task.", ["ETag"]), responses.NOT_MODIFIED]
CreatedTodo = Annotated[Response, Answer(201, Todo, "The task was created.", ["Location", "ETag", *responses.WRITTEN])]
ChangedTodo = Annotated[Response, Answer(200, Todo, "The task as it is now.", ["ETag", *responses.WRITTEN])]


async def create_task(
    path: RequestPath, origin: PublicOrigin, database: Database, owner: Owner, new: NewTodo, key: RequestKey
) -> CreatedTodo:
    """Create a task for this user, who need not exist yet."""
    write = await tasks.create_task(database, owner, shapes.NewTask.model_construct(**_sent(new)), key)
    return responses.created(path, write, _below(origin + path))


async def list_tasks(
    path: RequestPath,
    query: RequestQuery,
    origin: PublicOrigin,
    database: Database,
    owner: Owner,
    wanted: Filter,
    section: ListSection,
    if_none_match: IfNoneMatch = (),
) -> Todos:
    """List this user's tasks: all of them or those that the query names, whole or a page, in any order."""
    show = _below(origin + path)
    listed = TaskList(database, owner, wanted, section, if_none_match)
    return await task_list(path, query, listed, lambda rows: [show(task) for task in all_task_fields(rows)])


async def delete_tasks(
    database: Database, owner: Owner, wanted: Filter, key: RequestKey, _condition: NoCondition
) -> responses.DeletedTasks:
    """Delete every task of this user that the query names: without a query, all of them. It is one change."""
    everything = wanted == EVERYTHING
    return responses.deleted_many(await many.delete_tasks(database, owner, wanted, everything=everything, key=key))


async def read_task(
    path: RequestPath,
    origin: PublicOrigin,
    database: Database,
    owner: Owner,
    task_id: TaskId,
    if_none_match: IfNoneMatch = (),
) -> OneTodo:
    """Read one of this user's tasks."""
    row = await tasks.read_task(database, owner, task_id)
    return responses.task(row, if_none_match, _at(origin + path))


async def change_task(
    path: RequestPath,
    origin: PublicOrigin,
    database: Database,
    owner: Owner,
    task_id: TaskId,
    changes: TodoChanges,
    key: RequestKey,
    if_match: IfMatch = None,
) -> ChangedTodo:
    """Change the fields that are sent; omitted fields keep their values."""
    sent = shapes.TaskChanges.model_construct(**_sent(changes))
    write = await tasks.change_task(database, owner, task_id, sent, if_match, key)
    return responses.written(write, _at(origin + path))


async def delete_task(
    database: Database, owner: Owner, task_id: TaskId, key: RequestKey, if_match: IfMatch = None
) -> responses.NoContent:
    """Delete one of this user's tasks."""
    return responses.deleted(await tasks.delete_task(database, owner, task_id, if_match, key))


FAMILY = Family(
    "todobackend",
    "/todo-backend/{user_id}",
    [
        ("POST", "", create_task),
        ("GET", "", list_tasks),
        ("DELETE", "", delete_tasks),
        ("GET", "/{task_id}", read_task),
        ("PATCH", "/{task_id}", change_task),
        ("DELETE", "/{task_id}", delete_task),
    ],
    access=Access.TASKS,
    tag="Todo-Backend",
    description="A user's tasks in the protocol of todobackend.com.",
    whose="todo_backend",
)


def _sent(todo: NewTodo | TodoChanges) -> dict[str, Any]:
    """Return the fields of a task that a body contains."""
    return {name: getattr(todo, name) for name in todo.model_fields_set.intersection(_SENT)}


def _at(address: str) -> responses.Show:
    """Return a function of the fields of the task at an address that returns it as it is answered."""
    return lambda task: {"url": address} | {name: task[name] for name in _SENT}


def _below(address: str) -> responses.Show:
    """Return a function of the fields of a task in the list at an address that returns it as it is answered."""
    return lambda task: _at(f"{address}/{task['id']}")(task)
