"""The API's documentation, as a page and as OpenAPI, with nothing in it that comes from the internet."""

import asyncio
import base64
import hashlib
import json
import re
from collections.abc import Callable, Coroutine
from functools import cache
from importlib.resources import files
from typing import Any

import orjson
from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from starlette.responses import JSONResponse, Response

from donebase.core.errors import Fault
from donebase.core.tables import MAX_ID
from donebase.http import responses
from donebase.http.errors import INTERNAL, KINDS, problem

_ASSETS = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}
_A_DAY = {"Cache-Control": "public, max-age=86400"}


def family(name: str, address: str) -> APIRouter:
    """Return the routes of the documentation. They stand outside of what they document."""
    router = responses.router(name, address, include_in_schema=False)

    @router.get("/openapi.json")
    async def schema(request: Request) -> Response:
        """Return the OpenAPI document."""
        return JSONResponse(await asyncio.to_thread(request.app.openapi))  # making it takes 40 ms

    @router.get("/docs")
    async def page() -> Response:
        """Return the page, which can also send requests."""
        html = get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="donebase",
            swagger_js_url="/docs/swagger-ui-bundle.js",
            swagger_css_url="/docs/swagger-ui.css",
            swagger_favicon_url="/docs/favicon-32x32.png",
        )
        html.headers["Content-Security-Policy"] = _policy(bytes(html.body))
        return html

    for asset, media_type in _ASSETS.items():
        router.get(f"/docs/{asset}")(_part(asset, media_type))
    return router


def _part(asset: str, media_type: str) -> Callable[[], Coroutine[Any, Any, Response]]:
    """Return the endpoint of one of the files that the page is made of."""

    async def part() -> Response:
        content = await asyncio.to_thread(_content, asset)
        return Response(content, headers=_A_DAY, media_type=media_type)

    return part


@cache
def _content(asset: str) -> bytes:
    """Return one of the files: the same bytes for all who read it, however slowly (the largest has 1.7 MB)."""
    return (files("fastapi_swagger.resources") / asset).read_bytes()


def _policy(html: bytes) -> str:
    """Return what the page may do: load what is served here, and run the one script that stands in it."""
    [script] = re.findall(rb"<script>(.*?)</script>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script).digest()).decode()
    return (
        f"default-src 'none'; script-src 'self' 'sha256-{digest}'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"
    )


def openapi(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document: FastAPI's, put right where it is not what happens here."""
    if app.openapi_schema is None:  # where FastAPI keeps its own
        app.openapi_schema = _document(app)
    return app.openapi_schema


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title, version=app.version, summary=app.summary, description=app.description,
        routes=app.routes, tags=app.openapi_tags,
    )  # fmt: skip
    for operations in document["paths"].values():
        for operation in operations.values():
            _put_right(operation)
    for unused in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(unused, None)
    # FastAPI keeps limits as floats, and the highest id is not one of them.
    exact: dict[str, Any] = json.loads(json.dumps(document), parse_float=lambda limit: min(int(float(limit)), MAX_ID))
    return exact


def _put_right(operation: dict[str, Any]) -> None:
    takes_body = "requestBody" in operation
    operation["responses"].pop("422", None)  # FastAPI's own shape for what is a 400 here
    for status, response in operation["responses"].items():
        paged = status == "200" and any(each["name"] == "limit" for each in operation.get("parameters", ()))
        names = ("X-Request-ID", *(("Link",) if paged else _HEADERS.get(int(status), ())))
        response["headers"] = {name: {"description": _ABOUT[name], "schema": {"type": "string"}} for name in names}
        if response.get("content", {}).get("application/json", {}).get("schema") == _PROBLEM:
            content = {"schema": _PROBLEM, "examples": _examples(int(status), takes_body=takes_body)}
            response["content"] = {"application/problem+json": content}
    sent = operation["requestBody"]["content"].values() if takes_body else ()
    for part in (*operation.get("parameters", ()), *sent):
        if "anyOf" in part["schema"]:  # FastAPI's "or null" for what may be left out; null itself is an error
            part["schema"] |= part["schema"].pop("anyOf")[0]


def _examples(status: int, *, takes_body: bool) -> dict[str, Any]:
    """Return the answers with this status, as they are really given: the first of each code."""
    examples: dict[str, Any] = {}
    for kind in (*KINDS.values(), INTERNAL):
        if kind.status == status and (takes_body or kind.code != "MALFORMED_JSON"):
            answer = orjson.loads(problem(kind, [_FAULT]).body) | {"request_id": "shop-42"}
            examples.setdefault(kind.code, {"value": answer})
    return examples


_HEADERS = {201: ("Location",), 500: ("Retry-After",), 503: ("Retry-After",)}
_ABOUT = {
    "X-Request-ID": "The id of the request: the client's, or a generated one.",
    "Location": "The path of the task.",
    "Link": "The next page, unless this is the last one (RFC 8288).",
    "Retry-After": "Seconds to wait before a retry.",
}
_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_FAULT = Fault("colour", "is not a known parameter", "unknown_parameter")  # can happen at any address
