"""A family of addresses as a table: a line is a method, a path and a handler, a module-level function.

A handler's return annotation is its documented answer (http/responses.py); one that returns a plain `Response` is left
out of the OpenAPI document.
"""

import inspect
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, NamedTuple, get_args

from fastapi.params import Depends
from starlette.responses import Response
from starlette.routing import Match
from starlette.routing import Route as StarletteRoute
from starlette.types import Scope

from donebase.core.errors import DonebaseError
from donebase.http.access import Access
from donebase.http.signatures import describe

Handler = Callable[..., Awaitable[Response]]


class Answer(NamedTuple):
    """A documented answer: its status, the type of its body (None: no body), when it is given, and its own headers.

    The headers are names in `headers.DOCUMENTED`. Where the type is a class of responses, the body has its media type.
    `errors` are those that are answered so, if they are not the same as at all operations.
    """

    status: int
    body: Any
    description: str
    headers: Sequence[str] = ()
    errors: Sequence[type[DonebaseError]] = ()


@dataclass(frozen=True)
class Family:
    """Handlers below one address. Metrics and logs have its name.

    Generators of clients make a class of the `tag`, which has the description in the OpenAPI document, and methods of
    the operation ids: `whose` is a word in each of them, its name unless there is another. `dependencies` are resolved
    before those of each handler, as FastAPI's of a router. Probes are served also where the service refuses load. A
    family that ignores queries answers as if there were none; others refuse what they do not know. Who may use it has
    no default: nothing is open to everybody because somebody forgot to say.
    """

    name: str
    address: str
    table: Sequence[tuple[str, str, Handler]]
    _: KW_ONLY
    access: Access
    tag: str = ""
    description: str = ""
    whose: str | None = None
    dependencies: Sequence[Depends] = ()
    probes: bool = False
    ignores_query: bool = False

    def routes(self) -> list["Route"]:
        """Return a new route for each line of the table, in its order."""
        return [Route(self, *line) for line in self.table]

    def documented_id(self, handler: str) -> str:
        """Return the operation id of a handler: `whose` after its verb, so that list_tasks is list_user_tasks."""
        verb, *rest = handler.split("_")
        return "_".join(word for word in (verb, self.name if self.whose is None else self.whose, *rest) if word)


class Route(StarletteRoute):
    """The route of one line of a family, with what requests need; `openapi.py` documents its `answers`."""

    def __init__(self, family: Family, method: str, path: str, handler: Handler) -> None:
        super().__init__(family.address + path, handler, methods=[method])
        self.methods = {method}  # without the HEAD that Starlette adds: it is run as a GET
        self.method = method
        self.family = family.name
        self.tag = family.tag or family.name
        self.unique_id = f"{family.name}_{handler.__name__}"
        self.documented_id = family.documented_id(handler.__name__)
        self.dependencies = family.dependencies
        self.dependant = describe(self.path_format, list(self.param_convertors), handler, *family.dependencies)
        self.body_field = next(iter(self.dependant.body_params), None)
        self.probe = family.probes
        self.ignores_query = family.ignores_query
        self.access = family.access
        self.answers: Sequence[Answer] = get_args(inspect.signature(handler).return_annotation)[1:]
        # The router's own pattern ends in "$", which lets one line feed follow.
        self.path_regex = re.compile(self.path_regex.pattern.removesuffix("$") + r"\Z")

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return how far it matches a request, of which the log and the metrics then know the route."""
        match, found = super().matches(scope)
        if match is not Match.NONE:
            found["route"] = self
        return match, found
