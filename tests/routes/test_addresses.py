"""Which addresses there are, what they take in their paths and queries, and what the others answer.

What is no id, no query and no address is in the tables of tests/data/hostile.
"""

from typing import Any

import httpx
import pytest

from donebase.routes import every_route
from tests.support.families import Family
from tests.support.hostile import METHODS, addresses
from tests.support.problems import SENT, invalid, refused

NAMES = ("1", "v2", "v1x", "v1")
ADDRESSES = {
    path.format(user_id=1, task_id=1, change=1, release=1, path=1): methods for path, methods in addresses().items()
}


def test_every_fault_of_an_address_and_its_body_is_told(client: httpx.Client, owned: Family) -> None:
    address = f"{owned.tasks.format(user_id='abc')}/{SENT}"
    invalid(client.get(address), ("user_id", "out_of_range"), ("task_id", "out_of_range"))
    faults = [("user_id", "out_of_range"), ("task_id", "out_of_range"), ("title", "blank")]
    invalid(client.put(address, json={"title": ""}), *faults)


@pytest.mark.parametrize(
    ("query", "found"),
    [("", 2), ("&", 2), ("limit=1", 1), ("limit=2", 2), ("limit=1000", 2), ("l%69mit=1", 1), (f"after={2**63 - 1}", 0)],
)
def test_a_right_query_is_taken(client: httpx.Client, owned: Family, alice: int, query: str, found: int) -> None:
    tasks = [owned.created(client, alice), owned.created(client, alice)]
    response = client.get(f"{owned.address(alice)}?{query}")
    assert (response.status_code, response.json()) == (200, tasks[:found])


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_method_that_an_address_lacks_is_405(client: httpx.Client, address: str) -> None:
    allowed = ADDRESSES[address]
    for method in METHODS:
        if method in allowed:
            continue
        response = client.request(method, address)
        assert (response.status_code, response.headers["allow"].split(", ")) == (405, allowed), method
        if method != "HEAD":
            refused(response, 405, "METHOD_NOT_ALLOWED")


def test_no_address_below_api_v1_is_that_of_a_user_named_v1(client: httpx.Client) -> None:
    below_api = [route for route in every_route() if route.family == "api"]
    assert len(below_api) > 10
    for route in below_api:
        found = [route.path_regex.match(route.path_format.format(user_id=user, task_id=1, change=1)) for user in NAMES]
        assert [each is not None for each in found] == [True, True, True, False], route.path_format
    of_users = [path for path in ADDRESSES if path.startswith("/api/1/")]
    lacking = {path for each in of_users if (path := each.replace("/api/1/", "/api/v1/")) not in ADDRESSES}
    for address in lacking:
        for method in METHODS:
            assert client.request(method, address).status_code == 404, (method, address)


def test_head_gives_what_get_gives_without_a_body(client: httpx.Client, family: Family, alice: int) -> None:
    task = family.created(client, alice)
    family.created(client, alice)
    there = [address for address in ADDRESSES if address.count("/") == 1 or address.startswith("/docs")]
    there.remove("/metrics")  # which is never twice the same
    there += [family.address(alice), family.one(alice, task["id"]), f"{family.address(alice)}?limit=1"]
    there += [family.about(alice, "changes", since=0), family.about(alice, "history", limit=1)]
    wrong = [
        f"{family.address(alice)}/",
        family.one(alice, 2**62),
        family.one(alice, "abc"),
        f"{family.address(alice)}?limit=0",
        "/nowhere",
    ]
    wrong += [family.about(alice, "changes", since=9), family.about(alice, "history", limit=0)]
    for address in there + wrong:
        get, head = (client.request(method, address, headers={"X-Request-ID": "ours"}) for method in ("GET", "HEAD"))
        assert (head.status_code, told(head), head.content) == (get.status_code, told(get), b""), address
        assert (get.status_code == 200) == (address in there)


def told(response: httpx.Response) -> dict[str, Any]:
    # How a body is cut for the way is about a body: a long list has such a header, its HEAD has none.
    of_the_way = ("date", "transfer-encoding")
    return {name: value for name, value in response.headers.items() if name not in of_the_way}
