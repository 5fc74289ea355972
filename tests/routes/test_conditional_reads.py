"""Reads with a condition at every address: which are answered 304, and the number that a list of one owner has."""

from collections.abc import Iterator

import httpx
import pytest

from tests.support.at_once import at_once
from tests.support.databases import fill
from tests.support.families import API, USERS, V1, Family
from tests.support.problems import refused
from tests.support.processes import Service
from tests.support.versions import told


def conditional(client: httpx.Client, address: str, *tags: str, method: str = "GET") -> httpx.Response:
    return client.request(method, address, headers=[("If-None-Match", tag) for tag in tags])


def is_not_modified(response: httpx.Response) -> None:
    """See that an answer is a 304 with the usual headers, and without a body or what tells of one."""
    assert (response.status_code, response.content) == (304, b"")
    assert {"x-request-id", "vary", "cache-control", "x-content-type-options"} <= response.headers.keys()
    assert not {"content-type", "content-length", "transfer-encoding", "connection"} & response.headers.keys()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_task_that_is_known_is_not_sent(client: httpx.Client, family: Family, alice: int, method: str) -> None:
    task = family.created(client, alice)
    address = family.one(alice, task["id"])
    for tags in (['"1"'], ['W/"1"'], ["*"], ['"abc", "1"'], ['"7"', 'W/"1"']):
        response = conditional(client, address, *tags, method=method)
        is_not_modified(response)
        assert told(response) == ('"1"', None)
    for tags in (['"7"'], ['"abc"'], ['""'], ['"01"'], ['"0", W/"2"']):
        response = conditional(client, address, *tags, method=method)
        assert (response.status_code, *told(response)) == (200, '"1"', None)
    changed = family.change(client, alice, task["id"], title="Buy oat milk")
    assert conditional(client, address, '"1"').json() == changed.json()
    is_not_modified(conditional(client, address, '"1", "2"', method=method))
    family.delete(client, alice, task["id"])
    for tag in ('"2"', "*"):
        assert conditional(client, address, tag, method=method).status_code == 404


def test_a_condition_on_a_read_that_is_malformed_is_refused(client: httpx.Client, family: Family, alice: int) -> None:
    task = family.created(client, alice)
    addresses = [family.one(alice, task["id"])] + ([family.address(alice)] if family is not V1 else [])
    for address in addresses:
        for tag in ("1", "", '"1'):
            response = conditional(client, address, tag)
            refused(response, 400, "VALIDATION_ERROR", ("If-None-Match", "malformed_entity_tag"))


def steps(client: httpx.Client, family: Family, user: int) -> Iterator[int]:
    """Do all that moves a user's clock, through a family, and yield the number of the last change after each."""
    yield 0
    task = family.created(client, user)
    yield 1
    family.change(client, user, task["id"], title="Buy oat milk")
    yield 2
    family.change(client, user, task["id"], title="Buy oat milk")
    yield 2
    client.patch(f"{API.one(user, task['id'])}/complete")
    yield 3
    family.delete(client, user, task["id"])
    yield 4


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "query",
    [
        "",
        "?limit=1",
        "?limit=1000&after=0",
        f"?after={2**62}",
        "?sort=-due&count=true",
        "?q=nothing&sort=title&count=true",
    ],
)
def test_a_list_of_one_owner_has_the_owners_last_change(
    client: httpx.Client, owned: Family, alice: int, method: str, query: str
) -> None:
    address = owned.address(alice) + query
    for number in steps(client, owned, alice):
        tag = f'W/"{number}"'
        response = client.request(method, address)
        assert (response.status_code, *told(response)) == (200, tag, str(number))
        for known in ([tag], [f'"{number}"'], ["*"], ['"abc"', f'W/"77", {tag}']):
            response = conditional(client, address, *known, method=method)
            is_not_modified(response)
            assert told(response) == (tag, str(number))
            assert "x-total-count" not in response.headers, "nothing was counted"
        for known in ([f'W/"{number + 1}"'], [f'W/"{number - 1}"'], ['"abc"'], ['W/""']):
            response = conditional(client, address, *known, method=method)
            assert (response.status_code, *told(response)) == (200, tag, str(number))


def test_a_page_that_is_known_has_no_link(client: httpx.Client, owned: Family, alice: int) -> None:
    for _ in range(2):
        owned.created(client, alice)
    address = f"{owned.address(alice)}?limit=1"
    assert "link" in client.get(address).headers
    response = conditional(client, address, 'W/"2"')
    is_not_modified(response)
    assert "link" not in response.headers


@pytest.mark.parametrize("query", ["", "?limit=1000"])
def test_a_streamed_list_has_its_version_as_well(
    client: httpx.Client, database_url: str, owned: Family, alice: int, query: str
) -> None:
    fill(database_url, alice, 1_200)
    address = owned.address(alice) + query
    response = client.get(address)
    assert response.headers["transfer-encoding"] == "chunked"
    tag, number = told(response)
    assert tag == f'W/"{number}"'
    is_not_modified(conditional(client, address, tag))


def test_the_list_of_all_users_has_no_version(client: httpx.Client, alice: int) -> None:
    task = V1.created(client, alice)
    for known in ("*", 'W/"1"', "1"):
        response = conditional(client, f"{V1.tasks}?limit=1&after={task['id'] - 1}", known)
        assert (response.status_code, response.json(), *told(response)) == (200, [task], None, None)


def test_changes_of_others_are_not_seen(client: httpx.Client, owned: Family, alice: int, bob: int) -> None:
    owned.created(client, alice)
    owned.created(client, bob)
    is_not_modified(conditional(client, owned.address(alice), 'W/"1"'))


def test_a_list_and_its_number_are_of_one_moment(service: Service, client: httpx.Client, alice: int) -> None:
    """Each change adds a task, so a list has as many tasks as its number says, whatever is created meanwhile."""

    async def create_or_list(session: httpx.AsyncClient, turn: int) -> httpx.Response:
        if turn % 2:
            return await session.post(USERS.address(alice), json={"title": f"task {turn}"})
        return await session.get(USERS.address(alice))

    responses = at_once(service, 80, create_or_list)
    lists = [response for response in responses if response.request.method == "GET"]
    for response in (*lists, client.get(USERS.address(alice))):
        numbers = sorted(task["version"] for task in response.json())
        assert numbers == list(range(1, int(response.headers["change"]) + 1))
