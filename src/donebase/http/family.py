"""A family of addresses as a table: a line is a method, a path and a handler, a module-level function.

A handler's return annotation is its documented answer (http/responses.py); one that returns a plain `Response` is left
out of the OpenAPI document.
"""

import inspect
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple, get_args

from fastapi.params import Depends
from fastapi.routing import APIRoute
from starlette.responses import Response

from donebase.http.problems import Problem

Handler = Callable[..., Awaitable[Response]]

_ERRORS = {400: "The request is invalid.", 500: "The database or the service failed."}
_BUSY = {503: "The service is busy or stopping and did not process the request."}
_BODY = {413: "The body is too large.", 415: "The body is not JSON."}
_ONE_TASK = {404: "The task does not exist or belongs to another user."}


class Answer(NamedTuple):
    """A documented answer: its status, the type of its body (None: no body), and when it is given."""

    status: int
    body: Any = None
    description: str = "Successful Response"

    def documented(self) -> dict[str, Any]:
        """Return it as FastAPI's `responses` have it."""
        return {"model": self.body, "description": self.description}


class Family:
    """Handlers below one address. Its name is their OpenAPI tag and the beginning of their operation ids.

    `dependencies` are resolved before those of each handler, as FastAPI's of a router. Probes are served also where
    the service refuses load.
    """

    def __init__(
        self,
        name: str,
        address: str,
        table: Sequence[tuple[str, str, Handler]],
        *,
        dependencies: Sequence[Depends] = (),
        probes: bool = False,
    ) -> None:
        self.name = name
        self.address = address
        self.table = table
        self.dependencies = dependencies
        self.probes = probes

    def routes(self) -> list["Route"]:
        """Return a new route for each line of the table, in its order."""
        return [Route(self, *line) for line in self.table]


class Route(APIRoute):
    """FastAPI's route of one line of a family. It documents every error that it can be answered with."""

    def __init__(self, family: Family, method: str, path: str, handler: Handler) -> None:
        path = family.address + path
        answers: list[Answer] = list(get_args(inspect.signature(handler).return_annotation)[1:])
        usual, *others = answers or [Answer(200)]
        super().__init__(
            path,
            handler,
            methods=[method],
            tags=[family.name],
            operation_id=f"{family.name}_{handler.__name__}",
            dependencies=family.dependencies,
            status_code=usual.status,
            response_model=usual.body,
            responses=_errors(method, path) | {each.status: each.documented() for each in others},
            include_in_schema=bool(answers),
        )
        self.method = method
        self.probe = family.probes
        # The router's own pattern ends in "$", which lets one line feed follow.
        self.path_regex = re.compile(self.path_regex.pattern.removesuffix("$") + r"\Z")


def _errors(method: str, path: str) -> dict[int | str, dict[str, Any]]:
    takes_body = method in ("POST", "PUT", "PATCH")
    errors = _ERRORS | _BUSY | (_ONE_TASK if "{task_id" in path else {}) | (_BODY if takes_body else {})
    return {status: Answer(status, Problem, when).documented() for status, when in errors.items()}
