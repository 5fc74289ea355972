"""Liveness, readiness and metrics."""

import asyncio
from typing import Literal

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from donebase import __version__
from donebase.http import responses
from donebase.http.parameters import Database
from donebase.telemetry import metrics


class Health(BaseModel):
    """The state of the service and its database."""

    status: Literal["ok", "unavailable"]
    database: Literal["ok", "unavailable"]
    version: str


class Alive(BaseModel):
    """The process works."""

    status: Literal["ok"]


def family(name: str, address: str) -> APIRouter:
    """Return the routes that say how the service is."""
    router = responses.router(name, address)

    @router.get(
        "/health",
        response_model=Health,
        responses={503: {"model": Health, "description": "The database does not answer within two seconds."}},
    )
    async def health(database: Database) -> Response:
        """Readiness probe: query the database, for two seconds at most."""
        well = await database.answers()
        state: Literal["ok", "unavailable"] = "ok" if well else "unavailable"
        body = Health(status=state, database=state, version=__version__)
        return JSONResponse(body.model_dump(), 200 if well else 503)

    @router.get("/livez", response_model=Alive)
    async def livez() -> Response:
        """Liveness probe: answer as long as the process works, whatever the database does."""
        return JSONResponse({"status": "ok"})

    @router.get("/metrics", include_in_schema=False)
    async def read_metrics(request: Request, database: Database) -> Response:
        """Return what was counted, for Prometheus: requests, statements, the pool of connections."""
        metrics.refresh(database.pool_state())
        several = request.app.state.settings.workers > 1
        text = await asyncio.to_thread(metrics.exposition, several=several)
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    return router
