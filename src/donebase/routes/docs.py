"""The documentation of the API: the OpenAPI document, and a page that shows it and needs no internet."""

import asyncio
import base64
import hashlib
import re
from collections.abc import Callable, Coroutine
from functools import cache
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, Request
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import JSONResponse, Response

from donebase.http import responses

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
