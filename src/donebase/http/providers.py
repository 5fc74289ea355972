"""The dependencies that a route may have: values of the app, of the request, registered functions.

Each is a dependency of FastAPI as well, which documents them and, in the tests, resolves them.
"""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Literal, NamedTuple, TypeVar

from fastapi import Request

from donebase.http.request_parts import RequestParts

_Function = TypeVar("_Function", bound=Callable[..., Awaitable[Any]])

_registered: set[Callable[..., Any]] = set()
_of_one_part: dict[object, "OnePart"] = {}


class OnePart(NamedTuple):
    """The only part of a request that a provider reads, and what it returns if none of its parameters is there."""

    source: Literal["header", "query"]
    absent: Any


class FromApp:
    """A dependency that stays the same while an app lives: an attribute of `app.state`, read when the app is made."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def __call__(self, request: Request) -> Any:
        """Return the value, for FastAPI."""
        return getattr(request.app.state, self.name)


class FromScope:
    """A dependency that is a value of the ASGI scope of a request, such as its `path`."""

    def __init__(self, key: str) -> None:
        self.key = key

    async def __call__(self, request: Request) -> Any:
        """Return the value, for FastAPI."""
        return request.scope[self.key]


class FromRequest:
    """A dependency that is the request as far as it has been read: its scope, and its content."""

    async def __call__(self, request: Request) -> RequestParts:
        """Return the request, for FastAPI."""
        parts = RequestParts(request.scope, ())
        if request.scope["route"].body_field:
            parts.content = await request.body()
        return parts


def provider(function: _Function) -> _Function:
    """Register an `async def` function as a dependency. Its parameters are read as those of a handler are.

    It can refuse a request by an exception of our own tree of errors. Raises TypeError for any other kind of function.
    """
    is_async: bool = inspect.iscoroutinefunction(function)
    if not is_async:
        raise TypeError(f"{function!r} is not an async function")
    _registered.add(function)
    return function


def header_provider(function: _Function) -> _Function:
    """Register a function like `provider`. It returns None where a request has none of the headers that it reads.

    It is not called then: few requests have such a header.
    """
    _of_one_part[provider(function)] = OnePart("header", None)
    return function


def query_provider(absent: Any) -> Callable[[_Function], _Function]:
    """Register a function like `provider`. It returns `absent` where a query has none of the parameters that it reads.

    It is not called then: few requests have a query.
    """

    def register(function: _Function) -> _Function:
        _of_one_part[provider(function)] = OnePart("query", absent)
        return function

    return register


def is_registered(dependency: object) -> bool:
    """Tell whether a dependency is a function that `provider` has registered."""
    return dependency in _registered


def reads_one_part(dependency: object) -> OnePart | None:
    """Return what a function reads that `header_provider` or `query_provider` has registered, None for any other."""
    return _of_one_part.get(dependency)
