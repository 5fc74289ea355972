"""What the service counts, as Prometheus reads it."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest
from prometheus_client import Metric

from donebase import __version__
from tests.conftest import NO_HURRY
from tests.support.families import API, FAMILIES, USERS, V1
from tests.support.metrics import REQUESTS, STATEMENTS, metrics, total
from tests.support.processes import Service
from tests.support.waiting import wait_for

POOL = "donebase_database_pool_"


@pytest.fixture
def watched(database_url: str, folder: Path) -> Iterator[httpx.Client]:
    """A client of a service that nobody else asks anything."""
    # Its statements and connections are counted: it has none of its own.
    settings = {"DATABASE_URL": database_url, "DATABASE_POOL_SIZE": "3", "HISTORY_DAYS": "0"}
    with _clients_of(folder, **settings, **NO_HURRY) as client:
        yield client


@contextmanager
def _clients_of(folder: Path, **settings: str) -> Iterator[httpx.Client]:
    with Service(folder, **settings) as service, httpx.Client(base_url=service.ready().address) as client:
        yield client


def counted(found: dict[str, Metric], **labels: str) -> float:
    return total(found, f"{REQUESTS}_count", **labels)


def test_requests_are_counted_by_route_status_and_family(watched: httpx.Client, alice: int) -> None:
    for family in FAMILIES:
        task = family.created(watched, alice)
        assert family.read(watched, alice, task["id"]).status_code == 200
        assert watched.get(family.one(alice, "abc")).status_code == 400
        assert watched.get(family.address(alice), params={"limit": 1, "after": 2**62}).status_code == 200
    found = metrics(watched.get("/metrics"))
    for family in FAMILIES:
        route = family.tasks
        one = f"{route}/{{task_id}}"
        assert counted(found, method="POST", route=route, status="201", family=family.name) == 1
        assert counted(found, method="GET", route=one, status="200", family=family.name) == 1
        assert counted(found, method="GET", route=one, status="400", family=family.name) == 1
        assert counted(found, method="GET", route=route, status="200", family=family.name) == 1
    assert counted(found) == 12


def test_a_histogram_tells_how_long_requests_took(watched: httpx.Client) -> None:
    began = time.perf_counter()
    for _ in range(5):
        watched.get("/livez")
    found = metrics(watched.get("/metrics"))
    labels = {"route": "/livez", "status": "200"}
    buckets = [
        each
        for each in found[REQUESTS].samples
        if each.name.endswith("_bucket") and labels.items() <= each.labels.items()
    ]
    assert [each.labels["le"] for each in buckets][-2:] == ["10.0", "+Inf"]
    assert [each.value for each in buckets] == sorted(each.value for each in buckets)
    assert buckets[-1].value == 5
    assert 0 < total(found, f"{REQUESTS}_sum", **labels) < time.perf_counter() - began


def test_no_label_grows_with_what_clients_send(watched: httpx.Client, alice: int) -> None:
    for turn in range(30):
        watched.get(f"/nothing/{turn}")
        watched.get(f"/web/{turn}/main.js")
        watched.get(f"/users/{alice + turn}/tasks/{turn + 1}")
        watched.get(f"/users/{alice}/tasks/x{turn}")
    for method in ("PROPFIND", "MKCOL", "LOCK", "SUBSCRIBE"):
        watched.request(method, f"/users/{alice}/tasks")
    address = watched.base_url
    with httpx.Client(base_url=address) as other:
        assert other.request("BREW", "/livez").status_code == 400
    found = metrics(watched.get("/metrics"))
    labels = {tuple(sorted(each.labels.items())) for each in found[REQUESTS].samples if each.name.endswith("_count")}
    assert labels == {
        (("family", "none"), ("method", "GET"), ("route", "none"), ("status", "404")),
        (("family", "web"), ("method", "GET"), ("route", "/web/{release}/{path}"), ("status", "404")),
        (("family", "users"), ("method", "GET"), ("route", "/users/{user_id}/tasks/{task_id}"), ("status", "404")),
        (("family", "users"), ("method", "GET"), ("route", "/users/{user_id}/tasks/{task_id}"), ("status", "400")),
        (("family", "users"), ("method", "other"), ("route", "/users/{user_id}/tasks"), ("status", "405")),
        (("family", "none"), ("method", "other"), ("route", "none"), ("status", "400")),
    }


def test_statements_are_counted_with_their_time(watched: httpx.Client, alice: int) -> None:
    before, began = metrics(watched.get("/metrics")), time.perf_counter()
    task = USERS.created(watched, alice)
    API.read(watched, alice, task["id"])
    V1.delete(watched, alice, task["id"])
    watched.get(USERS.one(alice, "abc"))
    after = metrics(watched.get("/metrics"))

    def grown(sample: str, outcome: str) -> float:
        name = f"{STATEMENTS}_{sample}"
        return total(after, name, outcome=outcome) - total(before, name, outcome=outcome)

    assert (grown("count", "answered"), grown("count", "failed")) == (3, 0)
    assert 0 < grown("sum", "answered") < time.perf_counter() - began


def test_the_pool_is_seen_as_it_is(watched: httpx.Client, database_url: str, alice: int) -> None:
    """Three connections wait for a lock, and two requests for a connection."""
    task = USERS.created(watched, alice)
    assert pool(watched) == {"size": 3, "in_use": 0, "waiting": 0}

    async def held() -> None:
        connection = await asyncpg.connect(database_url, statement_cache_size=0)
        try:
            async with connection.transaction():
                await connection.execute("SELECT 1 FROM tasks WHERE id = $1 FOR UPDATE", task["id"])
                with ThreadPoolExecutor() as threads:
                    changes = [threads.submit(USERS.change, watched, alice, task["id"], title="new") for _ in range(5)]
                    while pool(watched) != {"size": 3, "in_use": 3, "waiting": 2}:
                        assert not any(change.done() for change in changes)
                        await asyncio.sleep(0.05)
                    await connection.execute("SELECT 1")
                    await connection.execute("COMMIT")
                    assert [change.result().status_code for change in changes] == [200] * 5
                await connection.execute("BEGIN")  # for the transaction around to end
        finally:
            await connection.close()

    asyncio.run(held())
    assert pool(watched) == {"size": 3, "in_use": 0, "waiting": 0}


def pool(client: httpx.Client) -> dict[str, float]:
    found = metrics(client.get("/metrics"))
    return {name: total(found, POOL + name) for name in ("size", "in_use", "waiting")}


def test_the_version_is_told(watched: httpx.Client) -> None:
    assert [each.labels for each in metrics(watched.get("/metrics"))["donebase_info"].samples] == [
        {"version": __version__}
    ]


def test_whichever_worker_is_asked_answers_for_all(database_url: str, folder: Path) -> None:
    with _clients_of(folder, DATABASE_URL=database_url, WORKERS="2", DATABASE_POOL_SIZE="3") as client:
        for _ in range(40):  # each on a connection of its own, so that both workers get some
            assert httpx.get(f"{client.base_url}/livez").status_code == 200
        # An answer is there a moment before it is counted.
        wait_for(lambda: counted(metrics(client.get("/metrics")), route="/livez") == 40)
        for _ in range(8):
            with httpx.Client(base_url=client.base_url) as another:
                found = metrics(another.get("/metrics"))
            assert counted(found, route="/livez") == 40
            assert total(found, f"{POOL}size") == 6


def test_the_process_that_starts_workers_imports_no_library_of_metrics_or_traces() -> None:
    """FastAPI, which the workers import, imports OpenTelemetry itself."""
    program = "import sys, donebase.serving.process; print({'prometheus_client', 'opentelemetry'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "set()\n"
