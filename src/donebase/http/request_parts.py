"""One request, as far as it has been read."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.types import Scope

from donebase.http.headers import Header

ABSENT: Any = object()
"""The value of a parameter that was not sent."""
ARRAY: Any = object()
"""The body while it is known to be an array, and not yet parsed."""


class RequestParts:
    """What the parameters are read from, and the faults that were found, in the form of pydantic's errors."""

    __slots__ = ("body", "cache", "content", "faults", "headers", "path_values", "query", "scope")

    def __init__(self, scope: Scope, path_values: Sequence[str]) -> None:
        self.scope = scope
        self.path_values = path_values
        self.headers: Sequence[Header] = ()  # those that the operation reads
        self.query: Mapping[str, list[str]] = {}
        self.body: Any = ABSENT
        self.content = b""
        """The body as it was sent, while the arguments of the handler are read; empty if no parameter takes it."""
        self.faults: list[dict[str, Any]] = []
        self.cache: dict[Any, Any] = {}  # what dependencies returned, by their functions
