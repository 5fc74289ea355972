"""The API's documentation, as a page and as OpenAPI, with nothing in it that comes from the internet."""

from importlib.resources import files
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from donebase.routes import wire

_ASSETS = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}
_A_DAY = {"Cache-Control": "public, max-age=86400"}


def family(name: str, address: str) -> APIRouter:
    """Return the routes of the documentation. They stand outside of what they document."""
    router = wire.router(name, address, include_in_schema=False)

    @router.get("/openapi.json")
    async def schema(request: Request) -> Response:
        """Return the OpenAPI document."""
        return JSONResponse(request.app.openapi())

    @router.get("/docs")
    async def page() -> Response:
        """Return the page, which can also send requests."""
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="donebase",
            swagger_js_url="/docs/swagger-ui-bundle.js",
            swagger_css_url="/docs/swagger-ui.css",
            swagger_favicon_url="/docs/favicon-32x32.png",
        )

    @router.get("/docs/{asset}")
    async def part(asset: str) -> Response:
        """Return one of the files the page is made of."""
        if asset not in _ASSETS:
            raise HTTPException(404)
        content = files("fastapi_swagger.resources").joinpath(asset).read_bytes()
        return Response(content, headers=_A_DAY, media_type=_ASSETS[asset])

    return router


def openapi(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document: FastAPI's, with errors as they really are."""
    document = get_openapi(
        title=app.title, version=app.version, summary=app.summary, description=app.description,
        routes=app.routes, tags=app.openapi_tags,
    )  # fmt: skip
    for operations in document["paths"].values():
        for operation in operations.values():
            responses = operation["responses"]
            responses.pop("422", None)  # FastAPI's own shape for what is a 400 here
            for response in responses.values():
                if response.get("content", {}).get("application/json", {}).get("schema") == _PROBLEM:
                    response["content"] = {"application/problem+json": response["content"]["application/json"]}
    for unused in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(unused, None)
    return document


_PROBLEM = {"$ref": "#/components/schemas/Problem"}
