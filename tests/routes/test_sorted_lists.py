"""Lists in another order than that of creation: large ones, long ones, and those that change while they are read."""

import http.client
import json
import re
import socket
from collections.abc import Iterator

import httpx
import pytest

from donebase.core.lists import BATCH
from tests.support.databases import fill_without_history
from tests.support.families import USERS, Json
from tests.support.list_model import in_order
from tests.support.processes import Service
from tests.support.slow_readers import asks

LARGE = "\N{GRINNING FACE}" * 5_000  # 20 KB
ORDERS = ["title", "-title", "-priority", "due", "-order", "-updated", "-created"]


def pages(client: httpx.Client, address: str, order: str, limit: int) -> Iterator[list[Json]]:
    """Yield the pages of a list, each found by the link of the one before."""
    following = f"{address}?sort={order}&limit={limit}"
    while following:
        response = client.get(following)
        assert response.status_code == 200, response.text
        yield response.json()
        following = response.links.get("next", {}).get("url", "")


@pytest.mark.parametrize("order", ORDERS)
def test_large_tasks_come_whole_and_in_pages(client: httpx.Client, alice: int, order: str) -> None:
    """More bytes than are sent in one piece, in fewer tasks than are read at once."""
    priorities = [None, "low", "high"]
    for number in range(13):
        fields = {"title": f"{number % 5} x", "priority": priorities[number % 3], "order": -float(number % 4)}
        USERS.created(client, alice, description=LARGE, **fields)
    expected = in_order(USERS.listed(client, alice), order)
    assert client.get(f"{USERS.address(alice)}?sort={order}").json() == expected
    for limit in (1, 6, 12, 13, 14):
        found = [*pages(client, USERS.address(alice), order, limit)]
        assert [len(page) for page in found[:-1]] == [limit] * (len(found) - 1)
        assert [task for page in found for task in page] == expected


@pytest.mark.parametrize("order", ["title", "-title"])
def test_titles_that_are_longer_when_folded_have_places(client: httpx.Client, alice: int, order: str) -> None:
    """Of a folded title, the first 500 characters are the key; tasks that differ later are in order of id."""
    titles = ["ﷺ" * 500, "ﷺ" * 499 + "a", "ß" * 500, "\x01" * 499 + "z", '"\\' * 250, "\x1f" + "ÿ" * 498 + "z", "z"]
    tasks = [USERS.created(client, alice, title=title) for title in titles]
    assert [task for page in pages(client, USERS.address(alice), order, 1) for task in page] == in_order(tasks, order)


def many(client: httpx.Client, database_url: str, user: int) -> list[Json]:
    """Make more large tasks than are read at once, and return them in order of title."""
    fill_without_history(database_url, user, BATCH + 50, LARGE)
    return in_order(USERS.listed(client, user), "title")


def answer_to(slow: socket.socket) -> tuple[http.client.HTTPResponse, list[Json]]:
    """Read the rest of an answer."""
    response = http.client.HTTPResponse(slow)
    response.begin()
    return response, json.loads(response.read())


@pytest.mark.parametrize("query", ["sort=title", "sort=title&limit=290"])
def test_a_list_that_changes_while_it_is_sent_has_each_task_once(
    service: Service, client: httpx.Client, database_url: str, alice: int, query: str
) -> None:
    """In the order in which they were when it began, and as they are when they are read."""
    tasks = many(client, database_url, alice)
    with asks(service.address, f"GET {USERS.address(alice)}?{query} HTTP/1.1") as slow:
        assert slow.recv(1, socket.MSG_PEEK)
        for number, title in ((0, "zzz"), (100, "zzz"), (101, "aaa"), (260, "aaa")):
            changed = USERS.change(client, alice, tasks[number]["id"], title=title)
        assert USERS.delete(client, alice, tasks.pop(270)["id"]).status_code == 200
        USERS.created(client, alice, title=f"{tasks[280]['title']} and a half")
        response, found = answer_to(slow)
    assert [task["id"] for task in found] == [task["id"] for task in tasks][: 289 if "limit" in query else None]
    assert found[260] == changed.json()
    link = re.search("<(.*)>", response.headers.get("link", ""))
    assert (link is None) == ("limit" not in query)
    if link:
        following = [task["title"] for task in client.get(link[1]).json()]
        assert following == [*(task["title"] for task in tasks[289:]), "zzz", "zzz"]


def test_a_task_that_fulfils_a_filter_no_longer_is_left_out(
    service: Service, client: httpx.Client, database_url: str, alice: int
) -> None:
    tasks = many(client, database_url, alice)
    with asks(service.address, f"GET {USERS.address(alice)}?sort=title&completed=false HTTP/1.1") as slow:
        assert slow.recv(1, socket.MSG_PEEK)
        for number in (280, 260):
            assert USERS.change(client, alice, tasks.pop(number)["id"], completed=True).status_code == 200
        _, found = answer_to(slow)
    assert found == tasks
