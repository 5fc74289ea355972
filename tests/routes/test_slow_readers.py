"""Clients that take their answers slowly or not at all: they are let go, and cost neither memory nor statements."""

import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import psutil
import pytest

from tests.conftest import NO_HURRY
from tests.support.connections import reset_at_close
from tests.support.databases import empty, fill_without_history
from tests.support.families import USERS
from tests.support.memory import highest_rss
from tests.support.metrics import STATEMENTS, metrics, total
from tests.support.processes import Service
from tests.support.slow_readers import all_begun, asks, everything_from
from tests.support.waiting import wait_for

LONG = 20_000
LARGE = "\N{GRINNING FACE}" * 5_000  # 20 KB
# Of each kind; `make soak` has 50, which makes 200. Each may cost 0.5 MB.
READERS = int(os.environ.get("STALLED_READERS", "12"))
MB = 10**6


@pytest.fixture(scope="module")
def long_list(database_url: str) -> Iterator[str]:
    """The address of a list of 14 MB."""
    user = secrets.randbelow(2**62) + 1
    fill_without_history(database_url, user, LONG, "x" * 500)
    yield USERS.address(user)
    empty(database_url, user)


@pytest.fixture(scope="module")
def large_tasks(database_url: str) -> Iterator[str]:
    """The address of a list of 20 MB, in 1,000 tasks."""
    user = secrets.randbelow(2**62) + 1
    fill_without_history(database_url, user, 1_000, LARGE)
    yield USERS.address(user)
    empty(database_url, user)


@pytest.fixture(scope="module")
def short_timeouts(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that waits for two seconds for a client to take anything."""
    folder = tmp_path_factory.mktemp("short_timeouts")
    settings = {"DATABASE_URL": database_url, "DATABASE_POOL_SIZE": "1", "MAX_CONNECTIONS": "8", "SEND_TIMEOUT": "2"}
    with Service(folder, **settings) as service:
        yield service.ready()


def test_a_client_that_reads_nothing_is_disconnected(short_timeouts: Service, long_list: str) -> None:
    with asks(short_timeouts.address, f"GET {long_list} HTTP/1.1", head="Host: x\r\nX-Request-ID: nothing\r\n") as slow:
        short_timeouts.wait_for("request", request_id="nothing")  # ended, though nothing was taken
        assert not everything_from(slow).endswith(b"0\r\n\r\n")  # nobody takes it for the whole list
    # As much as fits into the buffers on the way: whoever is held up while they are full would be disconnected as well.
    assert len(httpx.get(short_timeouts.address + long_list, params={"limit": 50}).json()) == 50


def test_a_client_that_reads_steadily_gets_the_whole_response(short_timeouts: Service, long_list: str) -> None:
    """Though it takes longer than one who takes nothing is waited for."""
    request = f"GET {long_list} HTTP/1.0"
    with (
        asks(short_timeouts.address, request, head="X-Request-ID: slow\r\n", room=65536),
        asks(short_timeouts.address, request, head="X-Request-ID: steady\r\n", room=65536) as steady,
    ):
        taken = b""
        while not has_ended(short_timeouts, "slow"):
            taken += steady.recv(16384)
            time.sleep(0.01)
        assert not has_ended(short_timeouts, "steady")
        head, _, body = (taken + everything_from(steady)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert len(json.loads(body)) == LONG


def has_ended(service: Service, request_id: str) -> bool:
    return any(line["event"] == "request" and line["request_id"] == request_id for line in service.lines)


def test_a_client_that_leaves_little_unread_is_disconnected(short_timeouts: Service, large_tasks: str) -> None:
    """What waits for a client is less than the event loop takes for much, and some of the connections are closing."""
    with httpx.Client(base_url=short_timeouts.address) as client:
        one = f"{large_tasks}/{client.get(large_tasks, params={'limit': 1}).json()[0]['id']}"
        much = answers_until_nothing_is_taken(short_timeouts, client, one)
    with ExitStack() as stack:
        for last in ("HTTP/1.1", "HTTP/1.0") * 4:  # which closes
            # Of three answers less than it takes to fill all that is on the way, a part stays with the service.
            stack.enter_context(asks(short_timeouts.address, *padded(one, much - 3), f"GET {one} {last}"))
        wait_for(lambda: httpx.get(short_timeouts.address + one).status_code == 200)


def padded(path: str, number: int, request_id: str = "padded") -> list[str]:
    """Return requests of which the service reads no more at once than may wait."""
    return [f"GET {path} HTTP/1.1\r\nX-Request-ID: {request_id}\r\nX-Long: {'x' * 9_000}"] * number


def answers_until_nothing_is_taken(service: Service, client: httpx.Client, path: str) -> int:
    """Return after how many answers the service waits for a client that reads nothing, which it then ends."""
    before = service.descriptors()
    with asks(service.address, *padded(path, 150, "counted")):
        service.wait_for("request", request_id="counted")
        wait_for(lambda: service.descriptors() <= before)
    client.get("/livez", headers={"X-Request-ID": "later"})
    service.wait_for("request", request_id="later")
    answers = len([line for line in service.lines if (line["event"], line["request_id"]) == ("request", "counted")])
    assert answers < 150
    return answers - 1  # the last one waited


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1"])
def test_nothing_is_read_for_a_client_that_has_gone(short_timeouts: Service, long_list: str, version: str) -> None:
    request_id = f"gone.{version[-1]}"
    before = statements(short_timeouts)
    with asks(
        short_timeouts.address, f"GET {long_list} {version}", head=f"Host: x\r\nX-Request-ID: {request_id}\r\n"
    ) as gone:
        assert gone.recv(1)
        reset_at_close(gone)
    short_timeouts.wait_for("request", request_id=request_id)
    assert 0 < statements(short_timeouts) - before < LONG / 250


def test_nothing_is_read_for_the_body_that_an_answer_to_head_does_not_have(
    database_url: str, folder: Path, long_list: str
) -> None:
    """By a service of its own: what others have left behind is still read elsewhere."""
    with Service(folder, DATABASE_URL=database_url, HISTORY_DAYS="0", **NO_HURRY) as service:
        before = statements(service.ready())
        answer = httpx.head(service.address + long_list, headers={"X-Request-ID": "head"})
        service.wait_for("request", request_id="head", method="HEAD")
        assert (answer.status_code, answer.content) == (200, b"")
        assert statements(service) - before == 1


def statements(service: Service) -> float:
    return total(metrics(httpx.get(f"{service.address}/metrics")), f"{STATEMENTS}_count")


@pytest.mark.long
def test_readers_that_stall_cost_little_memory_and_give_it_back(
    database_url: str, folder: Path, large_tasks: str
) -> None:
    with (
        Service(folder, DATABASE_URL=database_url, DATABASE_POOL_SIZE="2") as service,
        httpx.Client(base_url=service.ready().address) as client,
        ExitStack() as stack,
    ):
        task = client.get(large_tasks, params={"limit": 5}).json()[0]["id"]
        process = psutil.Process(service.process.pid)
        before = process.memory_info().rss
        kinds = (
            [f"GET {large_tasks} HTTP/1.1"],
            [f"GET {large_tasks}?limit=1000 HTTP/1.1"],
            [f"GET {large_tasks} HTTP/1.0"],
            [f"GET {large_tasks}/{task} HTTP/1.1"] * 200,
            ["GET /docs/swagger-ui-bundle.js HTTP/1.1"] * 20,
        )
        all_begun(stack, (asks(service.address, *kind) for _ in range(READERS) for kind in kinds))
        wait_until_idle(process)
        grown = highest_rss(process) - before
        assert grown < (10 + READERS * len(kinds) / 2) * MB
        stack.close()
        wait_for(lambda: process.memory_info().rss - before < 15 * MB, lambda: process.memory_info().rss - before)


def wait_until_idle(process: psutil.Process) -> None:
    """Wait until a process does next to nothing any more: all that its clients take is on the way to them."""
    used = [0.0]

    def idle() -> bool:
        used.append(sum(process.cpu_times()[:2]))
        return used[-1] - used[-2] < 0.03

    wait_for(idle, every=0.5)
