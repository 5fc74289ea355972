"""What protects the service from clients that take too much: each limit is reached, and answers as it should."""

import asyncio
import select
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import asyncpg
import httpx

from tests.support.families import USERS
from tests.support.problems import invalid
from tests.support.processes import Service
from tests.support.waiting import DEADLINE, wait_for

HEAD = b"GET /livez HTTP/1.1\r\nHost: donebase\r\n"


@contextmanager
def limited(folder: Path, database_url: str, **limits: str) -> Iterator[Service]:
    with Service(folder, DATABASE_URL=database_url, **limits) as service:
        yield service.ready()


def connected(service: Service) -> socket.socket:
    where = httpx.URL(service.address)
    return socket.create_connection((where.host, where.port or 0), timeout=DEADLINE)


def all_of(connection: socket.socket) -> bytes:
    """Return what comes until the service ends the connection."""
    pieces = []
    while piece := connection.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


def lives(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"\r\n")
    raw = b""
    while not raw.endswith(b"}"):
        raw += connection.recv(65536)
    assert raw.startswith(b"HTTP/1.1 200")


def answer(raw: bytes) -> httpx.Response:
    head, _, body = raw.partition(b"\r\n\r\n")
    status, *lines = head.split(b"\r\n")
    headers = [(name, value) for name, _, value in (line.partition(b": ") for line in lines)]
    return httpx.Response(int(status.split()[1]), headers=headers, content=body)


def test_headers_have_to_arrive_in_time(database_url: str, folder: Path) -> None:
    with limited(folder, database_url, HEADER_TIMEOUT="2") as service:
        with connected(service) as first, connected(service) as kept, connected(service) as silent:
            lives(kept)
            for slow in (first, kept):
                slow.sendall(HEAD)
            for slow in (first, kept):
                invalid(answer(all_of(slow)), ("headers", "too_slow"))
            assert all_of(silent) == b""
        with connected(service) as dripping:
            for byte in HEAD + b"X-Slow: yes" * 500:
                dripping.sendall(bytes([byte]))
                if select.select([dripping], [], [], 0.02)[0]:
                    break
            invalid(answer(all_of(dripping)), ("headers", "too_slow"))


def test_an_idle_connection_is_kept_longer_than_headers_may_take(database_url: str, folder: Path) -> None:
    with limited(folder, database_url, HEADER_TIMEOUT="2") as service, connected(service) as kept:
        lives(kept)
        with connected(service) as silent:
            assert all_of(silent) == b""  # its headers never came
        lives(kept)


def test_headers_have_a_size(database_url: str, folder: Path) -> None:
    with limited(folder, database_url, MAX_HEADER_BYTES="1024") as service:
        for length, status in ((900, 200), (1100, 400)):
            with connected(service) as one:
                one.sendall(HEAD + b"Connection: close\r\nX-Long: " + b"x" * length + b"\r\n\r\n")
                response = answer(all_of(one))
                assert response.status_code == status
        invalid(response, ("headers", "too_large"))
        with connected(service) as endless:
            endless.sendall(HEAD + b"X-Long: " + b"x" * 400_000)
            invalid(answer(all_of(endless)), ("headers", "too_large"))


def test_many_small_requests_in_one_piece_are_no_large_header(database_url: str, folder: Path) -> None:
    with limited(folder, database_url, MAX_HEADER_BYTES="1024") as service, connected(service) as one:
        one.sendall((HEAD + b"\r\n") * 100 + HEAD + b"Connection: close\r\n\r\n")
        assert all_of(one).count(b"HTTP/1.1 200 OK\r\n") == 101


def test_of_endless_requests_in_one_piece_some_are_answered(service: Service) -> None:
    with connected(service) as one:
        one.sendall((HEAD + b"\r\n") * 3000)
        assert all_of(one).count(b"HTTP/1.1 200 OK\r\n") == 101


def test_a_broken_request_is_logged_once_under_its_own_id(service: Service) -> None:
    head = b"POST /users/1/tasks HTTP/1.1\r\nHost: donebase\r\nX-Request-ID: cut\r\nTransfer-Encoding: chunked\r\n"
    with connected(service) as one:
        one.sendall(head + b"Expect: 100-continue\r\n\r\n")
        assert one.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"  # the body is waited for
        one.sendall(b"ZZ\r\n")
        assert answer(all_of(one)).headers["x-request-id"] == "cut"
    line = service.wait_for("request", request_id="cut")
    assert [each for each in service.lines if each["request_id"] == "cut"] == [line]


def test_a_connection_too_many_is_turned_away(database_url: str, folder: Path, alice: int) -> None:
    with limited(folder, database_url, MAX_CONNECTIONS="3") as service, ExitStack() as stack:
        clients = [stack.enter_context(httpx.Client(base_url=service.address)) for _ in range(3)]
        for client in clients:
            assert client.get("/livez").status_code == 200
        with httpx.Client(base_url=service.address) as another:
            for probe in ("/livez", "/health", "/metrics"):
                assert another.get(probe).status_code == 200
            for path in (USERS.address(alice), f"{USERS.address(alice)}?limit=1", "/nothing"):
                refused = another.get(path, headers={"X-Request-ID": "shop-42"})
                assert (refused.status_code, refused.json()["code"]) == (503, "OVERLOADED")
                assert refused.json()["request_id"] == refused.headers["x-request-id"] == "shop-42"
                assert int(refused.headers["retry-after"]) >= 1
                assert refused.headers["connection"] == "close"
            created = another.post(USERS.address(alice), json={"title": "one too many"})
            assert created.status_code == 503
        for client in clients:
            assert client.get(USERS.address(alice)).json() == []
        clients[0].close()
        wait_for(lambda: httpx.get(service.address + USERS.address(alice)).status_code == 200)


def test_who_does_not_take_an_answer_is_let_go(database_url: str, folder: Path, alice: int) -> None:
    asyncio.run(_fill(database_url, alice, 20_000))
    with limited(folder, database_url, SEND_TIMEOUT="2", DATABASE_POOL_SIZE="1") as service:
        with connected(service) as slow:
            slow.sendall(f"GET {USERS.address(alice)} HTTP/1.1\r\nHost: donebase\r\n\r\n".encode())
            service.wait_for("request", route="/users/{user_id}/tasks")  # ended, though nothing was taken
            assert not all_of(slow).endswith(b"0\r\n\r\n")  # nobody takes it for the whole list
        assert len(httpx.get(service.address + USERS.address(alice)).json()) == 20_000


def test_who_leaves_little_untaken_is_let_go_as_well(database_url: str, folder: Path, alice: int) -> None:
    """What waits for a client is less than the event loop takes for much, and some of the connections are closing."""
    stalled = 4
    with limited(folder, database_url, SEND_TIMEOUT="0.5", MAX_CONNECTIONS=str(2 * stalled)) as service:
        with httpx.Client(base_url=service.address) as client:
            address = _with_a_large_task(client, alice)
            much = _answers_until_nothing_is_taken(service, client, address)
        with ExitStack() as stack:
            for _ in range(stalled):
                # Of three answers less than it takes to fill all that is on the way, a part stays with the service.
                stack.enter_context(_reads_nothing(service, address, much - 2))
                stack.enter_context(_reads_nothing(service, address, much - 2, last=b"Connection: close\r\n"))
            wait_for(lambda: httpx.get(service.address + address).status_code == 200)


def _with_a_large_task(client: httpx.Client, user: int) -> str:
    large = {"title": "large", "description": "\N{GRINNING FACE}" * 5000}
    return str(client.post(USERS.address(user), json=large).headers["location"])


def _reads_nothing(service: Service, address: str, requests: int, last: bytes = b"") -> socket.socket:
    """Ask for so many answers in one piece, with as little room for them as there may be."""
    where = httpx.URL(service.address)
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    connection.connect((where.host, where.port))
    head = f"GET {address} HTTP/1.1\r\nHost: donebase\r\nX-Request-ID: untaken\r\n".encode()
    connection.sendall((head + b"\r\n") * (requests - 1) + head + last + b"\r\n")
    return connection


def _answers_until_nothing_is_taken(service: Service, client: httpx.Client, address: str) -> int:
    """Return after how many answers the service waits for a client that reads nothing, which it then ends."""
    before = _descriptors(service)
    with _reads_nothing(service, address, 100):
        service.wait_for("request", request_id="untaken")
        wait_for(lambda: _descriptors(service) == before)
    client.get("/livez", headers={"X-Request-ID": "later"})
    service.wait_for("request", request_id="later")
    answers = len([line for line in service.lines if (line["event"], line["request_id"]) == ("request", "untaken")])
    assert answers < 100
    return answers - 1  # the last one waited


def _descriptors(service: Service) -> int:
    return len(list(Path(f"/proc/{service.process.pid}/fd").iterdir()))


def test_who_takes_an_answer_steadily_gets_all_of_it(database_url: str, folder: Path, alice: int) -> None:
    """Though it takes longer than one who takes nothing is waited for."""
    asyncio.run(_fill(database_url, alice, 20_000))
    with (
        limited(folder, database_url, SEND_TIMEOUT="2") as service,
        connected(service) as slow,
        connected(service) as steady,
    ):
        for reader, name in ((slow, b"slow"), (steady, b"steady")):
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            reader.sendall(f"GET {USERS.address(alice)} HTTP/1.0\r\nX-Request-ID: ".encode() + name + b"\r\n\r\n")
        head = steady.recv(4096)
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        taken = len(head.partition(b"\r\n\r\n")[2])
        while not _has_ended(service, "slow"):
            taken += len(steady.recv(16384))
            time.sleep(0.01)
        assert taken < length
        assert taken + len(all_of(steady)) == length


def _has_ended(service: Service, request_id: str) -> bool:
    return any(line["event"] == "request" and line["request_id"] == request_id for line in service.lines)


async def _fill(url: str, user: int, number: int) -> None:
    connection = await asyncpg.connect(url, statement_cache_size=0)
    try:
        await connection.execute("INSERT INTO users (id) VALUES ($1)", user)
        await connection.execute(
            "INSERT INTO tasks (user_id, title, completed) SELECT $1, repeat('x', 500), false"
            " FROM generate_series(1, $2::int)",
            user,
            number,
        )
    finally:
        await connection.close()
