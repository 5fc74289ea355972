"""The short way for requests that are plainly right: a table of routes in front of FastAPI's stack.

It finds a route by its path, gives the body to the same validator, calls the same endpoint and sends the same answer,
to the byte. Whatever is not plainly right (an id that is none, a body that does not validate, a query)
goes the long way, with nothing done yet: what is wrong with a request is found and answered in one place.
docs/decisions/0014-fast-path.md says what it brings and what it costs; FAST_PATH=off does without.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from fastapi import FastAPI, Request
from pydantic import TypeAdapter, ValidationError
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from donebase.core.errors import DonebaseError
from donebase.core.tables import MAX_ID
from donebase.deadlines import Deadlines
from donebase.http.errors import MalformedJSON
from donebase.http.family import Route
from donebase.http.middleware import OVER_LIMIT
from donebase.http.problems import error_response
from donebase.http.strict_json import SMALL, parse_json
from donebase.postgres.database import PostgresDatabase
from donebase.settings import Settings

_ID = re.compile(f"[1-9][0-9]{{0,{len(str(MAX_ID)) - 1}}}")

_Arguments = dict[str, Any]


class _Body(NamedTuple):
    """The parameter of an endpoint that takes the body."""

    name: str
    required: bool
    validate: Callable[[Any], Any]


class _Plan(NamedTuple):
    """What FastAPI knows of a route, as far as it takes to call the endpoint."""

    method: str
    route: Route
    endpoint: Callable[..., Awaitable[Response]]
    ids: list[str]
    request: str | None
    body: _Body | None


class FastPath:
    """An ASGI application that answers what is plainly right, and leaves the rest to the app behind it."""

    def __init__(self, app: FastAPI, long_way: ASGIApp) -> None:
        self._long_way = long_way
        self._settings: Settings = app.state.settings
        self._database: PostgresDatabase = app.state.database
        self._deadlines = Deadlines()
        plans = [_plan(route) for route in app.routes if isinstance(route, Route) and "tasks" in route.path]
        self._plans = {_key(plan.method, re.sub(r"{\w+}", "0", plan.route.path_format)): plan for plan in plans}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request, or whatever else a server has to say."""
        plan = self._plan_for(scope)
        arguments = None
        if plan is not None:
            arguments, receive = await self._arguments(plan, scope, receive)
        if plan is None or arguments is None:
            await self._long_way(scope, receive, send)
            return
        scope["route"] = plan.route
        try:
            response = await plan.endpoint(**arguments)
        except DonebaseError as error:
            response = error_response(error)
        await response(scope, receive, send)

    def _plan_for(self, scope: Scope) -> _Plan | None:
        if scope["type"] != "http" or scope["query_string"] or OVER_LIMIT in scope:
            return None
        return self._plans.get(_key(scope["method"], scope["path"]))

    async def _arguments(self, plan: _Plan, scope: Scope, receive: Receive) -> tuple[_Arguments | None, Receive]:
        """Return what to call the endpoint with, or None for the long way; and a `receive` that has lost nothing."""
        arguments: _Arguments = {"database": self._database}
        for name, number in zip(plan.ids, _numbers(scope["path"]), strict=True):
            if not _ID.fullmatch(number) or int(number) > MAX_ID:
                return None, receive
            arguments[name] = int(number)
        is_json: bool | None = None
        for name, value in scope["headers"]:
            if name == b"content-encoding":
                return None, receive
            if name == b"content-type":
                if is_json is not None:
                    return None, receive
                is_json = value == b"application/json"
            elif name == b"content-length" and int(value) > self._settings.max_body_bytes:
                return None, receive
        if plan.request:
            arguments[plan.request] = Request(scope)
        if plan.body is None:
            return arguments, receive
        return await self._with_body(plan.body, arguments, receive, bool(is_json))

    async def _with_body(
        self, body: _Body, arguments: _Arguments, receive: Receive, is_json: bool
    ) -> tuple[_Arguments | None, Receive]:
        try:
            with self._deadlines.limit(self._settings.body_timeout):
                message = await receive()
        except TimeoutError:
            message = {"type": "http.disconnect"}  # gone or too slow is the same: a body that is not whole
        content = message.get("body", b"")
        whole = message["type"] == "http.request" and not message.get("more_body")
        if not whole or len(content) > min(SMALL, self._settings.max_body_bytes):
            return None, _again(message, receive)
        if not content and not body.required:
            return arguments | {body.name: None}, receive
        try:
            said = parse_json(content) if is_json else None
            if isinstance(said, dict):
                return arguments | {body.name: body.validate(said)}, receive
        except (MalformedJSON, ValidationError):
            pass
        return None, _again(message, receive)


def _key(method: str, path: str) -> tuple[str | None, ...]:
    """Return the method and the parts of a path, with None, which nobody can write, for each that is digits."""
    return (method, *[None if part.isdigit() else part for part in path.split("/")])


def _numbers(path: str) -> list[str]:
    return [part for part in path.split("/") if part.isdigit()]


def _plan(route: Route) -> _Plan:
    """Read off a route what FastAPI has found out about its endpoint."""
    known = route.dependant
    names = {parameter.alias: parameter.name for parameter in known.path_params}
    bodies = [
        _Body(
            name=body.name,
            required=bool(body.field_info.is_required()),
            validate=TypeAdapter[Any](body.field_info.annotation or Any).validator.validate_python,
        )
        for body in known.body_params
    ]
    method = next(iter(route.methods or ()))
    return _Plan(
        method=method,
        route=route,
        endpoint=route.endpoint,
        ids=[names[alias] for alias in re.findall(r"{(\w+)}", route.path_format)],
        request=known.request_param_name,
        body=bodies[0] if bodies else None,
    )


def _again(message: Message, receive: Receive) -> Receive:
    """Return a `receive` that gives a message, which was taken too early, once more before it goes on."""
    taken = [message]

    async def again() -> Message:
        return taken.pop() if taken else await receive()

    return again
