"""The operations of `changes.py` at addresses that do not name the user: a parameter of the query does."""

import inspect
from functools import wraps
from typing import Any

from starlette.responses import Response

from donebase.http.family import Handler
from donebase.http.parameters import Owner, QueryOwner
from donebase.routes import changes


def _with_owner_in_query(handler: Handler) -> Handler:
    """Return a handler that does the same, and is documented and read as one with QueryOwner in the place of Owner."""
    signature = inspect.signature(handler)
    parameters = [
        each.replace(annotation=QueryOwner) if each.annotation is Owner else each
        for each in signature.parameters.values()
    ]

    @wraps(handler)
    async def handle(**arguments: Any) -> Response:
        return await handler(**arguments)

    handle.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return handle


TABLE = [(method, path, _with_owner_in_query(handler)) for method, path, handler in changes.TABLE]
