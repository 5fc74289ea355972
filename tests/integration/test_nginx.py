"""nginx as deploy/nginx.conf sets it up, before a service: the same answers, and slow clients hold nobody up."""

import http.client
import json
import re
import select
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from donebase.settings import Settings
from tests.support.databases import fetchval
from tests.support.event_source import EventSource
from tests.support.families import API, FAMILIES, USERS, V1, Family
from tests.support.nginx import Nginx, nginx
from tests.support.problems import JSON
from tests.support.processes import Service
from tests.support.waiting import DEADLINE

AT_ONCE = 100
MANY = 1_500
LIMIT = Settings.model_fields["max_body_bytes"].default

# Each stops in the middle: of its headers, of its body, of a body in chunks.
HALVES = {
    "slow-headers": "POST {path} HTTP/1.1\r\nHost: x\r\nX-Request-ID: {name}\r\n",
    "slow-body": "POST {path} HTTP/1.1\r\nHost: x\r\nX-Request-ID: {name}\r\nContent-Length: 100\r\n\r\n"
    + '{{"title": ',
    "slow-chunk": "POST {path} HTTP/1.1\r\nHost: x\r\nX-Request-ID: {name}\r\n"
    'Transfer-Encoding: chunked\r\n\r\nb\r\n{{"title": ',
}


@pytest.fixture(scope="module")
def proxy(service: Service) -> Iterator[Nginx]:
    """An nginx before the service of this process."""
    with nginx(urlsplit(service.address).netloc) as running:
        yield running


@pytest.fixture(scope="module")
def slow(proxy: Nginx) -> Iterator[dict[str, socket.socket]]:
    """Clients that stop in the middle of what they send; they are there while the other tests run."""
    clients = {name: socket.create_connection(("127.0.0.1", proxy.port)) for name in HALVES}
    for name, client in clients.items():
        client.sendall(HALVES[name].format(path=USERS.address(1), name=name).encode())
    yield clients
    for client in clients.values():
        client.close()


@pytest.fixture
def through(proxy: Nginx, slow: dict[str, socket.socket]) -> Iterator[httpx.Client]:
    """A client of the service that reaches it through nginx, while others are slow."""
    assert slow
    with httpx.Client(base_url=proxy.address) as client:
        yield client


def test_a_task_lives_its_life_through_it(through: httpx.Client, family: Family, alice: int) -> None:
    created = family.create(through, alice, title="Buy milk", description="two\r\nlitres ✓")
    assert created.status_code == 201
    task = through.get(created.headers["location"]).json()
    assert task == created.json()
    assert task in family.listed(through, alice)
    head = through.head(created.headers["location"])
    assert (head.status_code, head.content) == (200, b"")
    assert family.change(through, alice, task["id"], completed=True).json()["completed"] is True
    assert family.delete(through, alice, task["id"]).status_code == family.delete_status
    assert family.read(through, alice, task["id"]).json()["code"] == "TASK_NOT_FOUND"


def test_an_absolute_address_leads_back_through_it(through: httpx.Client, proxy: Nginx, alice: int) -> None:
    """Also without PUBLIC_URL, by the port that the client has asked at."""
    todo = through.post(f"/todo-backend/{alice}", json={"title": "Buy milk"}).json()
    assert todo["url"].startswith(f"{proxy.address}/")
    assert through.get(todo["url"]).json() == todo


def test_the_toggle_turns_once(through: httpx.Client, alice: int) -> None:
    task = API.created(through, alice)
    complete = f"{API.one(alice, task['id'])}/complete"
    assert [through.patch(complete).json()["completed"] for _ in range(3)] == [True, False, True]


def test_pages_can_be_followed_through_it(through: httpx.Client, owned: Family, alice: int) -> None:
    tasks = [owned.created(through, alice, title=str(number)) for number in range(5)]
    page = through.get(owned.address(alice), params={"limit": 2})
    found = page.json()
    while "next" in page.links:
        page = through.get(page.links["next"]["url"])
        found += page.json()
    assert found == tasks


def test_a_request_has_one_id_in_both_logs(through: httpx.Client, proxy: Nginx, service: Service, alice: int) -> None:
    for received, kept in ((f"shop.{alice}", True), ("no good id", False), (None, False)):
        answer = through.get(USERS.address(alice), headers={"X-Request-ID": received} if received else {})
        [request_id] = answer.headers.get_list("x-request-id")
        assert (request_id == received) is kept
        assert service.wait_for("request", request_id=request_id)["status"] == 200
        logged = proxy.logged(request_id)
        assert (logged["status"], logged["service_status"]) == (200, "200")
        assert logged["request"] == f"GET {USERS.address(alice)} HTTP/1.1"


def test_a_body_of_the_largest_size_goes_through_and_no_larger(
    through: httpx.Client, client: httpx.Client, alice: int
) -> None:
    body = b'{"title": "Buy milk"}'.ljust(LIMIT)
    assert through.post(USERS.address(alice), content=body, headers=JSON).status_code == 201
    headers = JSON | {"X-Request-ID": "large"}
    here, direct = (each.post(USERS.address(alice), content=body + b" ", headers=headers) for each in (through, client))
    assert here.status_code == direct.status_code == 413
    assert here.json() == direct.json()
    assert len(USERS.listed(through, alice)) == 1


def test_a_long_list_comes_whole(through: httpx.Client, client: httpx.Client, database_url: str, alice: int) -> None:
    task = USERS.created(through, alice, description="d" * 500)
    copies = f"INSERT INTO tasks (user_id, title, description) SELECT $1, title, description FROM tasks, \
        generate_series(2, {MANY}) WHERE user_id = $1 AND id = $2"
    fetchval(database_url, copies, alice, task["id"])
    for family in FAMILIES:
        listed, expected = (each.get(family.address(alice)).json() for each in (through, client))
        assert sum(task["user_id"] == alice for task in listed) == MANY
        assert listed == expected


def test_events_come_through_it_as_they_are_made_and_a_stream_ends_with_its_client(
    through: httpx.Client, proxy: Nginx, service: Service, family: Family, alice: int
) -> None:
    request_id = f"events.{family.name}.{alice}"
    address = family.beside(alice, "events")
    with EventSource(proxy.address, address, {"X-Request-ID": request_id}).opened() as source:
        created = family.created(through, alice)
        assert source.next().data["tasks"] == [created]
        family.delete(through, alice, created["id"])
        assert source.next().data["deleted"] == [created["id"]]
    service.wait_for("request", request_id=request_id)


def test_the_page_comes_through_it_as_it_is(through: httpx.Client, client: httpx.Client) -> None:
    page = client.get("/")
    for address in ("/", *(f"/{found}" for found in re.findall(r"web/[^\"]+", page.text))):
        one, other = (each.get(address) for each in (through, client))
        assert one.content == other.content
        for name in ("etag", "cache-control", "content-encoding", "content-type", "content-security-policy"):
            assert one.headers[name] == other.headers[name], (address, name)
        assert through.get(address, headers={"If-None-Match": one.headers["etag"]}).status_code == 304


def test_many_at_once_are_all_created(through: httpx.Client, alice: int) -> None:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        everybody = list(threads.map(lambda _: V1.create(through, alice, title="at once"), range(AT_ONCE)))
    assert [each.status_code for each in everybody] == [201] * AT_ONCE
    assert {each.json()["id"] for each in everybody} == {task["id"] for task in USERS.listed(through, alice)}


@pytest.mark.parametrize(
    "path",
    [
        "/users/{user}%2Ftasks",
        "/users/{user}/tasks%2F1",
        "/users/{user}/tasks/%31",
        "//users/{user}/tasks",
        "/users//{user}/tasks",
        "/users/{user}/tasks/",
        "/users/x/../{user}/tasks",
        "/users/./{user}/tasks",
        "/users/{user}/tasks/%2e%2e/tasks",
        "/users/{user}/tasks?limit=1&limit=2",
        "/users/{user}/tasks?a%20b=%00&limit=%31",
        "/users/%D9%A1/tasks",
        "/users/{user}/tasks/%FF",
        "/users/{user}/tasks/+1",
        "/api/v1/tasks/1/complete",
        "/%6Divez",
    ],
)
def test_an_address_goes_on_as_it_was_written(proxy: Nginx, service: Service, alice: int, path: str) -> None:
    here, direct = (answer(each, path.format(user=alice)) for each in (proxy.address, service.address))
    assert here == direct


def test_an_address_with_a_nul_is_refused_here_as_there(proxy: Nginx, service: Service, alice: int) -> None:
    for address in (proxy.address, service.address):
        status, received = answer(address, f"{USERS.address(alice)}/%00")
        assert (status, received["code"]) == (400, "VALIDATION_ERROR")


@pytest.mark.long
def test_a_client_that_stops_is_ended_and_the_service_never_hears_of_it(
    slow: dict[str, socket.socket], through: httpx.Client, service: Service, alice: int
) -> None:
    for name, client in slow.items():
        readable, _, _ = select.select([client], [], [], DEADLINE)
        assert readable, f"{name} is still connected"
        assert nothing_more(client), name
    assert through.get(USERS.address(alice), headers={"X-Request-ID": "after-them"}).status_code == 200
    service.wait_for("request", request_id="after-them")
    assert {line["request_id"] for line in service.lines}.isdisjoint(slow)


def answer(address: str, path: str) -> tuple[int, Any]:
    """Ask for a path exactly as it is written; return the status, and the body or where it leads to."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=DEADLINE)
    connection.putrequest("GET", path)
    connection.putheader("X-Request-ID", "as-written")
    connection.endheaders()
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, json.loads(content) if content else response.headers["Location"]


def nothing_more(client: socket.socket) -> bool:
    """Tell whether a connection has ended without a word."""
    try:
        return client.recv(4096) == b""
    except ConnectionResetError:
        return True
