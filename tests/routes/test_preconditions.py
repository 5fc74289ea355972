"""Writes with a condition at every address: what carries an ETag, and which writes are refused."""

from collections import Counter
from typing import Any, NamedTuple

import httpx
import pytest

from tests.support.at_once import at_once
from tests.support.families import FAMILIES, USERS, V1, Family, Json
from tests.support.problems import refused
from tests.support.processes import Service
from tests.support.versions import told


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


CHANGES = [
    Write(family, method, body={"title": "Buy oat milk"}) for family in FAMILIES for method in family.change_methods
]
REPLACE = Write(V1, "PUT", body={"title": "Buy oat milk"})
TOGGLES = [Write(family, "PATCH", "/complete") for family in FAMILIES]
COMPLETIONS = [Write(family, "PATCH", "/complete", {"completed": True}) for family in FAMILIES]
DELETES = [Write(family, "DELETE") for family in FAMILIES]
WITH_BODY = [*CHANGES, REPLACE, *COMPLETIONS]
WRITES = [*WITH_BODY, *TOGGLES, *DELETES]


def every(writes: list[Write]) -> pytest.MarkDecorator:
    names = [f"{each.family.name}-{each.method}{each.below}-{'body' if each.body else 'bare'}" for each in writes]
    return pytest.mark.parametrize("write", writes, ids=names)


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


@pytest.mark.parametrize(("complete", "toggle"), [*zip(COMPLETIONS, TOGGLES, strict=True)])
def test_completing_what_is_completed_is_no_change(
    client: httpx.Client, alice: int, complete: Write, toggle: Write
) -> None:
    task = complete.family.created(client, alice, completed=True)
    assert told(complete.send(client, task)) == ('"1"', None)
    assert told(toggle.send(client, task)) == ('"2"', "2")


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


@every([*CHANGES, REPLACE, COMPLETIONS[0], *TOGGLES[:2]])
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
