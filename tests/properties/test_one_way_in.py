"""Every operation reads requests as FastAPI's own route does: the same faults, the same arguments for the handler.

The requests are drawn from the OpenAPI document, or come from the tables of tests/data/hostile. What differs by design
is named in tests/support/oracle.py.
"""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given

from donebase.app import create_app
from donebase.http.family import Route
from donebase.routes import FAMILIES, every_route
from donebase.settings import Settings
from tests.properties.budget import rounds
from tests.properties.documented import requests
from tests.properties.rules import Json
from tests.support.hostile import Ids, lines
from tests.support.oracle import Oracle, Sent

IDS = Ids(7, 8, another=9)
DOCUMENTED = [route for route in every_route() if route.answers]
# How a body is declared is for donebase alone to judge: those lines are in tests/routes/test_validation.py.
TABLES = ("bodies", "headers", "ids", "queries", "paths")


@pytest.fixture(scope="module")
def oracle() -> Oracle:
    return Oracle(*FAMILIES)


@pytest.fixture(scope="module")
def document() -> Json:
    return create_app(Settings.read(database_url="postgresql://127.0.0.1:1/nothing")).openapi()


@pytest.mark.parametrize("route", DOCUMENTED, ids=lambda route: route.unique_id)
def test_a_request_is_read_as_fastapi_reads_it(oracle: Oracle, document: Json, route: Route) -> None:
    drawn = requests(document, route.method, route.path_format)
    with asyncio.Runner() as runner:

        def holds(sent: Sent) -> None:
            runner.run(oracle.agrees(sent))

        for round_ in rounds(None, 0.2 / len(DOCUMENTED), examples=2_400 // len(DOCUMENTED)):
            round_(given(drawn)(holds))()


@pytest.mark.long
@pytest.mark.parametrize("table", TABLES)
def test_a_hostile_request_is_read_as_fastapi_reads_it(oracle: Oracle, table: str) -> None:
    async def all_agree() -> int:
        number = 0
        for sent in hostile(table):
            await oracle.agrees(sent)
            number += 1
        return number

    assert asyncio.run(all_agree()) > 50


def hostile(table: str) -> Iterator[Sent]:
    """Yield the requests of a table."""
    for line in lines(table):
        for request in line.requests(lambda: IDS):
            headers = [tuple(header.split(b":", 1)) for header in request.headers]
            pairs = [(name.strip().lower(), value.strip()) for name, value in headers]
            yield Sent(request.method, request.path, pairs, request.body or b"")
