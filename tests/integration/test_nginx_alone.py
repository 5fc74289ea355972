"""What nginx says when the service cannot: in donebase's shape, never asking twice, never taking a half for a whole."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from donebase.http.headers import NO_ORIGIN
from tests.support.connections import connect, only_response, until_closed
from tests.support.families import USERS
from tests.support.held_up import Onlooker
from tests.support.nginx import Nginx, nginx
from tests.support.problems import SHAPE, invalid, refused
from tests.support.processes import Service
from tests.support.servers import free_port

HALF_A_LIST = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[{"\r\n'
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"


@contextmanager
def a_service_that_says(*answers: bytes, stays: bool = True) -> Iterator[tuple[str, list[bytes], list[None]]]:
    """Listen like a service that says these on each connection, in turn, and hangs up: if it stays, when asked again.

    Yields where, what it was asked, and an entry for each connection.
    """
    asked: list[bytes] = []
    connected: list[None] = []

    def serve(connection: socket.socket) -> None:
        with connection:
            for answer in (*answers, b"") if stays else answers:
                asked.extend(problem for problem in [connection.recv(65536)] if problem)
                connection.sendall(answer)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connected.append(None)
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}", asked, connected
        listener.shutdown(socket.SHUT_RDWR)


def said_by_nginx(response: httpx.Response, status: int, code: str) -> None:
    """See that an answer of nginx's own has the shape and the headers of donebase's."""
    problem = response.json()
    assert (response.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert response.headers["content-type"] == "application/problem+json"
    assert set(problem) == SHAPE
    assert response.headers.get_list("x-request-id") == [problem["request_id"]]
    assert response.headers.get("retry-after") == ("1" if status == 503 else None)
    assert "access-control-allow-origin" not in response.headers
    for name, value in NO_ORIGIN:
        assert response.headers.get_list(name.decode()) == [value.decode()]


@pytest.fixture
def proxy(service: Service) -> Iterator[Nginx]:
    """An nginx before the service of this process."""
    with nginx(urlsplit(service.address).netloc) as running:
        yield running


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_what_was_sent_is_not_sent_again(method: str) -> None:
    with (
        a_service_that_says(WHOLE) as (place, asked, _),
        nginx(place) as proxy,
        httpx.Client(base_url=proxy.address) as client,
    ):
        assert client.get("/users/1/tasks").json() == []
        answer = client.request(method, "/users/1/tasks/1")
        said_by_nginx(answer, 500, "INTERNAL_ERROR")
        assert "may have been processed" in answer.json()["detail"]
        assert [problem.split(b" ", 1)[0].decode() for problem in asked] == ["GET", method]


def test_half_a_list_is_never_ended() -> None:
    with (
        a_service_that_says(HALF_A_LIST, stays=False) as (place, _, _),
        nginx(place) as proxy,
        pytest.raises(httpx.RemoteProtocolError, match="incomplete"),
        httpx.stream("GET", f"{proxy.address}/users/1/tasks") as answer,
    ):
        answer.read()


def test_connections_to_the_service_are_kept() -> None:
    with (
        a_service_that_says(*[WHOLE] * 10) as (place, asked, connected),
        nginx(place) as proxy,
        httpx.Client(base_url=proxy.address) as client,
    ):
        for _ in range(10):
            assert client.get("/users/1/tasks").json() == []
        assert (len(asked), len(connected)) == (10, 1)
        assert all(problem.startswith(b"GET /users/1/tasks HTTP/1.1\r\n") for problem in asked)


def test_what_only_the_operator_asks_for_is_not_found_from_outside(proxy: Nginx) -> None:
    for path in ("/metrics", "/%6Detrics", "//metrics", "/x/../metrics", "/metrics?x=1", "/.nginx/lost", "/.nginx/"):
        answer = httpx.get(f"{proxy.address}{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND"), path


def test_what_is_no_http_is_refused_in_the_same_shape(proxy: Nginx) -> None:
    host = b"Host: x\r\n"
    for sent in (
        b"garbage\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + host + host + b"\r\n",
        b"GET / HTTP/9.9\r\n" + host + b"\r\n",
        b"POST / HTTP/1.1\r\n" + host + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        b"POST / HTTP/1.1\r\n" + host + b"Content-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + host + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + host + b"Transfer-Encoding: gzip\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    ):
        invalid(answer_to(proxy, sent), ("request", "malformed_http"))


def test_headers_that_are_too_large_are_refused_in_the_same_shape(proxy: Nginx) -> None:
    for path, value in (("/" + "a" * 9000, "b"), ("/", "b" * 9000)):
        answer = httpx.get(f"{proxy.address}{path}", headers={"X-Long": value})
        invalid(answer, ("headers", "too_large"))


def test_a_method_that_nginx_keeps_to_itself_is_refused_in_the_same_shape(proxy: Nginx) -> None:
    answer = httpx.request("TRACE", f"{proxy.address}/users/1/tasks")
    refused(answer, 405, "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == "DELETE, GET, HEAD, PATCH, POST, PUT"


def test_what_nginx_says_itself_is_what_the_service_would(proxy: Nginx, service: Service) -> None:
    same = {"X-Request-ID": "the-same", "Content-Type": "application/json", "Origin": "http://localhost:3000"}
    cors = ("vary", "access-control-allow-origin", "access-control-allow-credentials")
    for method, path, content in (
        ("GET", "/metrics/", b""),
        ("POST", USERS.address(1), b" " * (2**21)),
        ("HEAD", "/nothing", b""),
    ):
        here, direct = (
            httpx.request(method, f"{each.address}{path}", content=content, headers=same) for each in (proxy, service)
        )
        assert here.status_code == direct.status_code
        assert here.content == direct.content or here.json() == direct.json()
        assert [here.headers[name] for name in cors] == [direct.headers[name] for name in cors]
        assert "Retry-After" in here.headers["access-control-expose-headers"]


def test_a_service_may_die_and_come_back(own_database: str, folder: Path, alice: int) -> None:
    port = free_port()

    def start() -> Service:
        return Service(folder, DATABASE_URL=own_database, PORT=str(port)).ready()

    with start() as service, nginx(f"127.0.0.1:{port}") as proxy, httpx.Client(base_url=proxy.address) as client:
        first = USERS.created(client, alice)
        lost = asyncio.run(killed_while_it_creates(service, own_database, f"{proxy.address}{USERS.address(alice)}"))
        said_by_nginx(lost, 500, "INTERNAL_ERROR")
        for method in ("GET", "POST", "DELETE"):
            said_by_nginx(client.request(method, USERS.address(alice)), 503, "OVERLOADED")
        with start():
            assert USERS.create(client, alice, title="afterwards").status_code == 201
            titles = [task["title"] for task in USERS.listed(client, alice)]
        assert titles[0] == first["title"]
        assert titles.count("fate unknown") <= 1
        assert titles.count("afterwards") == 1


async def killed_while_it_creates(service: Service, database: str, address: str) -> httpx.Response:
    """Ask for a task, kill the service while PostgreSQL has the statement, and return the answer."""
    async with (
        Onlooker(database) as onlooker,
        onlooker.holding_up_writes(),
        httpx.AsyncClient() as client,
    ):
        answer = asyncio.create_task(client.post(address, json={"title": "fate unknown"}))
        await onlooker.wait_for(1, "wait_event_type = 'Lock'")
        service.kill()
        return await answer


def answer_to(proxy: Nginx, sent: bytes) -> httpx.Response:
    """Send bytes as they are and return the answer."""
    with connect(proxy.address) as connection:
        connection.sendall(sent)
        return only_response(until_closed(connection))
