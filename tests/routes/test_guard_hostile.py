"""The hostile requests of tests/data/hostile where AUTH is `required`: without a token none of them gets anywhere."""

import re
from itertools import islice
from urllib.parse import unquote

import httpx
import pytest

from donebase.http.family import Route
from tests.support.asked import GUARDED, Asked
from tests.support.connections import Closed, Connection
from tests.support.hostile import TABLES, Ids, Line, Request, lines
from tests.support.problems import SENT
from tests.support.stored import stored
from tests.support.tokens import Person

OF_EACH_LINE = 4  # of the operations that a line is sent to
OF_THE_CONNECTION = {"request", "headers", "method", "version", "Host"}
"""The fields at fault in what is refused as it is no HTTP."""


@pytest.fixture(scope="module")
def amy(asked: Asked) -> Person:
    """Somebody with a token."""
    return asked.person()


def requests(line: Line, asked: Asked, person: Person) -> list[Request]:
    """Return some requests of a line about a task of a person, all of which end."""
    body = {"title": "mine"}
    task = asked.client.post("/api/v1/tasks", json=body, headers=person.headers).json()
    ids = Ids(person.number, task["id"], another=9, version=task["version"])
    found = [each for each in line.requests(lambda: ids) if each.method != "GET" or "/events" not in each.path]
    return [*islice(found, 0, None, max(1, len(found) // OF_EACH_LINE))]


def answer(asked: Asked, request: Request, *headers: bytes) -> httpx.Response | None:
    """Return the response to a request, None where the connection is closed instead."""
    connection = Connection(asked.address)
    connection.send(request.written(b"X-Request-ID: the-only-one", *headers))
    try:
        return connection.answer(request.method)
    except Closed:
        return None
    finally:
        connection.close()


def operation_of(request: Request) -> Route | None:
    """Return the guarded operation that a request is for, None if there is none."""
    method = "GET" if request.method == "HEAD" else request.method
    path = unquote(re.sub(r"^https?://[^/?]+", "", request.path.partition("?")[0], flags=re.IGNORECASE))
    return next((each for each in GUARDED.values() if each.method == method and each.path_regex.match(path)), None)


@pytest.mark.parametrize("table", TABLES)
def test_nothing_is_told_or_done_without_a_token(asked: Asked, amy: Person, table: str) -> None:
    sent = [(line, request) for line in lines(table) for request in requests(line, asked, amy)]
    refused = asked.client.get("/users/me/tasks").json() | {"request_id": ""}
    before = stored(asked.url)
    unauthorized = 0
    for line, request in sent:
        response = answer(asked, request)
        if response is None or operation_of(request) is None:
            assert response is None or response.status_code in (200, 304, 307, 400, 404, 405), str(line)
        elif response.status_code == 400:  # before anything knows of operations
            assert {each["field"] for each in response.json()["errors"]} <= OF_THE_CONNECTION, str(line)
        else:
            unauthorized += 1
            assert (response.status_code, response.headers["www-authenticate"]) == (401, 'Bearer error="invalid_token"')
            assert request.method == "HEAD" or response.json() | {"request_id": ""} == refused, str(line)
    assert stored(asked.url) == before
    assert unauthorized > (5 if table == "paths" else 0.5 * len(sent))  # most of those are no address


@pytest.mark.parametrize("table", TABLES)
def test_what_is_refused_in_the_open_mode_is_refused_with_a_token(asked: Asked, amy: Person, table: str) -> None:
    """But at /api/v1, where a token says what a body or a query has to say there."""
    authorization = b"Authorization: " + amy.headers["Authorization"].encode()
    for line in lines(table):
        for request in requests(line, asked, amy):
            response = answer(asked, request, authorization)
            if response is None:
                continue
            assert response.status_code < 500, (str(line), response.text)
            assert response.is_success or SENT not in response.text, str(line)
            if request.answer.status >= 400 and "/api/v1/" not in request.path:
                assert response.status_code in (request.answer.status, 403), str(line)
