"""Liveness, readiness and metrics."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import Depends
from pydantic import BaseModel
from starlette.responses import Response

from donebase import __version__
from donebase.http import responses
from donebase.http.access import Access
from donebase.http.family import Answer, Family
from donebase.http.metrics_token import Scraper
from donebase.http.parameters import Database
from donebase.http.providers import FromApp

_TEXT_FORMAT = "text/plain; version=1.0.0; charset=utf-8"  # prometheus_client is imported for the first scrape


class Health(BaseModel):
    """The state of the service and its database."""

    status: Literal["ok", "unavailable"]
    database: Literal["ok", "unavailable"]
    version: str


class Alive(BaseModel):
    """The process works."""

    status: Literal["ok"]


async def health(
    database: Database,
) -> Annotated[
    Response,
    Answer(200, Health, "The database answers."),
    Answer(503, Health, "The database does not answer within two seconds."),
]:
    """Readiness probe: query the database, for two seconds at most."""
    well = await database.answers()
    state: Literal["ok", "unavailable"] = "ok" if well else "unavailable"
    body = Health(status=state, database=state, version=__version__)
    return responses.json(body.model_dump(), 200 if well else 503)


async def livez() -> Annotated[Response, Answer(200, Alive, "The process works.")]:
    """Liveness probe: answer as long as the process works, whatever the database does."""
    return responses.json({"status": "ok"})


async def read_metrics(
    _scraper: Scraper, exposition: Annotated[Callable[[], bytes], Depends(FromApp("exposition"))]
) -> Response:
    """Return what was counted, for Prometheus: requests, statements, the pool of connections. Needs METRICS_TOKEN."""
    return Response(await asyncio.to_thread(exposition), media_type=_TEXT_FORMAT)


FAMILY = Family(
    "health",
    "",
    [
        ("GET", "/health", health),
        ("GET", "/livez", livez),
        ("GET", "/metrics", read_metrics),
    ],
    access=Access.FREE,
    tag="Health",
    description="Liveness and readiness.",
    whose="",
    probes=True,
)
