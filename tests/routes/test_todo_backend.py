"""The protocol of Todo-Backend: bare objects with their address, over the same tasks as at every other address.

tests/integration/test_todo_backend.py asks what the protocol's own suite asks, in a browser.
"""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from donebase.http.public_address import public_origin
from donebase.settings import Settings
from tests.support.connections import Connection
from tests.support.databases import fetchval
from tests.support.families import API, USERS, Json
from tests.support.problems import JSON, invalid, refused
from tests.support.processes import Service

PUBLIC_URL = "https://todo.example.com"


def at(user: int, task_id: int | str | None = None) -> str:
    """Return where the tasks of a user are, or one of them."""
    return f"/todo-backend/{user}" + ("" if task_id is None else f"/{task_id}")


def created(client: httpx.Client, user: int, **fields: object) -> Json:
    """Create a task and return it as the protocol has it."""
    response = client.post(at(user), json={"title": "Buy milk", **fields})
    assert response.status_code == 201, response.text
    todo: Json = response.json()
    return todo


def id_of(todo: Json) -> int:
    """Return the id of the task that an object of the protocol is."""
    return int(todo["url"].rpartition("/")[2])


@pytest.fixture
def published(database_url: str, folder: Path) -> Iterator[httpx.Client]:
    """A client of a service that has been told its public address."""
    with (
        Service(folder, DATABASE_URL=database_url, PUBLIC_URL=PUBLIC_URL) as service,
        httpx.Client(base_url=service.ready().address) as client,
    ):
        yield client


def test_a_todo_is_a_task_of_the_user(client: httpx.Client, alice: int, bob: int) -> None:
    response = client.post(at(alice), json={"title": " Buy milk ", "completed": True, "order": 2.5})
    todo = response.json()
    [task] = USERS.listed(client, alice)
    assert todo == {"url": todo["url"], "title": "Buy milk", "completed": True, "order": 2.5}
    assert all(task[name] == todo[name] for name in ("title", "completed", "order"))
    assert response.headers["location"] == at(alice, task["id"])
    assert response.headers["etag"] == f'"{task["version"]}"'
    assert client.get(at(alice)).json() == [todo]
    assert client.get(at(bob)).json() == []


def test_what_is_left_out_has_its_default(client: httpx.Client, alice: int) -> None:
    todo = created(client, alice)
    assert (todo["completed"], todo["order"]) == (False, id_of(todo))
    changed = client.patch(at(alice, id_of(todo)), json={"order": 7}).json()
    assert changed == todo | {"order": 7}
    assert client.get(at(alice, id_of(todo))).json() == changed


def test_tasks_of_every_other_address_are_todos(client: httpx.Client, alice: int) -> None:
    task = API.created(client, alice, description="the blue carton", priority="high")
    todo = client.get(at(alice, task["id"])).json()
    assert set(todo) == {"url", "title", "completed", "order"}
    assert client.patch(at(alice, task["id"]), json={"completed": True}).json() == todo | {"completed": True}
    after = API.read(client, alice, task["id"]).json()
    assert (after["completed"], after["description"], after["priority"]) == (True, "the blue carton", "high")


def test_what_is_read_can_be_sent_back(client: httpx.Client, alice: int) -> None:
    todo = created(client, alice)
    unchanged = client.patch(at(alice, id_of(todo)), json=todo)
    assert (unchanged.status_code, unchanged.json()) == (200, todo)
    assert "change" not in unchanged.headers
    again = client.post(at(alice), json=todo | {"order": 9, "url": 7}).json()
    assert again == todo | {"order": 9, "url": again["url"]}
    assert again["url"] != todo["url"]


@pytest.mark.parametrize("name", ["id", "user_id", "version", "description", "tags", "colour"])
def test_other_fields_are_refused(client: httpx.Client, alice: int, name: str) -> None:
    todo = created(client, alice)
    for response in (
        client.post(at(alice), json={"title": "x", name: alice}),
        client.patch(at(alice, id_of(todo)), json={"title": "x", name: alice}),
    ):
        invalid(response, (name, "unknown_field"))
    assert client.get(at(alice)).json() == [todo]


@pytest.mark.parametrize("name", ["title", "completed", "order"])
def test_no_field_can_be_null(client: httpx.Client, alice: int, name: str) -> None:
    todo = created(client, alice)
    for response in (
        client.post(at(alice), json={"title": "x", name: None}),
        client.patch(at(alice, id_of(todo)), json={name: None}),
    ):
        invalid(response, (name, "wrong_type"))
    assert client.get(at(alice)).json() == [todo]


def test_the_address_is_that_of_the_request(service: Service, client: httpx.Client, alice: int) -> None:
    todo = created(client, alice)
    assert todo["url"] == service.address + at(alice, id_of(todo))
    assert client.get(todo["url"]).json() == todo
    named = {"Host": "todo.example.com:8080"}
    url = f"http://todo.example.com:8080{at(alice, id_of(todo))}"
    for response in (
        client.get(at(alice, id_of(todo)), headers=named),
        client.patch(at(alice, id_of(todo)), json={"title": "Buy bread"}, headers=named),
    ):
        assert response.json()["url"] == url
    assert [each["url"] for each in client.get(at(alice), headers=named).json()] == [url]
    assert client.post(at(alice), json={"title": "x"}, headers=named).json()["url"].startswith("http://todo.example")


def test_without_a_host_it_is_where_the_client_has_connected_to(
    service: Service, client: httpx.Client, alice: int
) -> None:
    todo = created(client, alice)
    for said in ("HTTP/1.0\r\n", "HTTP/1.1\r\nHost:\r\n"):
        connection = Connection(service.address)
        connection.send(f"GET {at(alice)} {said}\r\n".encode())
        assert connection.answer().json() == [todo]
        connection.close()


def test_an_address_of_ipv6_is_in_brackets() -> None:
    settings = Settings.read(database_url="postgresql://127.0.0.1:1/nothing")
    assert asyncio.run(public_origin(settings, [], ("::1", 8000))) == "http://[::1]:8000"


def test_the_address_is_the_one_that_the_operator_has_told(published: httpx.Client, alice: int) -> None:
    todo = created(published, alice)
    assert todo["url"] == PUBLIC_URL + at(alice, id_of(todo))
    assert published.get(at(alice)).json() == [todo]
    assert published.get(at(alice, id_of(todo)), headers={"Host": "other.example"}).json() == todo


def test_a_long_list_is_streamed_as_todos(client: httpx.Client, database_url: str, alice: int) -> None:
    fetchval(
        database_url,
        "INSERT INTO tasks (user_id, title) SELECT $1, 'task ' || number FROM generate_series(1, 2000) number",
        alice,
    )
    response = client.get(at(alice))
    todos = response.json()
    assert response.headers["transfer-encoding"] == "chunked"
    assert [todo["title"] for todo in todos] == [f"task {number}" for number in range(1, 2001)]
    assert [id_of(todo) for todo in todos] == [task["id"] for task in USERS.listed(client, alice)]


def test_a_page_leads_to_the_next(client: httpx.Client, alice: int) -> None:
    todos = [created(client, alice) for _ in range(3)]
    page = client.get(at(alice), params={"limit": 2})
    assert page.json() == todos[:2]
    assert client.get(page.links["next"]["url"]).json() == todos[2:]


def test_a_list_takes_the_parameters_of_every_list(client: httpx.Client, alice: int) -> None:
    first, done, last = [created(client, alice, completed=completed) for completed in (False, True, False)]
    some = client.get(at(alice), params={"completed": "false", "sort": "-order", "count": "true"})
    assert (some.json(), some.headers["x-total-count"]) == ([last, first], "2")
    assert client.get(at(alice), params={"completed": "true"}).json() == [done]
    invalid(client.get(at(alice), params={"sort": "colour"}), ("sort", "unknown_value"))


def test_a_delete_can_be_undone_at_another_address(client: httpx.Client, alice: int) -> None:
    todo = created(client, alice)
    deleted = client.delete(at(alice, id_of(todo)))
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert client.get(at(alice)).json() == []
    assert client.post(USERS.about(alice, f"history/{deleted.headers['change']}/undo")).status_code == 200
    assert client.get(at(alice)).json() == [todo]


def test_all_tasks_are_deleted_at_once(client: httpx.Client, alice: int, bob: int) -> None:
    todos = [created(client, alice) for _ in range(3)]
    of_bob = created(client, bob)
    deleted = client.delete(at(alice))
    assert (deleted.status_code, deleted.json(), deleted.headers["change"]) == (200, {"deleted": 3}, "4")
    assert (client.get(at(alice)).json(), client.get(at(bob)).json()) == ([], [of_bob])
    again = client.delete(at(alice))
    assert (again.status_code, again.json(), "change" in again.headers) == (200, {"deleted": 0}, False)
    assert client.post(USERS.about(alice, "history/4/undo")).status_code == 200
    assert client.get(at(alice)).json() == todos


def test_a_filter_says_which_tasks_are_deleted(client: httpx.Client, alice: int) -> None:
    todos = [created(client, alice, completed=completed) for completed in (False, True)]
    invalid(client.delete(at(alice), params={"all": "true"}), ("all", "unknown_parameter"))
    assert client.delete(at(alice), params={"completed": "true"}).json() == {"deleted": 1}
    assert client.get(at(alice)).json() == todos[:1]


def test_a_repeated_request_is_carried_out_once(client: httpx.Client, alice: int) -> None:
    todo = created(client, alice)
    one = at(alice, id_of(todo))
    for method, path, body in (
        ("POST", at(alice), {"title": "Buy bread"}),
        ("PATCH", one, {"completed": True}),
        ("DELETE", one, None),
        ("DELETE", at(alice), None),
    ):
        first, again = (
            client.request(method, path, json=body, headers={"Idempotency-Key": method + path[-20:]}) for _ in range(2)
        )
        assert first.is_success
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert again.headers["change"] == first.headers["change"]
        assert again.headers["idempotent-replayed"] == "true"
    assert client.get(at(alice)).json() == []


def test_conditions_are_those_of_every_address(client: httpx.Client, alice: int) -> None:
    todo = created(client, alice)
    one = at(alice, id_of(todo))
    assert client.get(one, headers={"If-None-Match": '"1"'}).status_code == 304
    assert client.get(at(alice), headers={"If-None-Match": 'W/"1"'}).status_code == 304
    for method, body in (("PATCH", {"title": "x"}), ("DELETE", None)):
        response = client.request(method, one, json=body, headers={"If-Match": '"2"'})
        refused(response, 412, "PRECONDITION_FAILED")
        assert response.json()["current"] == USERS.read(client, alice, id_of(todo)).json()
    assert client.patch(one, json={"title": "x"}, headers={"If-Match": '"1"'}).headers["etag"] == '"2"'


def test_a_missing_task_and_anothers_are_the_same(client: httpx.Client, alice: int, bob: int) -> None:
    of_bob = id_of(created(client, bob))
    for method, body in (("GET", None), ("PATCH", {"title": "x"}), ("DELETE", None)):
        for task_id in (of_bob, 2**62):
            refused(client.request(method, at(alice, task_id), json=body), 404, "TASK_NOT_FOUND")
        invalid(client.request(method, at(alice, "x"), json=body), ("task_id", "out_of_range"))
    assert [id_of(todo) for todo in client.get(at(bob)).json()] == [of_bob]


@pytest.mark.parametrize("body", [b"[]", b"null", b'"x"', json.dumps([{"title": "x"}]).encode()])
def test_a_body_is_one_object(client: httpx.Client, alice: int, body: bytes) -> None:
    invalid(client.post(at(alice), content=body, headers=JSON), ("body", "wrong_type"))
    assert client.get(at(alice)).json() == []


def test_head_works_where_get_does(client: httpx.Client, alice: int) -> None:
    todo = created(client, alice)
    for path in (at(alice), at(alice, id_of(todo))):
        head, get = client.head(path), client.get(path)
        assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", get.headers["etag"])


@pytest.mark.parametrize("path", ["/todo-backend", "/todo-backend/1/tasks", "/todo-backend/1/2/complete"])
def test_what_the_protocol_does_not_have_is_not_found(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code in (400, 404)


def test_a_put_is_not_allowed(client: httpx.Client, alice: int) -> None:
    todo = created(client, alice)
    for path, methods in ((at(alice), "DELETE, GET, HEAD, POST"), (at(alice, id_of(todo)), "DELETE, GET, HEAD, PATCH")):
        response = client.put(path, json={"title": "x"})
        refused(response, 405, "METHOD_NOT_ALLOWED")
        assert response.headers["allow"] == methods
