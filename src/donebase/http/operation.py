"""Operations: read a request to one route, call its handler, and answer.

FastAPI describes each route; an `Operation` is compiled from that description when the app is made. It serves valid and
invalid requests. A kind of parameter or dependency that it does not know is refused then, so that nothing is skipped.
"""

import re
from collections.abc import Iterable, Sequence
from inspect import iscoroutinefunction

from starlette.convertors import PathConvertor, StringConvertor
from starlette.datastructures import State
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from donebase.core.errors import DonebaseError, InvalidInput
from donebase.http.access import Access
from donebase.http.body import Bodies
from donebase.http.body_readers import BodyReader
from donebase.http.calls import Call
from donebase.http.family import Route
from donebase.http.faults import MAX_FAULTS, validation_fault
from donebase.http.guard import USER_ID, Guard
from donebase.http.problems import error_response
from donebase.http.query import read_query
from donebase.http.readers import HeaderReader, QueryReader, Unsupported
from donebase.http.request_parts import RequestParts


class Operation:
    """One route: reads a request, calls the handler, and answers. It is also the ASGI application of the route.

    `state` has the values of `FromApp`. Raises Unsupported, naming the route and the parameter.
    """

    def __init__(self, route: Route, state: State, bodies: Bodies) -> None:
        self.route = route
        self.probe = route.probe
        self._ignores_query = route.ignores_query
        self._path_names = list(route.param_convertors)
        self._guard = _guard(route, state)
        self._bodies = bodies
        try:
            names = self._path_names
            if self._guard is not None and USER_ID not in names:
                names = [*names, USER_ID]
            self._handler = Call(route.dependant, names, state, "scope")
            readers = list(self._handler.readers())
            self._body = _body_reader(readers)
            _refuse_unsupported(route)
        except Unsupported as unsupported:
            raise Unsupported(f"{route.method} {route.path_format}: {unsupported}") from None
        queries = [reader for reader in readers if isinstance(reader, QueryReader)]
        self._header_keys = frozenset(reader.key for reader in readers if isinstance(reader, HeaderReader))
        self._query_is_list = {each.alias: each.is_list for each in sorted(queries, key=lambda each: each.is_list)}

    async def respond(self, scope: Scope, receive: Receive, path_values: Sequence[str]) -> Response:
        """Return the response to a request. `path_values` are the parameters of the path, in its order.

        Every DonebaseError is answered; other exceptions are bugs, and are raised.
        """
        parts = RequestParts(scope, path_values)
        try:
            if self._guard is not None:
                parts.path_values = await self._guard.admit(scope, path_values)
            if self._header_keys:
                parts.headers = [header for header in scope["headers"] if header[0] in self._header_keys]
            if scope["query_string"] and not self._ignores_query:
                parts.query = read_query(scope["query_string"], self._query_is_list)
            if self._body is not None:
                await self._bodies.read(parts, receive, self._body)
            arguments = await self._handler.arguments(parts)
            parts.content = b""  # its memory is free while the handler waits for the database
            if parts.faults:
                raise InvalidInput([validation_fault(fault) for fault in parts.faults[:MAX_FAULTS]])
            response: Response = await self._handler.function(**arguments)
        except DonebaseError as error:
            return error_response(error)
        return response

    def pattern_of(self, parameter: re.Match[str]) -> str:
        """Return the pattern of a parameter of the path, which is in braces: digits, or any name of a caller."""
        is_name = self._guard is not None and parameter[0] == rf"\{{{USER_ID}\}}"
        return f"({self.route.param_convertors[USER_ID].regex})" if is_name else "([0-9]+)"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for which Starlette's router has found the route."""
        path_values = [scope["path_params"][name] for name in self._path_names]
        response = await self.respond(scope, receive, path_values)
        await response(scope, receive, send)


class OperationTable:
    """Finds the operation of a request by its method and path, if each parameter of the path consists of digits.

    That of the user can be any name where the operation has a guard. What it does not find, Starlette's router answers:
    other paths, and addresses or methods that do not exist.
    """

    def __init__(self, routes: Iterable[object], state: State) -> None:
        bodies = Bodies(state.settings)
        operations = [Operation(route, state, bodies) for route in routes if isinstance(route, Route)]
        for operation in operations:
            operation.route.app = operation
        methods = sorted({operation.route.method for operation in operations})
        self._paths = {
            method: _Paths([each for each in operations if each.route.method == method]) for method in methods
        }

    def find(self, method: str, path: str) -> tuple[Operation, Sequence[str]] | None:
        """Return the operation for a request and the parameters of its path, or None for a request not found here."""
        paths = self._paths.get(method)
        return paths.find(path) if paths else None


class _Paths:
    """The operations of one method as one regular expression: a third faster than a tree of dictionaries."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        patterns: list[str] = []
        self._groups: dict[int | None, tuple[Operation, int, int]] = {}
        end = 0
        for operation in operations:
            pattern, parameters = re.subn(r"\\{\w+\\}", operation.pattern_of, re.escape(operation.route.path_format))
            patterns.append(f"{pattern}()")  # the empty group is the last one that takes part in a match
            self._groups[end + parameters + 1] = (operation, end, end + parameters)
            end += parameters + 1
        self._match = re.compile("|".join(patterns)).fullmatch

    def find(self, path: str) -> tuple[Operation, Sequence[str]] | None:
        found = self._match(path)
        if found is None:
            return None
        operation, begin, end = self._groups[found.lastindex]
        return operation, found.groups()[begin:end]


def _guard(route: Route, state: State) -> Guard | None:
    """Return the guard of a route, None where nobody is asked who they are."""
    if state.authenticator is None or route.access is Access.FREE:
        return None
    return Guard(state.authenticator, route.access.scope(route.method), list(route.param_convertors))


def _body_reader(readers: Iterable[object]) -> BodyReader | None:
    """Return the reader of the one parameter that takes the body, or None if no parameter does."""
    bodies = [reader for reader in readers if isinstance(reader, BodyReader)]
    if len(bodies) > 1:
        raise Unsupported(f"the body has several parameters: {', '.join(each.name for each in bodies)}")
    return bodies[0] if bodies else None


def _refuse_unsupported(route: Route) -> None:
    handler = route.endpoint
    if not iscoroutinefunction(handler):
        raise Unsupported(f"the handler {handler!r} is not an async function")
    for name, convertor in route.param_convertors.items():
        if type(convertor).convert not in (StringConvertor.convert, PathConvertor.convert):
            raise Unsupported(f"the parameter {name} of the path is converted by the router")
