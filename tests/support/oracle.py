"""FastAPI as the oracle of how requests are read: the same tables as an app of plain FastAPI and as operations.

The handlers only record their arguments. What is read strictly, and FastAPI reads otherwise, `refused_strictly` names.
"""

import json
import math
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import lru_cache, update_wrapper
from typing import Any, NamedTuple
from unittest.mock import patch
from urllib.parse import parse_qsl, unquote

from fastapi import FastAPI, params
from fastapi._compat import field_annotation_is_sequence
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import Message

from donebase.accounts.callers import ALL_SCOPES, Caller
from donebase.core.errors import DonebaseError
from donebase.http import operation
from donebase.http.family import Family, Route
from donebase.http.faults import MAX_FAULTS, validation_fault
from donebase.http.guard import CALLER
from donebase.http.one_or_many import OneOrMany
from donebase.http.operation import Operation, OperationTable
from donebase.http.problems import problem
from donebase.settings import Settings
from tests.support.rows import Rows

Fault = tuple[tuple[Any, ...], str]
"""Where a validation fault is and of which kind it is."""


class Sent(NamedTuple):
    """A request."""

    method: str
    path: str
    headers: Sequence[tuple[bytes, bytes]] = ()
    body: bytes = b""

    @property
    def brief(self) -> str:
        """Return it for a message."""
        return f"{self.method} {self.path[:200]} {self.headers[:3]} {self.body[:500]!r}"


class Outcome(NamedTuple):
    """What became of a request: the code of the answer, its status, the faults found, and the calls of handlers."""

    code: str
    status: int
    faults: list[Fault]
    calls: list[tuple[str, dict[str, Any]]]


class Oracle:
    """The operations of some families, and plain FastAPI with the same tables."""

    def __init__(self, *families: Family) -> None:
        self._calls: list[tuple[str, dict[str, Any]]] = []
        self._faults: list[Fault] = []
        recorded = [self._recorded(family) for family in families]
        self._operations = self._app(route for family in recorded for route in family.routes())
        self._table = OperationTable(self._operations.routes, self._operations.state)
        self._fastapi = self._app(
            APIRoute(
                family.address + path,
                handler,
                methods=[method],
                dependencies=family.dependencies,
                response_model=None,
            )
            for family in recorded
            for method, path, handler in family.table
        )

    async def agrees(self, sent: Sent) -> Outcome:
        """See that a request is read as FastAPI reads it, or refused strictly, however the operation is found."""
        outcome = await self._outcome(self._operations, sent)
        path = _scope(sent)["path"]
        if found := self._table.find(sent.method, path):
            assert await self._outcome(_application(*found), sent) == outcome, sent.brief
        route = next((each for each in self._operations.routes if _matches(each, sent.method, path)), None)
        if route is None and path.endswith("\n"):  # a route of Starlette's ends before a last line feed
            assert outcome.status in (404, 405), sent.brief
        elif isinstance(route, Route) and (refusal := refused_strictly(sent, route)):
            assert (outcome.code, outcome.faults, outcome.calls) == (refusal, [], []), sent.brief
        elif isinstance(route, Route) and not _is_utf8(sent):  # FastAPI takes U+FFFD for what is not
            assert (outcome.code, outcome.calls) == ("VALIDATION_ERROR", []), sent.brief
        else:
            expected = await self._outcome(self._fastapi, sent)
            assert outcome[1:] == expected[1:], sent.brief
        return outcome

    async def _outcome(self, app: Any, sent: Sent) -> Outcome:
        self._calls.clear()
        self._faults.clear()
        messages: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": sent.body}

        async def send(message: Message) -> None:
            messages.append(message)

        with patch.object(operation, "validation_fault", self._note):
            await app(_scope(sent), receive, send)
        status = messages[0]["status"]
        content = b"".join(message.get("body", b"") for message in messages[1:])
        code = json.loads(content).get("code", "") if content.startswith(b"{") else ""
        return Outcome(code, status, list(self._faults), list(self._calls))

    def _recorded(self, family: Family) -> Family:
        table = [(method, path, self._recording(handler)) for method, path, handler in family.table]
        return Family(family.name, family.address, table, access=family.access, dependencies=family.dependencies)

    def _recording(self, handler: Callable[..., Awaitable[Response]]) -> Callable[..., Awaitable[Response]]:
        async def record(**arguments: Any) -> Response:
            self._calls.append((handler.__name__, arguments))
            return Response()

        return update_wrapper(record, handler)

    def _app(self, routes: Iterable[BaseRoute]) -> FastAPI:
        app = FastAPI(
            routes=[*routes],
            openapi_url=None,
            redirect_slashes=False,
            exception_handlers={RequestValidationError: self._invalid, DonebaseError: _refused},
        )
        app.state.settings = Settings.read(database_url="postgresql://127.0.0.1:1/nothing")
        app.state.database = _DATABASE
        app.state.authenticator = None
        app.state.passwords = app.state.access_tokens = app.state.deletions = None
        app.state.document = app.state.exposition = app.state.event_streams = dict
        return app

    def _note(self, fault: dict[str, Any]) -> Any:
        self._faults.append((fault["loc"], fault["type"]))
        return validation_fault(fault)

    async def _invalid(self, _request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        # No more are answered, so no more are noted.
        self._faults += [(fault["loc"], fault["type"]) for fault in error.errors()[:MAX_FAULTS]]
        return Response(status_code=400)


_DATABASE = Rows()
_CALLER = Caller(7, "7", ALL_SCOPES, None, math.inf)


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, DonebaseError)
    return problem(error)


def _application(found: Operation, path_values: Any) -> Any:
    async def respond(scope: Any, receive: Any, send: Any) -> None:
        response = await found.respond(scope, receive, path_values)
        await response(scope, receive, send)

    return respond


def _scope(sent: Sent) -> dict[str, Any]:
    path, _, query = sent.path.partition("?")
    return {
        "type": "http",
        "method": sent.method,
        "path": unquote(path),
        "query_string": query.encode("latin-1"),
        "root_path": "",
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 40_000),
        CALLER: _CALLER,
        "headers": sent.headers,
    }


def refused_strictly(sent: Sent, route: Route) -> str:
    """Return the code of a refusal of which FastAPI knows nothing, or "" where there is none."""
    names = [name for name, _ in parse_qsl(sent.path.partition("?")[2], keep_blank_values=True)]
    fields = {
        field.alias: field for field in get_flat_params(route.dependant) if isinstance(field.field_info, params.Query)
    }
    once = [name for name in names if name not in fields or not _is_list(fields[name])]
    if not fields.keys() >= set(names) or len(set(once)) < len(once):
        return "VALIDATION_ERROR"  # FastAPI ignores unknown parameters, and takes the last of repeated ones
    if route.body_field is None or not (sent.body or route.body_field.field_info.is_required()):
        return ""
    if len(sent.body) > 2**20:
        return "BODY_TOO_LARGE"
    if sent.body and not _is_json(sent.headers):
        return "UNSUPPORTED_MEDIA_TYPE"  # FastAPI takes the bytes, or guesses
    try:
        value = _parsed_strictly(sent.body)
    except (ValueError, RecursionError):
        return "MALFORMED_JSON"  # FastAPI takes no body for a missing one, NaN, the last of duplicate keys, and UTF-16
    if value is None and not route.body_field.field_info.is_required():
        return ""  # null is no body for FastAPI as well
    signs = sum(map(sent.body.count, (b",", b"[", b"{")))
    if isinstance(value, list) and _is_one_or_many(route):
        if signs > 40_000 and any(map(_has_much_inside, value)):
            return "MALFORMED_JSON"
        return "" if 1 <= len(value) <= 1_000 and all(map(_is_small, value)) else "VALIDATION_ERROR"
    nested = isinstance(value, dict) and any(isinstance(each, dict | list) for each in value.values())
    if len(sent.body) > 2**14 and signs > 10_000 and nested:
        return "MALFORMED_JSON"  # FastAPI parses it, in a time that grows with it
    if not isinstance(value, dict) or not _is_small(value):
        return "VALIDATION_ERROR"  # FastAPI validates whatever is sent, and all of it
    return ""


def _is_utf8(sent: Sent) -> bool:
    try:
        unquote(sent.path.partition("?")[2], errors="strict")
    except UnicodeDecodeError:
        return False
    return True


@lru_cache(maxsize=1)  # a body is sent to one operation after the other
def _parsed_strictly(body: bytes) -> Any:
    return json.loads(body.decode(), object_pairs_hook=_no_duplicates, parse_constant=_no_constants)


def _is_one_or_many(route: Route) -> bool:
    return route.body_field is not None and any(
        isinstance(each, OneOrMany) for each in route.body_field.field_info.metadata
    )


def _has_much_inside(item: Any) -> bool:
    members = item.values() if isinstance(item, dict) else [item]
    return sum(len(json.dumps(each)) for each in members if isinstance(each, dict | list)) > 2**14


def _is_small(value: Any) -> bool:
    return not isinstance(value, dict) or len(value) < 100


def _is_list(field: Any) -> bool:
    return field_annotation_is_sequence(field.field_info.annotation)


def _matches(route: Any, method: str, path: str) -> bool:
    return isinstance(route, Route) and route.method == method and bool(route.path_regex.match(path))


def _is_json(headers: Sequence[tuple[bytes, bytes]]) -> bool:
    types = [value for name, value in headers if name == b"content-type"]
    return len(types) == 1 and types[0].split(b";")[0].strip().lower() == b"application/json"


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError
    return dict(pairs)


def _no_constants(_name: str) -> None:
    raise ValueError
