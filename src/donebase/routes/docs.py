"""The documentation of the API: the OpenAPI document, and a page that shows it and needs no internet."""

import base64
import hashlib
import re
from collections.abc import Awaitable, Callable
from functools import cache
from importlib.resources import files
from typing import Annotated

from fastapi import Depends
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import Response

from donebase.http.access import Access
from donebase.http.family import Family
from donebase.http.parameters import RequestHeaders
from donebase.http.providers import FromApp
from donebase.http.redirects import redirect
from donebase.http.static_files import FRESH, HTML, StaticFile, media_type
from donebase.loading import loaded_once

_FILES = "fastapi_swagger.resources"
_A_DAY = (b"cache-control", b"public, max-age=86400")

_NO_WORKER = """
addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(removeAll()));
async function removeAll() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("donebase-")).map((name) => caches.delete(name)));
  await registration.unregister();
}
"""


async def index() -> Response:
    """Lead to the documentation."""
    return redirect(b"/docs")


async def no_worker() -> Response:
    """Return a service worker that removes itself, and what it has kept, where the page was once served."""
    return Response(_NO_WORKER, headers={"Cache-Control": "no-cache"}, media_type="text/javascript")


async def schema(
    headers: RequestHeaders, document: Annotated[Callable[[], Awaitable[StaticFile]], Depends(FromApp("document"))]
) -> Response:
    """Return the OpenAPI document."""
    return (await document()).response(headers)


async def page(headers: RequestHeaders) -> Response:
    """Return the page, which can also send requests."""
    return _page().response(headers)


async def script(headers: RequestHeaders) -> Response:
    """Return the script of the page."""
    return (await _file("swagger-ui-bundle.js")).response(headers)


async def style_sheet(headers: RequestHeaders) -> Response:
    """Return the style sheet of the page."""
    return (await _file("swagger-ui.css")).response(headers)


async def icon(headers: RequestHeaders) -> Response:
    """Return the icon of the page."""
    return (await _file("favicon-32x32.png")).response(headers)


FAMILY = Family(
    "docs",
    "",
    [
        ("GET", "/openapi.json", schema),
        ("GET", "/docs", page),
        ("GET", "/docs/swagger-ui-bundle.js", script),
        ("GET", "/docs/swagger-ui.css", style_sheet),
        ("GET", "/docs/favicon-32x32.png", icon),
    ],
    access=Access.FREE,
    ignores_query=True,
)
WITHOUT_PAGE = Family(
    "docs",
    "",
    [("GET", "/", index), ("GET", "/service-worker.js", no_worker)],
    access=Access.FREE,
    ignores_query=True,
)
"""What is served in the place of the page where it is not."""


@cache
def _page() -> StaticFile:
    page = get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="donebase",
        swagger_js_url="/docs/swagger-ui-bundle.js",
        swagger_css_url="/docs/swagger-ui.css",
        swagger_favicon_url="/docs/favicon-32x32.png",
    )
    html = bytes(page.body).replace(b"<html>", b'<html lang="en">')  # a screen reader reads it as English
    return StaticFile(html, HTML, [FRESH, (b"content-security-policy", _policy(html).encode())])


@loaded_once
def _file(name: str) -> StaticFile:
    """Return a file. All responses share its bytes, so slow clients cost no memory (up to 1.7 MB)."""
    content_type = media_type(name)
    assert content_type
    return StaticFile((files(_FILES) / name).read_bytes(), content_type, [_A_DAY])


def _policy(html: bytes) -> str:
    """Return the Content-Security-Policy of the page: load what is served here, and run its one inline script."""
    [script] = re.findall(rb"<script>(.*?)</script>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script).digest()).decode()
    return (
        f"default-src 'none'; script-src 'self' 'sha256-{digest}'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"
    )
