"""What the service says while it works: one line for each thing, nothing forged, no words of anybody's tasks."""

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from donebase.app import create_app, with_middleware
from donebase.settings import Settings
from donebase.telemetry import log_schedule, logs
from tests.support.families import API, FAMILIES, Family
from tests.support.processes import Service

WORDS = "nobody must read this"


Lines = Callable[[], list[str]]


@pytest.fixture
def lines(capfd: pytest.CaptureFixture[str]) -> Iterator[Lines]:
    """What was written to standard output, line by line."""
    yield lambda: capfd.readouterr().out.splitlines()
    logs.configure("json")


def of(service: Service, request_id: str, last: str = "request") -> list[dict[str, Any]]:
    """Return the lines of one request, once the last of them is there."""
    service.wait_for(last, request_id=request_id)
    return [line for line in service.lines if line["request_id"] == request_id]


def answered(app: FastAPI, method: str, path: str, **options: Any) -> httpx.Response:
    """Send a request to an app in this process, which logs as JSON."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=with_middleware(app))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path, **options)

    logs.configure("json")
    try:
        return asyncio.run(ask())
    finally:
        logs.flush()


def test_a_request_is_one_line_that_says_what_it_did(
    service: Service, client: httpx.Client, family: Family, alice: int
) -> None:
    """000 T031; 001 T043; 002 T023 and T031."""
    task = family.created(client, alice, title=WORDS, description=WORDS)
    steps = [
        ("GET", family.address(alice), None, "listed"),
        ("GET", family.one(alice, task["id"]), None, "read"),
        ("PUT", family.one(alice, task["id"]), {"title": WORDS + "!"}, "changed"),
        ("DELETE", family.one(alice, task["id"]), None, "deleted"),
    ]
    for method, address, body, event in steps:
        request_id = f"{family.name}.{alice}.{event}"
        response = client.request(method, address, json=body, headers={"X-Request-ID": request_id})
        [line] = of(service, request_id)
        assert (line["event"], line["method"], line["status"]) == ("request", method, response.status_code)
        assert line["route"] == family.tasks + ("" if event == "listed" else "/{task_id}")
        assert line["ms"] > 0
        assert line["action"] == f"task.{event}"
        assert line["user_id"] in (alice, None)
        assert line["task_id"] == (None if event == "listed" else task["id"])
        assert line.get("change") == {"changed": 2, "deleted": 3}.get(event)
    assert WORDS not in json.dumps(service.lines)


def test_the_line_of_a_request_about_many_tasks_has_their_owner_and_the_change(
    service: Service, client: httpx.Client, owned: Family, alice: int
) -> None:
    steps: list[tuple[str, str, Any, str, int | None]] = [
        ("POST", "", [{"title": "x"}] * 2, "created", 1),
        ("PATCH", "?completed=false", {"completed": True}, "changed", 2),
        ("PATCH", "", {"completed": True}, "read", None),
        ("DELETE", "?all=true", None, "deleted", 3),
    ]
    for method, query, body, event, change in steps:
        request_id = f"{owned.name}.many.{alice}.{event}"
        client.request(method, owned.address(alice) + query, json=body, headers={"X-Request-ID": request_id})
        [line] = of(service, request_id)
        found = (line["action"], line["user_id"], line["task_id"], line.get("change"))
        assert found == (f"task.{event}", alice, None, change)


def test_completing_is_an_action_of_its_own(service: Service, client: httpx.Client, alice: int) -> None:
    task = API.created(client, alice)
    client.patch(f"{API.one(alice, task['id'])}/complete", headers={"X-Request-ID": f"done.{alice}"})
    assert of(service, f"done.{alice}")[0]["action"] == "task.completed"


@pytest.mark.parametrize(("headers", "status"), [({}, 200), ({"If-Match": '"7"'}, 412)])
def test_a_write_that_changes_nothing_is_a_read(
    service: Service, client: httpx.Client, family: Family, alice: int, headers: dict[str, str], status: int
) -> None:
    task = family.created(client, alice)
    request_id = f"read.{family.name}.{alice}"
    body = {"title": task["title"]}
    client.put(family.one(alice, task["id"]), json=body, headers={"X-Request-ID": request_id, **headers})
    [line] = of(service, request_id)
    assert (line["status"], line["action"], line["task_id"]) == (status, "task.read", task["id"])
    assert "change" not in line


def test_the_line_of_a_request_that_did_nothing_has_no_action(
    service: Service, client: httpx.Client, family: Family, alice: int
) -> None:
    """Not even that of the request before it on the same connection."""
    for number, (method, address) in enumerate(
        [("GET", family.one(alice, 2**62)), ("POST", family.address(alice)), ("GET", "/nothing"), ("GET", "/livez")]
    ):
        family.created(client, alice)
        request_id = f"nothing.{family.name}.{alice}.{number}"
        client.request(method, address, headers={"X-Request-ID": request_id})
        [line] = of(service, request_id)
        assert {"action", "user_id", "task_id"}.isdisjoint(line)


def test_nothing_that_is_sent_can_forge_a_line(service: Service, client: httpx.Client, alice: int) -> None:
    before = len(service.lines)
    forged = '"}\n{"event": "forged"}\r\n\x1b[31m'
    for family in FAMILIES:
        family.create(client, alice, title=forged)
    client.get("/users/x%0A%7B%22event%22:%22forged%22%7D/tasks")
    client.get("/%0Aforged", headers={"X-Request-ID": 'x", "event": "forged'})
    client.request("OPTIONS", "/forged")
    end = client.get("/livez", headers={"X-Request-ID": f"end.{alice}"})
    of(service, end.headers["x-request-id"])
    assert "forged" not in {line["event"] for line in service.lines[before:]}
    assert "forged" not in json.dumps([line for line in service.lines[before:] if line["event"] == "request"])


def test_an_unexpected_failure_is_a_500_and_one_line_with_its_cause(lines: Lines) -> None:
    app = create_app(Settings.read(database_url="postgresql://127.0.0.1:1/nothing"))

    async def fail(_request: Request) -> Response:
        raise RuntimeError(WORDS)

    app.router.add_route("/fail", fail)

    response = answered(app, "GET", "/fail", headers={"X-Request-ID": "it-broke"})
    assert response.status_code == 500
    assert response.json()["code"] == "INTERNAL_ERROR"
    assert response.json()["request_id"] == response.headers["x-request-id"] == "it-broke"
    assert WORDS not in response.text
    crash, request = [json.loads(line) for line in lines()]
    assert (crash["event"], crash["cause"], crash["request_id"]) == ("internal_error", "RuntimeError", "it-broke")
    assert "raise RuntimeError" in crash["traceback"]
    assert (request["event"], request["status"]) == ("request", 500)


def test_a_database_that_is_away_is_a_500_and_one_line_with_its_cause(lines: Lines) -> None:
    app = create_app(Settings.read(database_url="postgresql://me:hidden@127.0.0.1:1/nothing"))

    response = answered(app, "POST", "/users/1/tasks", json={"title": "x"})
    assert (response.status_code, response.json()["code"]) == (500, "DATABASE_ERROR")
    assert response.headers["retry-after"] == "1"
    assert set(response.json()) == {"type", "title", "status", "detail", "code", "request_id"}
    assert "may have been carried out" in response.json()["detail"]
    failure, request = [json.loads(line) for line in lines()]
    assert (failure["event"], request["event"]) == ("database_error", "request")
    assert failure["cause"].startswith("ConnectionRefusedError")
    assert "hidden" not in json.dumps([failure, response.json()])


def test_lines_for_people_and_lines_for_machines(lines: Lines) -> None:
    logs.configure("auto")
    logs.info("for.machines", where="here\nthere", odd="\ud800")
    logs.configure("text")
    logs.info("for.people", where="here\nthere", odd="\ud800")
    try:
        raise ValueError("line one\nline two")
    except ValueError as error:
        logs.crash("broken", error)
    machine, person, *crash = lines()
    assert json.loads(machine)["where"] == "here\nthere"
    assert person.endswith(r'info    for.people where="here\nthere" odd="\ud800"')
    assert crash[0].endswith('error   broken cause="ValueError"')
    assert all(line.startswith("    ") for line in crash[1:])


def test_the_line_of_a_request_is_held_for_machines_and_not_for_people(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_schedule, "HOLD_SECONDS", 3600)

    async def request() -> list[str]:
        logs.log_request("GET", "/livez", 200, 0.001, None)
        for _ in range(5):
            await asyncio.sleep(0)
        return lines()

    logs.configure("text")
    [line] = asyncio.run(request())
    assert 'method="GET" route="/livez" status=200' in line
    logs.configure("json")
    assert asyncio.run(request()) == []
    logs.flush()
    assert [json.loads(line)["event"] for line in lines()] == ["request"]


def test_the_line_of_a_request_has_the_number_of_a_change_and_none_for_a_read(lines: Lines) -> None:
    logs.configure("json")
    logs.log_request("PUT", "/users/{user_id}/tasks/{task_id}", 200, 0.001, ("task.changed", 7, 1, 58))
    logs.log_request("GET", "/users/{user_id}/tasks/{task_id}", 200, 0.001, ("task.read", 7, 1, None))
    logs.flush()
    change, read = [json.loads(line) for line in lines()]
    assert (change["action"], change["user_id"], change["task_id"], change["change"]) == ("task.changed", 7, 1, 58)
    assert "change" not in read


def test_what_libraries_say_takes_the_same_form(lines: Lines) -> None:
    logs.configure("json")
    logging.getLogger("uvicorn.error").warning("a %s", "word")
    try:
        raise ValueError("inside")
    except ValueError:
        logging.getLogger("somebody").exception("it broke")
    first, second = [json.loads(line) for line in lines()]
    assert (first["event"], first["level"], first["message"]) == ("log", "warning", "a word")
    assert "ValueError: inside" in second["traceback"]
