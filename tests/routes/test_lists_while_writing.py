"""Lists that are read while others write: whole, in order, no task twice, none half changed."""

import asyncio
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from operator import itemgetter
from typing import Any

import asyncpg
import httpx
import pytest

from donebase.core.lists import BATCH, NEXT_BATCH
from donebase.core.orders import Place
from donebase.http.cursors import place_word
from tests.support.families import FAMILIES, Family, Json
from tests.support.processes import Service

WRITERS = 4
EACH_STARTS_WITH = 200
PAGE = 150

assert WRITERS * EACH_STARTS_WITH > BATCH + 3 * NEXT_BATCH, "a list is read in several batches"

Read = Callable[[httpx.Client, Family, int, int], list[Json]]


def pair(version: int) -> Json:
    """Return a title and a description that are only ever written together: one without the other is half a task."""
    return {"title": f"version {version}", "description": f"version {version}"}


class Writer:
    """Changes, creates and deletes tasks of its own, and knows what it was told about each."""

    def __init__(self, client: httpx.Client, user: int, tasks: list[int]) -> None:
        self._client = client
        self._user = user
        self._tasks = tasks
        self.told = dict.fromkeys(tasks, 0)  # the version that was acknowledged last
        self.leaving: set[int] = set()  # a delete was sent
        self.left: set[int] = set()  # and acknowledged

    @property
    def deleted(self) -> int:
        """How many deletes were acknowledged; as many tasks were created, and four times as many changes made."""
        return len(self.left)

    def write_until(self, enough: threading.Event) -> None:
        """Write at one family after another."""
        turn = 0
        while not enough.is_set():
            turn += 1
            family = FAMILIES[turn % len(FAMILIES)]
            self._change(family, self._tasks[(turn * 7) % len(self._tasks)], turn)
            if turn % 4 == 0:
                self._create(family)
                self._delete(family, self._tasks.pop((turn * 11) % len(self._tasks)))

    def _change(self, family: Family, task: int, version: int) -> None:
        assert family.change(self._client, self._user, task, **pair(version)).status_code == 200
        self.told[task] = version

    def _create(self, family: Family) -> None:
        task = family.created(self._client, self._user, **pair(0))["id"]
        self.told[task] = 0
        self._tasks.append(task)

    def _delete(self, family: Family, task: int) -> None:
        self.leaving.add(task)
        assert family.delete(self._client, self._user, task).status_code == family.delete_status
        self.left.add(task)


def whole(client: httpx.Client, family: Family, user: int, _first: int) -> list[Json]:
    response = client.get(family.address(user))
    assert "content-length" not in response.headers, "it came in one piece"
    return tasks_in(response)


def whole_by_title(client: httpx.Client, family: Family, user: int, _first: int) -> list[Json]:
    """Read it in an order in which tasks move as they are changed: each is there once all the same."""
    return sorted(tasks_in(client.get(family.address(user), params={"sort": "title"})), key=itemgetter("id"))


def in_pages(client: httpx.Client, family: Family, user: int, first: int) -> list[Json]:
    return pages(client, family.address(user), after=first - 1)


def in_pages_by_order(client: httpx.Client, family: Family, user: int, first: int) -> list[Json]:
    """Read it in the order that people give to tasks, which is that of the ids here: others give another one."""
    after = place_word("order", Place(first - 0.5, first))
    return [task for task in pages(client, family.address(user), sort="order", after=after) if task["user_id"] == user]


def pages(client: httpx.Client, address: str, **query: Any) -> list[Json]:
    response = client.get(address, params={"limit": PAGE, **query})
    tasks = tasks_in(response)
    while link := response.headers.get("link"):
        following = re.fullmatch(r'<(/[^>]+)>; rel="next"', link)
        assert following
        response = client.get(following[1])
        tasks += tasks_in(response)
    return tasks


def tasks_in(response: httpx.Response) -> list[Json]:
    assert response.status_code == 200, response.text
    tasks: list[Json] = response.json()
    return tasks


def read_and_check(client: httpx.Client, family: Family, user: int, read: Read, writers: list[Writer]) -> int:
    """Read a list against what the writers had been told before it; return how many of its tasks had been changed."""
    told = {task: version for writer in writers for task, version in writer.told.copy().items()}
    gone = set().union(*(writer.left.copy() for writer in writers))
    listed = read(client, family, user, min(told))
    ids = [task["id"] for task in listed]
    assert all(one < following for one, following in pairwise(ids))
    found = {task["id"]: task for task in listed if task["user_id"] == user}
    for task in found.values():
        assert task["title"] == task["description"]
        assert int(task["title"].split()[1]) >= told.get(task["id"], 0), "older than what had been acknowledged"
    assert not found.keys() & gone
    leaving = set().union(*(writer.leaving.copy() for writer in writers))
    assert told.keys() - leaving <= found.keys()
    return sum(task["title"] != pair(0)["title"] for task in found.values())


READERS: Sequence[Read] = (whole, in_pages, whole_by_title, in_pages_by_order)


@contextmanager
def writing(service: Service, user: int, tasks: list[int]) -> Iterator[list[Writer]]:
    """Let several clients write as long as this lasts."""
    enough = threading.Event()
    with ExitStack() as stack:
        clients = [stack.enter_context(httpx.Client(base_url=service.address)) for _ in range(WRITERS)]
        writers = [Writer(client, user, tasks[turn::WRITERS]) for turn, client in enumerate(clients)]
        threads = stack.enter_context(ThreadPoolExecutor(WRITERS))
        stack.callback(enough.set)  # before the threads are waited for, whatever happens
        at_work = [threads.submit(writer.write_until, enough) for writer in writers]
        yield writers
        enough.set()
        for work in at_work:
            work.result()


@pytest.fixture
def tasks(database_url: str, alice: int) -> list[int]:
    """Tasks enough for several batches and pages."""
    first = pair(0)

    async def fill() -> list[int]:
        connection = await asyncpg.connect(database_url, statement_cache_size=0)
        await connection.execute("INSERT INTO users (id) VALUES ($1)", alice)
        rows = await connection.fetch(
            "INSERT INTO tasks (user_id, title, description)"
            " SELECT $1, $2, $3 FROM generate_series(1, $4::int) RETURNING id",
            *(alice, first["title"], first["description"], WRITERS * EACH_STARTS_WITH),
        )
        await connection.close()
        return [row["id"] for row in rows]

    return asyncio.run(fill())


def test_lists_and_pages_are_right_while_others_write(
    service: Service, client: httpx.Client, family: Family, alice: int, tasks: list[int]
) -> None:
    """The readers come after each other; what they find in their way is four clients that write without a pause."""
    changed = []
    with writing(service, alice, tasks) as writers:
        for turn in range(200):
            changed += [read_and_check(client, family, alice, read, writers) for read in READERS]
            if turn >= 5 and all(writer.deleted >= 5 for writer in writers):
                break
    assert changed[0] < changed[-1], "nothing was written in the meantime"
    assert all(writer.deleted >= 5 for writer in writers)
    told = {task: version for writer in writers for task, version in writer.told.items() if task not in writer.left}
    assert {task["id"]: task["title"] for task in family.listed(client, alice)} == {
        task: pair(version)["title"] for task, version in told.items()
    }
