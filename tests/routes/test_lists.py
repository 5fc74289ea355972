"""Lists: whole ones of any length, and pages."""

import http.client
import json
import re
import secrets
import socket

import httpx
import pytest

from donebase.core.lists import BATCH, NEXT_BATCH
from tests.support.connections import connect, until_closed
from tests.support.databases import fill
from tests.support.families import FAMILIES, OWNED, USERS, V1, Family
from tests.support.processes import Service
from tests.support.slow_readers import asks

MANY = 2_345


@pytest.fixture(scope="module")
def busy_user(database_url: str) -> int:
    """A user with more tasks than one batch holds."""
    user = secrets.randbelow(2**62) + 1
    fill(database_url, user, MANY)
    return user


def test_a_long_list_comes_whole_and_in_order(client: httpx.Client, family: Family, busy_user: int) -> None:
    with client.stream("GET", family.address(busy_user)) as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/json"
        assert "content-length" not in response.headers
        response.read()
    tasks = [task for task in response.json() if task["user_id"] == busy_user]
    assert [task["title"] for task in tasks] == [f"task {number}" for number in range(1, MANY + 1)]
    assert [task["id"] for task in response.json()] == sorted({task["id"] for task in response.json()})


def test_a_client_without_chunks_gets_a_long_list_too(service: Service, client: httpx.Client, busy_user: int) -> None:
    """HTTP/1.0 has no chunks (RFC 9112, 6.1): the list ends with the connection."""
    path = USERS.address(busy_user)
    with connect(service.address) as old:
        old.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        raw = until_closed(old)
    head, _, body = raw.partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head
    assert b"content-length" not in head
    assert head.endswith(b"\r\nconnection: close")
    assert json.loads(body) == client.get(path).json()


def test_large_tasks_come_whole_and_in_pages(client: httpx.Client, owned: Family, alice: int) -> None:
    """More bytes than are sent in one piece, in fewer tasks than are read at once."""
    texts = ["\N{GRINNING FACE}" * 5000, "x", '"\\\n' * 1600, None] * 6
    created = [owned.created(client, alice, description=text) for text in texts]
    assert client.get(owned.address(alice)).json() == created
    for limit in (1, 5, 6, 12, 23, 24, 25):
        found, following = [], f"{owned.address(alice)}?limit={limit}"
        while following:
            response = client.get(following)
            found.append(response.json())
            following = response.links.get("next", {}).get("url", "")
        assert [len(page) for page in found[:-1]] == [limit] * (len(found) - 1)
        assert 1 <= len(found[-1]) <= limit
        assert [task for page in found for task in page] == created


def test_a_page_in_pieces_is_what_there_was_as_it_began(service: Service, client: httpx.Client, alice: int) -> None:
    """Tasks that are deleted or created while it is on its way move no task to another page, or out of both."""
    created = [USERS.created(client, alice, description="\N{GRINNING FACE}" * 5000) for _ in range(260)]
    with asks(service.address, f"GET {USERS.address(alice)}?limit=255 HTTP/1.1") as slow:
        assert slow.recv(1, socket.MSG_PEEK)
        for gone in created[250:256]:
            assert USERS.delete(client, alice, gone["id"]).status_code == 200
        later = [USERS.created(client, alice, title="later") for _ in range(3)]
        response = http.client.HTTPResponse(slow)
        response.begin()
        page = json.loads(response.read())
    following = re.search("<(.*)>", response.headers["link"])
    assert following
    found = page + client.get(following[1]).json()
    assert found == created[:250] + created[256:] + later


@pytest.mark.parametrize("length", [0, 1, BATCH - 1, BATCH, BATCH + 1, BATCH + NEXT_BATCH, BATCH + NEXT_BATCH + 1])
def test_a_list_ends_where_a_batch_ends(client: httpx.Client, owned: Family, busy_user: int, length: int) -> None:
    everything = client.get(owned.address(busy_user)).json()
    after = everything[-length - 1]["id"] if length else everything[-1]["id"]
    response = client.get(owned.address(busy_user), params={"after": after})
    assert response.json() == everything[len(everything) - length :]


@pytest.mark.parametrize("limit", [1, 7, 999, 1000])
def test_pages_follow_each_other_to_the_end(client: httpx.Client, owned: Family, busy_user: int, limit: int) -> None:
    everything = client.get(owned.address(busy_user)).json()[-3 * limit - 1 :] if limit < 100 else None
    start = {"after": everything[0]["id"]} if everything else {}
    response = client.get(owned.address(busy_user), params={"limit": limit, **start})
    found = response.json()
    while "link" in response.headers:
        assert len(response.json()) == limit
        following = re.fullmatch(r'<(/[^>]+)>; rel="next"', response.headers["link"])
        assert following
        response = client.get(following[1])
        found += response.json()
    assert found == (everything[1:] if everything else client.get(owned.address(busy_user)).json())


def test_a_page_after_0_is_the_first(client: httpx.Client, family: Family, alice: int) -> None:
    family.created(client, alice)
    first, from_0 = (client.get(family.address(alice), params={"limit": 1, **after}) for after in ({}, {"after": 0}))
    assert from_0.status_code == 200, from_0.text
    assert len(from_0.json()) == 1
    assert (from_0.json(), from_0.headers.get("link")) == (first.json(), first.headers.get("link"))


def test_the_last_page_says_so(client: httpx.Client, alice: int) -> None:
    for family in OWNED:
        family.created(client, alice)
    for family in OWNED:
        assert "link" not in client.get(family.address(alice), params={"limit": 2}).headers
        assert "link" in client.get(family.address(alice), params={"limit": 1}).headers


def test_the_flat_list_has_the_tasks_of_all_users(client: httpx.Client, alice: int, bob: int) -> None:
    after = {"after": V1.created(client, alice)["id"]}
    tasks = [family.created(client, user) for family in FAMILIES for user in (alice, bob)]
    assert client.get(V1.tasks, params=after).json() == tasks
    page = client.get(V1.tasks, params={"limit": 5, **after})
    assert page.json() == tasks[:5]
    assert page.headers["link"] == f'</api/v1/tasks?limit=5&after={tasks[4]["id"]}>; rel="next"'


def test_a_list_of_nothing_is_counted(client: httpx.Client, family: Family, alice: int) -> None:
    family.created(client, alice)
    for query in ("q=nothing-of-this-kind", "q=nothing-of-this-kind&sort=-title&limit=1", f"limit=1&tag={alice}"):
        response = client.get(f"{family.address(alice)}?{query}&count=true")
        assert (response.status_code, response.content) == (200, b"[]")
        assert (response.headers["x-total-count"], "link" in response.headers) == ("0", False)
        assert "x-total-count" not in client.get(f"{family.address(alice)}?{query}&count=false").headers


def test_what_follows_the_last_task_is_nothing_and_counted_all_the_same(
    client: httpx.Client, owned: Family, alice: int
) -> None:
    task = owned.created(client, alice)
    for query in (f"after={task['id']}", f"after={task['id']}&sort=created&completed=false"):
        response = client.get(f"{owned.address(alice)}?{query}&count=true&limit=1")
        assert (response.content, response.headers["x-total-count"]) == (b"[]", "1")


def test_head_of_a_long_list_is_short(client: httpx.Client, busy_user: int) -> None:
    for family in OWNED:
        response = client.head(family.address(busy_user))
        assert (response.status_code, response.content) == (200, b"")
