"""Every operation reads requests as FastAPI's own route does: the same faults, the same arguments for the handler.

The requests are drawn from the OpenAPI document, or come from the tables of tests/data/hostile. What differs by design
is named in tests/support/oracle.py.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given

from donebase.app import create_app
from donebase.http.family import Route
from donebase.routes import FAMILIES, GUARDED_FAMILIES, accounts, every_route, personal_tokens, v1_own_tasks
from donebase.settings import Settings
from tests.properties.budget import rounds
from tests.properties.documented import requests
from tests.properties.rules import Json
from tests.support.asked import SETTINGS
from tests.support.hostile import Ids, lines
from tests.support.oracle import Oracle, Sent

IDS = Ids(7, 8, another=9)
DOCUMENTED = [route for route in every_route() if route.answers]
# How a body is declared is for donebase alone to judge: those lines are in tests/routes/test_validation.py.
# Where a token says whose the tasks are, the number of the caller is read as if the address ended in it.
_OWN = "/own/{user_id}"
CALLERS = [
    *(replace(each, address=_OWN) for each in (v1_own_tasks.FAMILY, v1_own_tasks.CHANGES)),
    *(accounts.ENTRANCE, accounts.PROFILE, accounts.MANAGEMENT, personal_tokens.FAMILY),
]
OF_CALLERS = [route for each in CALLERS for route in each.routes() if route.answers]
TABLES = ("bodies", "headers", "ids", "queries", "paths")


@pytest.fixture(scope="module")
def oracle() -> Oracle:
    return Oracle(*FAMILIES)


@pytest.fixture(scope="module")
def oracle_of_callers() -> Oracle:
    return Oracle(*CALLERS)


@pytest.fixture(scope="module")
def required_document() -> Json:
    return create_app(SETTINGS).openapi()


@pytest.fixture(scope="module")
def document() -> Json:
    return create_app(Settings.read(database_url="postgresql://127.0.0.1:1/nothing")).openapi()


@pytest.mark.parametrize("route", DOCUMENTED, ids=lambda route: route.unique_id)
def test_a_request_is_read_as_fastapi_reads_it(oracle: Oracle, document: Json, route: Route) -> None:
    drawn = requests(document, route.method, route.path_format)
    with asyncio.Runner() as runner:

        def holds(sent: Sent) -> None:
            runner.run(oracle.agrees(sent))

        for round_ in rounds(None, 0.2 / len(DOCUMENTED), examples=1_600 // len(DOCUMENTED)):
            round_(given(drawn)(holds))()


@pytest.mark.parametrize("route", OF_CALLERS, ids=lambda route: f"{route.method} {route.path_format}")
def test_a_request_of_a_caller_is_read_as_fastapi_reads_it(
    oracle_of_callers: Oracle, required_document: Json, route: Route
) -> None:
    path = route.path_format.replace(_OWN, "/api/v1")
    drawn = requests(required_document, route.method, path).map(as_own)
    with asyncio.Runner() as runner:

        def holds(sent: Sent) -> None:
            runner.run(oracle_of_callers.agrees(sent))

        for round_ in rounds(None, 0.1 / len(OF_CALLERS), examples=500 // len(OF_CALLERS)):
            round_(given(drawn)(holds))()


def as_own(sent: Sent) -> Sent:
    return sent._replace(path=sent.path.replace("/api/v1", _OWN.format(user_id=7), 1))


def test_every_operation_is_read_by_one_of_the_two() -> None:
    """What is guarded and neither has read is read by the handlers of the open mode."""
    read = {route.endpoint for route in (*every_route(), *OF_CALLERS)}
    assert {route.endpoint for route in every_route(GUARDED_FAMILIES)} <= read


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
