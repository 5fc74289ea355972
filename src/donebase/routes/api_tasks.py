"""`/api/{user_id}/tasks`: a user's tasks. Specific to it: a DELETE that answers 204."""

from starlette.convertors import StringConvertor, register_url_convertor

from donebase.http.access import Access
from donebase.http.family import Family
from donebase.routes import changes, owner_tasks


class _AnyUser(StringConvertor):
    """The user's part of an address below `/api`: the name of an API version is not a user."""

    regex = "(?!v1/)[^/]+"


register_url_convertor("any_user", _AnyUser())


FAMILY = Family(
    "api",
    "/api/{user_id:any_user}",
    [*owner_tasks.TABLE, ("DELETE", "/tasks/{task_id}", owner_tasks.delete_task), *changes.TABLE],
    access=Access.TASKS,
    tag="Owner tasks",
    description="A user's tasks at `/api/{user_id}`. A deletion is answered without content.",
    whose="owner",
)
