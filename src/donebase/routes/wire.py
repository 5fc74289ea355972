"""How a request is read and an answer written, the same at every address.

`WireRoute` is the route class of all of them: it takes JSON strictly, refuses parameters that mean nothing, and
completes a route's documentation. The functions below it turn rows into answers.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from datetime import datetime
from email.message import Message
from typing import Annotated, Any
from urllib.parse import parse_qsl

import orjson
from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import ClientDisconnect
from starlette.responses import Response, StreamingResponse

from donebase.core.errors import Fault, InvalidInput
from donebase.core.models import DESCRIPTION_LENGTH, MAX_ID, TITLE_LENGTH
from donebase.core.tasks import Batch, Row
from donebase.routes.problems import (
    BodyTooLarge,
    IncompleteBody,
    MalformedJSON,
    Problem,
    UnsupportedMediaType,
)
from donebase.settings import Settings

_ANSWER = {400: "Something in the request is wrong.", 500: "The database or the service failed."}
_BUSY = {503: "The service is busy or stopping; nothing was done."}
_BODY = {413: "The body is too large.", 415: "The body is not JSON."}
_ONE_TASK = {404: "There is no such task, or it is somebody else's."}

_Id = Annotated[int, Field(ge=1, le=MAX_ID, json_schema_extra={"format": "int64"})]


class Task(BaseModel):
    """A task as it is stored."""

    model_config = ConfigDict(title="Task")

    id: _Id = Field(description="Given by the database, never used again.", examples=[1])
    title: str = Field(min_length=1, max_length=TITLE_LENGTH, description="What is to be done.", examples=["Buy milk"])
    description: str | None = Field(max_length=DESCRIPTION_LENGTH, description="More about it.", examples=[None])
    completed: bool = Field(description="Whether it is done.", examples=[False])
    user_id: _Id = Field(description="Whose it is.", examples=[123])
    created_at: datetime = Field(description="When it was created, in UTC.", examples=["2026-11-20T08:00:00.123456Z"])
    updated_at: datetime = Field(description="When it last changed, in UTC.", examples=["2026-11-20T08:00:00.123456Z"])


class WireRoute(APIRoute):
    """A route that reads requests strictly and documents every error it can answer with."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        takes_body = not {"POST", "PUT", "PATCH"}.isdisjoint(options["methods"])
        errors = _ANSWER | _BUSY | (_ONE_TASK if "{task_id" in path else {}) | (_BODY if takes_body else {})
        documented = {status: {"model": Problem, "description": words} for status, words in errors.items()}
        options["responses"] = documented | (options.get("responses") or {})
        super().__init__(path, endpoint, **options)
        # The router's own pattern ends in "$", which lets one line feed follow.
        self.path_regex = re.compile(self.path_regex.pattern.removesuffix("$") + r"\Z")

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Put strict reading in front of what FastAPI does with a request."""
        handle = super().get_route_handler()
        parameters = frozenset(parameter.alias for parameter in self.dependant.query_params)
        body = self.body_field

        async def handler(request: Request) -> Response:
            if request.scope["query_string"]:
                _refuse_unknown(request.scope["query_string"], parameters)
            if body is not None:
                strict = _StrictRequest(request.scope, request.receive)
                await strict.load(required=bool(body.field_info.is_required()))
                return await handle(strict)
            return await handle(request)

        return handler


class _StrictRequest(Request):
    """A request whose JSON is read as RFC 8259 has it, whole, within a size and a time."""

    async def load(self, *, required: bool) -> None:
        """Read the body for `json()` to return. Raises one of the errors that problems.py knows."""
        self._body = await self._whole_body()
        if not self._body and not required:
            return
        if self._body and not _is_json(self.headers):
            raise UnsupportedMediaType
        self._json = _strict_json(self._body)
        if not isinstance(self._json, dict):
            raise InvalidInput([Fault("body", "must be a JSON object", "wrong_type")])

    async def _whole_body(self) -> bytes:
        settings: Settings = self.app.state.settings
        said = self.headers.get("content-length", "0")
        if said.isdigit() and int(said) > settings.max_body_bytes:
            raise BodyTooLarge
        body = bytearray()
        try:
            async with asyncio.timeout(settings.body_timeout):
                async for chunk in self.stream():
                    body += chunk
                    if len(body) > settings.max_body_bytes:
                        raise BodyTooLarge
        except (TimeoutError, ClientDisconnect):
            raise IncompleteBody from None
        return bytes(body)


def _is_json(headers: Any) -> bool:
    if headers.get("content-encoding", "identity").lower() != "identity":
        return False
    said = Message()
    said["content-type"] = headers.get("content-type", "text/plain")
    subtype = said.get_content_subtype()
    is_json = said.get_content_maintype() == "application" and (subtype == "json" or subtype.endswith("+json"))
    return is_json and str(said.get_content_charset("utf-8")).lower() in ("utf-8", "utf8", "us-ascii")


def _strict_json(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8"), object_pairs_hook=_no_duplicates, parse_constant=_no_constants)
    except (ValueError, RecursionError):
        raise MalformedJSON from None


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    together = dict(pairs)
    if len(together) < len(pairs):
        raise ValueError
    return together


def _no_constants(_name: str) -> Any:
    raise ValueError  # NaN and Infinity are Python's idea of JSON


def _refuse_unknown(query: bytes, known: frozenset[str]) -> None:
    seen: set[str] = set()
    faults = []
    for name, _value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if name not in known:
            faults.append(Fault(name, "is not a parameter of this address", "unknown_parameter"))
        elif name in seen:
            faults.append(Fault(name, "must be given once", "repeated_parameter"))
        seen.add(name)
    if faults:
        raise InvalidInput(faults)


def router(name: str, address: str, **options: Any) -> APIRouter:
    """Return an empty family: its routes are at `address`, and each operation's id begins with its name."""
    return APIRouter(
        prefix=address,
        tags=[name],
        route_class=WireRoute,
        generate_unique_id_function=lambda route: f"{name}_{route.name}",
        **options,
    )


def task(row: Row) -> Response:
    """Answer with one task."""
    return _json(dict(row))


def created(request: Request, row: Row) -> Response:
    """Answer that a task was created, and where: below the address that it was sent to."""
    return _json(dict(row), status=201, headers={"Location": f"{request.scope['path']}/{row['id']}"})


def deleted() -> Response:
    """Answer that there is nothing left to show."""
    return Response(status_code=204)


async def task_list(request: Request, batches: AsyncIterator[Batch], limit: int | None) -> Response:
    """Answer with a list: in one piece where one statement brought it all, else as it comes from the database.

    The first batch is there before the answer begins, so that a failure can still be told. A failure of a later one
    breaks the connection off: half a list never reads as a whole one.
    """
    first = await anext(batches)
    if first.more and limit is None:
        return StreamingResponse(_streamed(first, batches), media_type="application/json")
    headers = {}
    if first.more:
        following = f"{request.scope['path']}?limit={limit}&after={first.rows[-1]['id']}"
        headers["Link"] = f'<{following}>; rel="next"'
    return _json([dict(row) for row in first.rows], headers=headers)


async def _streamed(first: Batch, others: AsyncIterator[Batch]) -> AsyncIterator[bytes]:
    yield b"[" + _inside(first.rows)
    async for batch in others:
        yield b"," + _inside(batch.rows)
    yield b"]"


def _inside(rows: Sequence[Row]) -> bytes:
    return _bytes([dict(row) for row in rows])[1:-1]


def _bytes(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)


def _json(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(_bytes(value), status, headers, media_type="application/json")
