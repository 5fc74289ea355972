"""The clients of docs/sync.md: whatever happens meanwhile, their copies are the list in the end."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.databases import fetchval
from tests.support.postgresql import Postgresql
from tests.support.processes import Service
from tests.support.servers import free_port
from tests.support.sync_clients import OWNER, Client, change_of, clients_on_the_page, tasks_of
from tests.support.waiting import wait_for

WRITE = "INSERT INTO tasks (user_id, title) SELECT $1, 'by SQL ' || n FROM generate_series(0, 9) AS n"
FORGET = "TRUNCATE history, idempotency_keys"
CREATED = """SELECT json_object_agg(title, tasks) FROM (
    SELECT after ->> 'title' AS title, count(DISTINCT task_id) AS tasks FROM history WHERE before IS NULL GROUP BY title
) AS created"""


def go_on(everybody: list[Client]) -> None:
    """Wait until each client has seen 30 changes more than any of them has so far."""
    enough = max(map(change_of, everybody)) + 30
    wait_for(lambda: min(map(change_of, everybody)) > enough, every=0.05)


def assert_copies_are_the_list(everybody: list[Client], address: str) -> None:
    listed = httpx.get(f"{address}/users/{OWNER}/tasks")
    wait_for(lambda: [change_of(each) for each in everybody] == [int(listed.headers["Change"])] * 3)
    assert [tasks_of(each) for each in everybody] == [listed.json()] * 3


def lists_and_changes_read(service: Service) -> tuple[int, int]:
    """Return how many requests for the list, and how many for changes, are in the log."""
    asked = [line["route"] for line in service.lines if line["event"] == "request" and line["method"] == "GET"]
    return asked.count("/users/{user_id}/tasks"), asked.count("/users/{user_id}/changes")


@pytest.mark.long
def test_through_restarts_and_an_outage_nothing_is_missed_and_nothing_doubled(
    folder: Path, server: Postgresql, database: str
) -> None:
    url = server.url(database)
    settings = {"DATABASE_URL": url, "PORT": str(free_port())}
    with ThreadPoolExecutor() as thread, ExitStack() as stack:  # this thread has the event loop of the browser

        def sql(statement: str, *arguments: object) -> Any:
            return thread.submit(fetchval, url, statement, *arguments).result()

        service = stack.enter_context(Service(folder, **settings)).ready()
        everybody = stack.enter_context(clients_on_the_page(service.address))
        go_on(everybody)
        # Until here, each needed one list, one request for changes and one stream.
        wait_for(lambda: lists_and_changes_read(service) >= (3, 3))
        service.kill()
        assert lists_and_changes_read(service) == (3, 3)
        sql(WRITE, OWNER)  # nobody is told of that
        service = stack.enter_context(Service(folder, **settings)).ready()
        go_on(everybody)
        server.stop("immediate")
        service.wait_for("database_error")
        server.start()
        go_on(everybody)
        titles = [title for each in everybody for title in each.ask("stop")]
        assert_copies_are_the_list(everybody, service.address)
        titles += [f"by SQL {number}" for number in range(10)]
        assert json.loads(sql(CREATED)) == dict.fromkeys(titles, 1)
        service.kill()
        sql(WRITE, OWNER)
        sql(FORGET)  # what follows the copies
        service = stack.enter_context(Service(folder, **settings)).ready()
        assert_copies_are_the_list(everybody, service.address)
