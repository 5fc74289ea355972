"""Which addresses there are, what they take in their paths and queries, and what the others answer."""

from typing import Any

import httpx
import pytest

from tests.support.families import API, Family
from tests.support.problems import SENT, changing, invalid, named, refused, tasks_of
from tests.support.processes import Service

ADDRESSES = {
    "/api/v1/tasks": "GET HEAD POST",
    "/api/v1/tasks/1": "DELETE GET HEAD PATCH PUT",
    "/users/1/tasks": "GET HEAD POST",
    "/users/1/tasks/1": "DELETE GET HEAD PUT",
    "/api/1/tasks": "GET HEAD POST",
    "/api/1/tasks/1": "DELETE GET HEAD PUT",
    "/api/1/tasks/1/complete": "PATCH",
    "/health": "GET HEAD",
    "/livez": "GET HEAD",
    "/openapi.json": "GET HEAD",
    "/docs": "GET HEAD",
    "/docs/swagger-ui-bundle.js": "GET HEAD",
    "/docs/swagger-ui.css": "GET HEAD",
    "/docs/favicon-32x32.png": "GET HEAD",
}
METHODS = "GET HEAD POST PUT PATCH DELETE OPTIONS TRACE".split()
NOWHERE = [
    "/",
    "/api",
    "/api/",
    "/api/1",
    "/api/v1",
    "/api/v1/",
    "/api/v1/other",
    "/api/v1/other/1",
    "/api/v1/tasks/1/complete",
    "/api/v1/tasks/1/other",
    "/api/1/tasks/1/other",
    "/api/1/tasks/1/complete/1",
    "/api/v2/other",
    "/v1/tasks",
    "/tasks",
    "/users",
    "/users/1",
    "/users/1/other",
    "/users/1/tasks/1/complete",
    "/USERS/1/tasks",
    "/users/1/Tasks",
    "/users/1%2F2/tasks",
    "/users/1/tasks%0a",
    "/users/1/tasks/1%2F1",
    "/api/v1/tasks%0a",
    "/api/1/tasks%0A",
    "/api/1/tasks/1/complete%0a",
    "/health%0a",
    "/healthz",
    "/openapi%0ajson",
    "/openapiXjson",
    "/docs/..%2f..%2fapp.py",
    "/redoc",
    f"/{SENT}",
    *(f"{address}/" for address in ADDRESSES),
    *(f"/{address}" for address in ADDRESSES),
    *(address.replace("/tasks", "//tasks") for address in ADDRESSES if "tasks" in address),
    *(address.replace("tasks/1", "tasks//1") for address in ADDRESSES if "tasks/1" in address),
]
NO_IDS = [
    *("abc", "-1", "0", "00", "007", "1.5", "1.0", "1e3", "0x1", "1_0", "+1", "%2B1", "%201", "1%20", "%0a1", "1%0a"),
    *("1%00", "true", "null", "None", "%EF%BC%91", "%D9%A1", "%C2%B2", "%ff", "1,2", "1;2", "v1%0a", "%2e", SENT),
    *(str(2**63), str(2**64 + 1), "1" + "0" * 400),
]


@pytest.mark.parametrize("task_id", NO_IDS, ids=named)
def test_what_is_no_task_id_is_refused(client: httpx.Client, family: Family, alice: int, task_id: str) -> None:
    address = family.one(alice, task_id)
    for method in ("GET", "DELETE"):
        invalid(client.request(method, address), ("task_id", "out_of_range"))
    for method in sorted({"PUT", family.change_method}):
        invalid(client.request(method, address, json={"title": SENT}), ("task_id", "out_of_range"))
    if family is API:
        invalid(client.patch(f"{address}/complete"), ("task_id", "out_of_range"))


@pytest.mark.parametrize("user_id", NO_IDS, ids=named)
def test_what_is_no_user_id_is_refused(client: httpx.Client, owned: Family, user_id: str) -> None:
    tasks = owned.tasks.format(user_id=user_id)
    for method in ("GET", "POST"):
        body = {"title": SENT} if method == "POST" else None
        invalid(client.request(method, tasks, json=body), ("user_id", "out_of_range"))
    for method in ("GET", "PUT", "DELETE"):
        body = {"title": SENT} if method == "PUT" else None
        invalid(client.request(method, f"{tasks}/1", json=body), ("user_id", "out_of_range"))
    if owned is API:
        invalid(client.patch(f"{tasks}/1/complete"), ("user_id", "out_of_range"))


def test_every_fault_of_an_address_and_its_body_is_told(client: httpx.Client, owned: Family) -> None:
    address = f"{owned.tasks.format(user_id='abc')}/{SENT}"
    invalid(client.get(address), ("user_id", "out_of_range"), ("task_id", "out_of_range"))
    faults = [("user_id", "out_of_range"), ("task_id", "out_of_range"), ("title", "blank")]
    invalid(client.put(address, json={"title": ""}), *faults)


def test_the_highest_id_is_an_id(client: httpx.Client, family: Family, owned: Family, alice: int) -> None:
    highest = 2**63 - 1
    refused(family.read(client, alice, highest), 404, "TASK_NOT_FOUND")
    refused(family.change(client, alice, highest, title="x"), 404, "TASK_NOT_FOUND")
    refused(family.delete(client, alice, highest), 404, "TASK_NOT_FOUND")
    refused(owned.read(client, highest, highest), 404, "TASK_NOT_FOUND")
    assert client.get(owned.address(highest)).status_code == 200


NO_QUERIES = [
    *((f"limit={wrong}", [("limit", "out_of_range")]) for wrong in ("0", "1001", "-1", "05", "+5", "%2B5", "5.0")),
    *((f"limit={wrong}", [("limit", "out_of_range")]) for wrong in ("1e2", "1_0", "", "abc", "%D9%A5", "%ff", "5%0a")),
    *((f"limit={wrong}", [("limit", "out_of_range")]) for wrong in ("%205", "null", "9" * 400, SENT)),
    *((f"after={wrong}", [("after", "out_of_range")]) for wrong in ("0", "-1", "abc", "", "1.5", str(2**63), SENT)),
    ("limit", [("limit", "out_of_range")]),
    ("limit=1;after=1", [("limit", "out_of_range")]),
    ("limit=0&after=0", [("limit", "out_of_range"), ("after", "out_of_range")]),
    ("limit=1&limit=1", [("limit", "repeated_parameter")]),
    ("limit=1&li%6Dit=2", [("limit", "repeated_parameter")]),
    ("after=1&limit=1&after=2", [("after", "repeated_parameter")]),
    (f"colour={SENT}", [("colour", "unknown_parameter")]),
    ("colour", [("colour", "unknown_parameter")]),
    ("=1", [("", "unknown_parameter")]),
    ("Limit=1", [("Limit", "unknown_parameter")]),
    ("limit%00=1", [("limit\0", "unknown_parameter")]),
    ("%20limit=1", [(" limit", "unknown_parameter")]),
    ("limit[]=1", [("limit[]", "unknown_parameter")]),
    ("offset=0&limit=1", [("offset", "unknown_parameter")]),
    ("user_id=1&task_id=1", [("user_id", "unknown_parameter"), ("task_id", "unknown_parameter")]),
    ("&".join(f"field{number}" for number in range(3_000)), [(f"field{n}", "unknown_parameter") for n in range(20)]),
]


@pytest.mark.parametrize(("query", "faults"), NO_QUERIES, ids=named)
def test_a_wrong_query_is_refused(
    client: httpx.Client, family: Family, alice: int, query: str, faults: list[tuple[str, str]]
) -> None:
    invalid(client.get(f"{family.address(alice)}?{query}"), *faults)


@pytest.mark.parametrize(
    ("query", "found"),
    [("", 2), ("&", 2), ("limit=1", 1), ("limit=2", 2), ("limit=1000", 2), ("l%69mit=1", 1), (f"after={2**63 - 1}", 0)],
)
def test_a_right_query_is_taken(client: httpx.Client, owned: Family, alice: int, query: str, found: int) -> None:
    tasks = [owned.created(client, alice), owned.created(client, alice)]
    response = client.get(f"{owned.address(alice)}?{query}")
    assert (response.status_code, response.json()) == (200, tasks[:found])


@pytest.mark.parametrize(
    ("method", "address"), [(method, address) for address in ADDRESSES for method in ADDRESSES[address].split()]
)
def test_no_address_takes_an_unknown_parameter(client: httpx.Client, alice: int, method: str, address: str) -> None:
    body = {"title": SENT, "user_id": alice} if method in ("POST", "PUT", "PATCH") else None
    response = client.request(method, f"{address}?colour={SENT}", json=body)
    assert response.status_code == 400
    if method != "HEAD":
        invalid(response, ("colour", "unknown_parameter"))
    assert tasks_of(client, alice) == []


def test_an_unknown_parameter_changes_nothing(client: httpx.Client, family: Family, alice: int) -> None:
    for method, address in changing(client, family, alice):
        for each in (method, "DELETE"):
            body = None if each == "DELETE" else {"title": SENT}
            response = client.request(each, f"{address}?force=1&limit=1", json=body)
            invalid(response, ("force", "unknown_parameter"), ("limit", "unknown_parameter"))
        if family is API:
            invalid(client.patch(f"{address}/complete?completed=true"), ("completed", "unknown_parameter"))


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_method_that_an_address_lacks_is_405(client: httpx.Client, address: str) -> None:
    allowed = ADDRESSES[address].split()
    for method in METHODS:
        if method in allowed:
            continue
        response = client.request(method, address)
        assert (response.status_code, response.headers["allow"].split(", ")) == (405, allowed), method
        if method != "HEAD":
            refused(response, 405, "METHOD_NOT_ALLOWED")


@pytest.mark.parametrize("path", NOWHERE)
def test_an_address_that_is_not_there_is_404(client: httpx.Client, service: Service, path: str) -> None:
    for method in METHODS:
        # The whole address: joined to a base, two slashes at the start would read as the name of a host.
        response = client.request(method, service.address + path)
        if method == "HEAD":
            assert (response.status_code, response.content) == (404, b"")
        else:
            refused(response, 404, "NOT_FOUND")
        assert "allow" not in response.headers


@pytest.mark.parametrize("name", ["other.js", "%2e%2e", "..%5capp.py", "oauth2-redirect", "swagger-ui.css%0a", SENT])
def test_the_documentation_has_no_other_files(client: httpx.Client, name: str) -> None:
    for method in ("GET", "POST"):
        refused(client.request(method, f"/docs/{name}"), 404, "NOT_FOUND")


def test_head_gives_what_get_gives_without_a_body(client: httpx.Client, family: Family, alice: int) -> None:
    task = family.created(client, alice)
    family.created(client, alice)
    there = [address for address in ADDRESSES if "tasks" not in address]
    there += [family.address(alice), family.one(alice, task["id"]), f"{family.address(alice)}?limit=1"]
    wrong = [family.one(alice, 2**62), family.one(alice, "abc"), f"{family.address(alice)}?limit=0", "/nowhere"]
    for address in there + wrong:
        get, head = (client.request(method, address, headers={"X-Request-ID": "ours"}) for method in ("GET", "HEAD"))
        assert (head.status_code, told(head), head.content) == (get.status_code, told(get), b""), address
        assert (get.status_code == 200) == (address in there)


def told(response: httpx.Response) -> dict[str, Any]:
    # How a body is cut for the way is about a body: a long list has such a header, its HEAD has none.
    of_the_way = ("date", "transfer-encoding")
    return {name: value for name, value in response.headers.items() if name not in of_the_way}
