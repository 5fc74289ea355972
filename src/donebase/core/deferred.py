"""Statements of which only the SQL is kept. They are built anew when that is needed.

A statement of SQLAlchemy consists of thousands of objects. With those of all shapes of lists that are in use, Python's
garbage collector would stop a service for a tenth of a second now and then.
"""

from collections.abc import Callable
from functools import lru_cache, partial, update_wrapper
from typing import Any, ParamSpec

from sqlalchemy import Executable

MOST = 256
_Parameters = ParamSpec("_Parameters")


class Deferred(Executable):
    """A statement that a function builds whenever it is compiled."""

    def __init__(self, build: Callable[[], Any]) -> None:
        self._build = build

    def compile(self, **options: Any) -> Any:
        """Return what the statement's own method returns."""
        return self._build().compile(**options)


def deferred(build: Callable[_Parameters, Executable]) -> Callable[_Parameters, Executable]:
    """Return a function that builds statements as another one that returns the same object for the same arguments.

    The arguments must be hashable. The objects for those that were used last are kept, MOST of them.
    """

    @lru_cache(MOST)
    def statement(*args: Any, **kwargs: Any) -> Deferred:
        return Deferred(partial(build, *args, **kwargs))

    return update_wrapper(statement, build)  # type: ignore[return-value]
