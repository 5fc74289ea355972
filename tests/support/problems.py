"""How a refusal has to look, and what has to be as it was after it."""

import re
from collections.abc import Iterator
from typing import Any

import httpx

from tests.support.families import USERS, Family

SENT = "kept-to-ourselves"  # is in what is sent, and must not be in the answer
JSON = {"Content-Type": "application/json"}
# RFC 9110's names; Python's own for 413 differs from one version to another.
STATUSES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    410: "Gone",
    412: "Precondition Failed",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
SHAPE = {"type", "title", "status", "detail", "code", "request_id"}
MORE = {"VALIDATION_ERROR": "errors", "PRECONDITION_FAILED": "current", "UNDO_CONFLICT": "conflicts"}


def refused(response: httpx.Response, status: int, code: str, *faults: tuple[str, str]) -> None:
    """See that a request was refused in the one shape there is, with these fields at fault and no word too many."""
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
    problem = response.json()
    assert set(problem) == SHAPE | ({MORE[code]} if code in MORE else set())
    assert (problem["type"], problem["title"]) == ("about:blank", STATUSES[status])
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["detail"]
    assert response.headers.get_list("x-request-id") == [problem["request_id"]]
    errors = problem.get("errors", [])
    if errors:
        assert problem["detail"].endswith(f": {errors[0]['message']}")
        assert problem["detail"].startswith((errors[0]["field"], "a field: "))
        assert re.fullmatch(r"[^<>&\"'\x00-\x1f]*", problem["detail"].partition(": ")[0])
    assert sorted((fault["field"], fault["code"]) for fault in errors) == sorted(faults)
    assert all(set(fault) == {"field", "message", "code"} and fault["message"] for fault in errors)
    assert SENT not in response.text + str(response.headers.raw)


def invalid(response: httpx.Response, *faults: tuple[str, str]) -> None:
    refused(response, 400, "VALIDATION_ERROR", *faults)


def tasks_of(client: httpx.Client, user: int) -> Any:
    return client.get(USERS.address(user)).json()


def changing(client: httpx.Client, family: Family, user: int) -> Iterator[tuple[str, str]]:
    """Make a task and give each way to change it; see in the end that it is as it was, and that no other followed."""
    task = family.created(client, user, description="as it was")
    for method in ("PATCH", "PUT"):
        yield method, family.one(user, task["id"])
    assert tasks_of(client, user)[-1] == task


def named(value: object) -> str:
    return ascii(value)[:60]
