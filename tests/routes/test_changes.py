"""No change is missed: a copy that was made at a number follows, at every address, while others write."""

import threading
from typing import Any

import httpx
import pytest

from tests.support.databases import fetchval, fill
from tests.support.families import FAMILIES, USERS, Family, Json
from tests.support.problems import refused
from tests.support.processes import Service
from tests.support.psql import Psql


def changes(client: httpx.Client, family: Family, user: int, since: int, **query: Any) -> Json:
    response = client.get(family.about(user, "changes", since=since, **query))
    assert response.status_code == 200, response.text
    body: Json = response.json()
    assert list(body) == ["since", "latest", "more", "tasks", "deleted"]
    assert response.headers["Change"] == str(body["latest"])
    assert body["since"] == since
    return body


def applied(copy: list[Json], page: Json) -> list[Json]:
    """Return a copy of a list with a page of changes applied to it, in order of id."""
    tasks = {task["id"]: task for task in copy}
    for task_id in page["deleted"]:
        tasks.pop(task_id, None)
    tasks |= {task["id"]: task for task in page["tasks"]}
    return [tasks[task_id] for task_id in sorted(tasks)]


def test_what_has_changed_is_told_once_as_it_is_now(client: httpx.Client, family: Family, alice: int) -> None:
    kept, changed, gone = (family.created(client, alice, title=title) for title in ("kept", "changed", "gone"))
    assert family.delete(client, alice, gone["id"]).is_success
    for title in ("once", "twice"):
        now = family.change(client, alice, changed["id"], title=title).json()
    new = family.created(client, alice, title="new")
    since_3 = changes(client, family, alice, 3)
    assert since_3 == {"since": 3, "latest": 7, "more": False, "tasks": [now, new], "deleted": [gone["id"]]}
    assert changes(client, family, alice, 0)["tasks"] == [kept, now, new]
    assert changes(client, family, alice, 0)["deleted"] == []
    assert changes(client, family, alice, 7) == {"since": 7, "latest": 7, "more": False, "tasks": [], "deleted": []}


def test_a_list_says_from_where_its_copy_follows(client: httpx.Client, owned: Family, alice: int) -> None:
    first = owned.created(client, alice)
    response = client.get(owned.address(alice))
    copy, since = response.json(), int(response.headers["Change"])
    owned.created(client, alice)
    assert owned.delete(client, alice, first["id"]).is_success
    assert applied(copy, changes(client, owned, alice, since)) == owned.listed(client, alice)


def test_pages_end_with_a_change(client: httpx.Client, database_url: str, family: Family, alice: int) -> None:
    fill(database_url, alice, 5)
    for title in ("a", "b", "c"):
        family.created(client, alice, title=title)
    copy: list[Json] = []
    sizes, since, more = [], 0, True
    while more:
        page = changes(client, family, alice, since, limit=2)
        copy, since, more = applied(copy, page), page["latest"], page["more"]
        sizes.append((len(page["tasks"]), since))
    assert sizes == [(5, 1), (2, 3), (1, 4)]
    assert copy == family.listed(client, alice)


def test_an_unknown_user_has_changed_nothing(client: httpx.Client, family: Family, alice: int) -> None:
    assert changes(client, family, alice, 0) == {"since": 0, "latest": 0, "more": False, "tasks": [], "deleted": []}
    refused(client.get(family.about(alice, "changes", since=1)), 410, "HISTORY_PRUNED")


def test_changes_are_those_of_one_owner(client: httpx.Client, family: Family, alice: int, bob: int) -> None:
    family.created(client, alice)
    bobs = family.created(client, bob)
    assert changes(client, family, bob, 0)["tasks"] == [bobs]


def test_a_number_that_the_history_does_not_have_is_gone(
    client: httpx.Client, database_url: str, family: Family, alice: int
) -> None:
    for _ in range(3):
        family.created(client, alice)
    fetchval(database_url, "DELETE FROM history WHERE user_id = $1 AND change <= 2", alice)
    for since in (1, 4):
        refused(client.get(family.about(alice, "changes", since=since)), 410, "HISTORY_PRUNED")
    assert len(changes(client, family, alice, 2)["tasks"]) == 1
    assert len(changes(client, family, alice, 0)["tasks"]) == 3


def test_what_psql_does_is_told(client: httpx.Client, database_url: str, alice: int) -> None:
    psql = Psql(database_url, alice)
    try:
        first, second = psql.create("first", "second")
        psql.delete(first)
    finally:
        psql.close()
    told = changes(client, USERS, alice, 1)
    assert (told["latest"], told["tasks"], told["deleted"]) == (2, [], [first])
    assert [task["id"] for task in changes(client, USERS, alice, 0)["tasks"]] == [second]


def test_a_page_of_many_tasks_is_streamed_whole(client: httpx.Client, database_url: str, alice: int) -> None:
    fill(database_url, alice, 1000, description="é" * 300)
    page = changes(client, USERS, alice, 0)
    assert page["tasks"] == USERS.listed(client, alice)
    assert len(page["tasks"]) == 1000


@pytest.mark.parametrize("limit", [1, 1000])
def test_copies_are_right_at_any_moment_while_others_write(
    client: httpx.Client, service: Service, alice: int, limit: int
) -> None:
    """After each last page, the copy is the list at `latest`: the same as a list with that Change."""
    stopped = threading.Event()

    def write(number: int) -> None:
        with httpx.Client(base_url=service.address) as own:
            family = FAMILIES[number]
            while not stopped.is_set():
                task = family.created(own, alice)
                family.change(own, alice, task["id"], completed=True)
                if task["id"] % 2:
                    family.delete(own, alice, task["id"])

    writers = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for writer in writers:
        writer.start()
    copy: list[Json] = []
    since = compared = 0
    try:
        while compared < 3:
            page = changes(client, USERS, alice, since, limit=limit)
            copy, since = applied(copy, page), page["latest"]
            if not page["more"]:
                response = client.get(USERS.address(alice))
                if int(response.headers["Change"]) == since:
                    assert copy == response.json()
                    compared += 1
            if since > 100:
                stopped.set()  # the rest is quick to follow
    finally:
        stopped.set()
        for writer in writers:
            writer.join()
    while (page := changes(client, USERS, alice, since, limit=limit))["latest"] > since:
        copy, since = applied(copy, page), page["latest"]
    assert copy == USERS.listed(client, alice)
