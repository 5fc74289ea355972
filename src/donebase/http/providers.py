"""The dependencies that a route may have: values of the app, of the request's scope, its body, registered functions.

Each is a dependency of FastAPI as well, which documents them and, in the tests, resolves them.
"""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from fastapi import Request

_Function = TypeVar("_Function", bound=Callable[..., Awaitable[Any]])

_registered: set[Callable[..., Any]] = set()


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


class FromBody:
    """A dependency that is the body of a request as it was sent: empty where no parameter takes the body."""

    async def __call__(self, request: Request) -> bytes:
        """Return the body, for FastAPI."""
        return await request.body() if request.scope["route"].body_field else b""


def provider(function: _Function) -> _Function:
    """Register an `async def` function as a dependency. Its parameters are read as those of a handler are.

    It can refuse a request by an exception of our own tree of errors. Raises TypeError for any other kind of function.
    """
    is_async: bool = inspect.iscoroutinefunction(function)
    if not is_async:
        raise TypeError(f"{function!r} is not an async function")
    _registered.add(function)
    return function


def is_registered(dependency: object) -> bool:
    """Tell whether a dependency is a function that `provider` has registered."""
    return dependency in _registered
