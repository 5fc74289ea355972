"""The query `user_id` of an operation on the caller's own tasks: it may be left out, or name the caller."""

from typing import Annotated

from fastapi import Depends, Query
from fastapi.params import Depends as Dependency

from donebase.accounts.callers import Caller
from donebase.core.errors import Forbidden
from donebase.http.guard import CALLER
from donebase.http.providers import FromRequest, query_provider
from donebase.http.request_parts import RequestParts

_Named = Annotated[
    str | None, Query(alias="user_id", description="You: your number, `me`, or the `sub` of your token.")
]


@query_provider(absent=None)
async def own_query(request: Annotated[RequestParts, Depends(FromRequest())], name: _Named = None) -> None:
    """Refuse a query that names another user than the caller. Raises Forbidden."""
    caller: Caller = request.scope[CALLER]
    if name is not None and not caller.is_named(name):
        raise Forbidden


OwnQuery: Dependency = Depends(own_query)
