"""Preconditions at every address: what carries an ETag, which writes are refused, and which polls are answered 304."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
import pytest

from tests.support.at_once import at_once
from tests.support.databases import fill
from tests.support.families import API, FAMILIES, USERS, V1, Family, Json
from tests.support.problems import refused
from tests.support.processes import Service


class Write(NamedTuple):
    """A way to change a task that has a condition: a method, what follows the task's address, and a body."""

    family: Family
    method: str
    below: str = ""
    body: Json | None = None

    def send(self, client: httpx.Client, task: Json, *tags: str, **fields: Any) -> httpx.Response:
        """Send it about a task, with the tags as If-Match headers, and with more fields in its body."""
        address = self.family.one(task["user_id"], task["id"]) + self.below
        headers = [("If-Match", tag) for tag in tags]
        if self.body is None and not fields:
            return client.request(self.method, address, headers=headers)
        return client.request(self.method, address, headers=headers, json=(self.body or {}) | fields)


CHANGES = [Write(family, family.change_method, body={"title": "Buy oat milk"}) for family in FAMILIES]
REPLACE = Write(V1, "PUT", body={"title": "Buy oat milk"})
TOGGLE = Write(API, "PATCH", "/complete")
COMPLETE = Write(API, "PATCH", "/complete", {"completed": True})
DELETES = [Write(family, "DELETE") for family in FAMILIES]
WITH_BODY = [*CHANGES, REPLACE, COMPLETE]
WRITES = [*WITH_BODY, TOGGLE, *DELETES]


def every(writes: list[Write]) -> pytest.MarkDecorator:
    names = [f"{each.family.name}-{each.method}{each.below}-{'body' if each.body else 'bare'}" for each in writes]
    return pytest.mark.parametrize("write", writes, ids=names)


def told(response: httpx.Response) -> tuple[str | None, str | None]:
    """Return what an answer says of a version and of a change."""
    return response.headers.get("etag"), response.headers.get("change")


def is_refused(client: httpx.Client, response: httpx.Response, task: Json) -> None:
    """See that a write was refused because of the version, that the answer has the task, and that nothing was done."""
    refused(response, 412, "PRECONDITION_FAILED")
    assert response.json()["current"] == task
    assert told(response) == (f'"{task["version"]}"', None)
    assert V1.read(client, task["user_id"], task["id"]).json() == task
    assert client.get(USERS.address(task["user_id"])).headers["change"] == str(task["version"])


def was_done(client: httpx.Client, response: httpx.Response, task: Json) -> None:
    """See that a write has made the next change, and that the answer says so."""
    assert response.is_success, response.text
    number = task["version"] + 1
    assert response.headers["change"] == str(number)
    after = V1.read(client, task["user_id"], task["id"])
    if response.request.method == "DELETE":
        assert (after.status_code, "etag" in response.headers) == (404, False)
    else:
        assert after.json() == response.json()
        assert after.headers["etag"] == response.headers["etag"] == f'"{number}"'


def test_an_answer_with_a_task_has_its_version(client: httpx.Client, family: Family, alice: int) -> None:
    created = family.create(client, alice, title="Buy milk")
    assert told(created) == ('"1"', "1")
    task = created.json()
    assert told(family.read(client, alice, task["id"])) == ('"1"', None)
    assert told(client.head(family.one(alice, task["id"]))) == ('"1"', None)
    assert told(family.change(client, alice, task["id"], title="Buy oat milk")) == ('"2"', "2")
    assert told(family.create(client, alice, title="Buy bread")) == ('"3"', "3")
    assert told(family.read(client, alice, task["id"])) == ('"2"', None)
    assert told(client.put(family.one(alice, task["id"]), json={"title": "Buy rice"})) == ('"4"', "4")
    assert told(family.delete(client, alice, task["id"])) == (None, "5")


@pytest.mark.parametrize("body", [{}, {"title": "Buy milk"}, {"completed": False, "description": None}], ids=str)
def test_a_change_of_nothing_is_none(client: httpx.Client, family: Family, alice: int, body: Json) -> None:
    task = family.created(client, alice)
    response = family.change(client, alice, task["id"], **body)
    assert (response.json(), *told(response)) == (task, '"1"', None)


def test_completing_what_is_completed_is_no_change(client: httpx.Client, alice: int) -> None:
    task = API.created(client, alice, completed=True)
    assert told(COMPLETE.send(client, task)) == ('"1"', None)
    assert told(TOGGLE.send(client, task)) == ('"2"', "2")


@every(WRITES)
def test_a_version_that_is_named_is_changed(client: httpx.Client, alice: int, write: Write) -> None:
    for tags in (['"{}"'], ["*"], ['"abc", W/"1", "{}"'], ['"7"', '"{}"'], ['"{}"', '"8"']):
        task = write.family.created(client, alice)
        was_done(client, write.send(client, task, *(tag.format(task["version"]) for tag in tags)), task)


@every(WRITES)
@pytest.mark.parametrize("tag", ['"7"', '"0"', 'W/"1"', '"01"', '"1-gzip"', '""', '"9223372036854775808"', '"2", "3"'])
def test_any_other_version_is_refused(client: httpx.Client, alice: int, write: Write, tag: str) -> None:
    task = write.family.created(client, alice)
    is_refused(client, write.send(client, task, tag), task)


@every(WITH_BODY)
def test_a_version_in_a_body_is_the_same_condition(client: httpx.Client, alice: int, write: Write) -> None:
    task = write.family.created(client, alice)
    is_refused(client, write.send(client, task, version=7), task)
    was_done(client, write.send(client, task, version=task["version"]), task)


@every(WITH_BODY)
def test_both_conditions_must_hold(client: httpx.Client, alice: int, write: Write) -> None:
    task = write.family.created(client, alice)
    version = task["version"]
    is_refused(client, write.send(client, task, f'"{version}"', version=7), task)
    is_refused(client, write.send(client, task, '"7"', version=version), task)
    is_refused(client, write.send(client, task, '"7"', version=7), task)
    was_done(client, write.send(client, task, f'"7", "{version}"', version=version), task)


@every(WITH_BODY)
def test_a_condition_holds_also_where_nothing_is_new(client: httpx.Client, alice: int, write: Write) -> None:
    task = write.send(client, write.family.created(client, alice)).json()
    is_refused(client, write.send(client, task, '"7"'), task)
    response = write.send(client, task, f'"{task["version"]}"')
    assert (response.status_code, response.json(), *told(response)) == (200, task, f'"{task["version"]}"', None)


@every(CHANGES)
def test_a_condition_holds_also_where_nothing_is_sent(client: httpx.Client, alice: int, write: Write) -> None:
    task, nothing = write.family.created(client, alice), write._replace(body={})
    is_refused(client, nothing.send(client, task, '"7"'), task)
    is_refused(client, nothing.send(client, task, version=7), task)
    assert told(nothing.send(client, task, '"1"', version=1)) == ('"1"', None)


@every(WRITES)
def test_a_missing_task_is_not_found_whatever_is_expected(
    client: httpx.Client, alice: int, bob: int, write: Write
) -> None:
    task = write.family.created(client, alice)
    absent = [task | {"id": 2**62}] + ([task | {"user_id": bob}] if write.family is not V1 else [])
    for missing in absent:
        for tag in ('"1"', '"7"', "*"):
            refused(write.send(client, missing, tag), 404, "TASK_NOT_FOUND")
    assert V1.read(client, alice, task["id"]).json() == task


@every(WRITES)
def test_what_is_no_list_of_tags_is_refused(client: httpx.Client, alice: int, write: Write) -> None:
    task = write.family.created(client, alice)
    fault = ("If-Match", "malformed_entity_tag")
    for tags in (["1"], [""], ['"1'], ["*", '"1"'], ["1", '"1"']):
        refused(write.send(client, task, *tags), 400, "VALIDATION_ERROR", fault)
    refused(write.send(client, task, ", ".join(['"1"'] * 101)), 400, "VALIDATION_ERROR", ("If-Match", "too_long"))
    assert V1.read(client, alice, task["id"]).json() == task


def test_a_new_task_has_no_condition(client: httpx.Client, family: Family, alice: int) -> None:
    body = family.body(alice, title="Buy milk", version=7)
    response = client.post(family.address(alice), json=body, headers={"If-Match": '"7"', "If-None-Match": "*"})
    assert (response.status_code, *told(response)) == (201, '"1"', "1")


def test_what_was_read_can_be_sent_back_once(client: httpx.Client, family: Family, alice: int) -> None:
    """A page that reads a task, changes it and sends all of it overwrites nobody."""
    seen = family.created(client, alice)
    first = client.put(family.one(alice, seen["id"]), json=seen | {"title": "Buy oat milk"})
    was_done(client, first, seen)
    is_refused(client, client.put(family.one(alice, seen["id"]), json=seen | {"title": "Buy rice"}), first.json())


@every([*WITH_BODY, TOGGLE])
def test_of_writers_that_try_again_each_makes_one_change(
    service: Service, client: httpx.Client, alice: int, write: Write
) -> None:
    """Each appends its number to what it has seen last, or toggles that: none is lost, none is done twice."""
    number = 12
    task = write.family.created(client, alice)
    address = write.family.one(alice, task["id"])
    refusals = []

    async def write_once(session: httpx.AsyncClient, turn: int) -> httpx.Response:
        seen = task
        while True:
            words = {"title": f"{seen['title']} {turn}", "completed": not seen["completed"]}
            body = {name: words[name] for name in write.body or ()}
            response = await session.request(
                write.method,
                address + write.below,
                json=body or None,
                headers={"If-Match": f'"{seen["version"]}"'},
            )
            if response.status_code != 412:
                return response
            refusals.append(response)
            current = response.json()["current"]
            assert current["version"] > seen["version"]
            seen = current

    responses = at_once(service, number, write_once)
    assert Counter(response.status_code for response in responses) == {200: number}
    assert len(refusals) >= number - 1
    versions = sorted(response.json()["version"] for response in responses)
    assert versions == list(range(task["version"] + 1, task["version"] + 1 + number))
    after = V1.read(client, alice, task["id"]).json()
    assert after["version"] == versions[-1]
    if "title" in (write.body or ()):
        assert sorted(after["title"].split()[2:]) == sorted(map(str, range(number)))
    else:
        in_order = sorted((response.json() for response in responses), key=lambda each: each["version"])
        assert [each["completed"] for each in in_order] == [True, False] * (number // 2)


@every(DELETES)
def test_of_a_delete_and_changes_at_once_none_is_lost(
    service: Service, client: httpx.Client, alice: int, write: Write
) -> None:
    """A delete that names what was read deletes only that: a change that was answered is never thrown away unseen."""
    task = write.family.created(client, alice)
    address = write.family.one(alice, task["id"])

    async def change_or_delete(session: httpx.AsyncClient, turn: int) -> httpx.Response:
        headers = {"If-Match": f'"{task["version"]}"'}
        if turn % 2:
            return await session.delete(address, headers=headers)
        return await session.put(address, headers=headers, json={"title": f"changed {turn}"})

    statuses = Counter(response.status_code for response in at_once(service, 10, change_or_delete))
    assert sum(number for status, number in statuses.items() if status < 300) == 1
    assert set(statuses) <= {200, 204, 404, 412}
    assert (404 in statuses) != (412 in statuses)


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
@pytest.mark.parametrize("query", ["", "?limit=1", "?limit=1000&after=0", f"?after={2**62}"])
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
