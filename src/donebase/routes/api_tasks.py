"""`/api/{user_id}/tasks`: a user's tasks. Specific to it: a DELETE that answers 204."""

from starlette.convertors import StringConvertor, register_url_convertor

from donebase.http.access import Access
from donebase.http.family import Family
from donebase.routes.changes import list_changes, list_history, undo_change
from donebase.routes.events import stream_events
from donebase.routes.owner_tasks import (
    change_task,
    change_tasks,
    complete_task,
    create_task,
    delete_task,
    delete_tasks,
    list_tasks,
    move_task,
    read_task,
    update_task,
)
from donebase.routes.tags import list_tags


class _AnyUser(StringConvertor):
    """The user's part of an address below `/api`: the name of an API version is not a user."""

    regex = "(?!v1/)[^/]+"


register_url_convertor("any_user", _AnyUser())


FAMILY = Family(
    "api",
    "/api/{user_id:any_user}",
    [
        ("POST", "/tasks", create_task),
        ("GET", "/tasks", list_tasks),
        ("PATCH", "/tasks", change_tasks),
        ("DELETE", "/tasks", delete_tasks),
        ("GET", "/tasks/{task_id}", read_task),
        ("PUT", "/tasks/{task_id}", update_task),
        ("PATCH", "/tasks/{task_id}", change_task),
        ("PATCH", "/tasks/{task_id}/complete", complete_task),
        ("POST", "/tasks/{task_id}/move", move_task),
        ("DELETE", "/tasks/{task_id}", delete_task),
        ("GET", "/tags", list_tags),
        ("GET", "/changes", list_changes),
        ("GET", "/history", list_history),
        ("POST", "/history/{change}/undo", undo_change),
        ("GET", "/events", stream_events),
    ],
    access=Access.TASKS,
    tag="Owner tasks",
    description="A user's tasks at `/api/{user_id}`. A deletion is answered without content.",
    whose="owner",
)
