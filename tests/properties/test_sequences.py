"""Sequences of operations that Hypothesis draws, through all three families at once, beside a model in memory."""

import secrets
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import httpx
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.properties.bodies import texts
from tests.properties.budget import rounds
from tests.properties.conditions import Condition, conditions, headers_only
from tests.properties.model import Model
from tests.properties.rules import Json, moment
from tests.support.families import FAMILIES, OWNED, USERS, V1, Family
from tests.support.problems import invalid, refused
from tests.support.processes import Service
from tests.support.versions import told

families = st.sampled_from(FAMILIES)
users = st.integers(0, 2)
titles = texts.map(lambda text: f" {text}x")
others = {"description": st.none() | texts, "completed": st.booleans()}
new_tasks = st.fixed_dictionaries({"title": titles}, optional=others)
changes = st.fixed_dictionaries({}, optional={"title": titles, **others})
completions = st.sampled_from([{"completed": True}, {"completed": False}])
wrong = st.sampled_from([{"title": " "}, {"title": None}, {"description": "\0"}, {"completed": 1}, {"Title": "x"}])


def tells(response: httpx.Response, etag: str | None, change: int | None) -> None:
    """See what an answer says of a version and of a change."""
    assert told(response) == (etag, None if change is None else str(change))


class Tasks(RuleBasedStateMachine):
    """Three users and whatever can be done to their tasks by each of them, to those that are gone as well."""

    ids = Bundle("ids")

    client: httpx.Client

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.users = [secrets.randbelow(2**62) + 1 for _ in range(3)]
        self.before: int = USERS.created(self.client, secrets.randbelow(2**62) + 1)["id"]
        self.model.ids.add(self.before)
        self.copies: dict[int, tuple[int, dict[int, Json]]] = {user: (0, {}) for user in self.users}
        self.missing = self.ask("GET", V1.one(0, 2**63 - 1)).content

    def ask(
        self, method: str, address: str, headers: Mapping[str, str] = MappingProxyType({}), **sent: Any
    ) -> httpx.Response:
        """Send a request with an id that is always the same, so that answers can be compared to the byte."""
        return self.client.request(method, address, headers={"X-Request-ID": "sequence", **headers}, **sent)

    def found(self, response: httpx.Response, family: Family, user: int, task_id: int, status: int = 200) -> bool:
        """See that a task was found if it is there for this user, and tell; else that it was missing, to the byte."""
        if self.model.has(None if family is V1 else self.users[user], task_id):
            assert response.status_code == status, response.text
            return True
        refused(response, 404, "TASK_NOT_FOUND")
        assert response.content == self.missing
        return False

    def write(
        self, method: str, family: Family, address: tuple[int, int, str], condition: Condition, body: Json | None
    ) -> httpx.Response | None:
        """Send a write to a user's task and return the answer; None if it was refused as it has to be."""
        user, task_id, below = address
        version = self.model.version(task_id)
        content = body if body is None else condition.body(body, version)
        path = family.one(self.users[user], task_id) + below
        response = self.ask(method, path, condition.headers(version), **({} if content is None else {"json": content}))
        is_there = self.model.has(None if family is V1 else self.users[user], task_id)
        if is_there and not condition.holds:
            refused(response, 412, "PRECONDITION_FAILED")
            assert response.json()["current"] == self.model.tasks[task_id]
            assert response.headers["etag"] == f'"{version}"'
            return None
        status = family.delete_status if method == "DELETE" else 200
        return response if self.found(response, family, user, task_id, status) else None

    def changed(self, response: httpx.Response | None, body: Json) -> None:
        """See that the answer to a change is what the model says, and that its headers tell of the change."""
        if response is not None:
            number = self.model.change(response.json(), body)
            tells(response, f'"{response.json()["version"]}"', number)

    @rule(target=ids, family=families, user=users, body=new_tasks)
    def create(self, family: Family, user: int, body: Json) -> int:
        owner = self.users[user]
        response = self.ask("POST", family.address(owner), json=family.body(owner, **body))
        assert response.status_code == 201, response.text
        task_id: int = response.json()["id"]
        assert response.headers["location"] == family.one(owner, task_id)
        self.model.create(response.json(), owner, body)
        tells(response, f'"{response.json()["version"]}"', self.model.last_change[owner])
        return task_id

    @rule(family=families, user=users, task_id=ids)
    def read(self, family: Family, user: int, task_id: int) -> None:
        response = self.ask("GET", family.one(self.users[user], task_id))
        if self.found(response, family, user, task_id):
            assert response.json() == self.model.tasks[task_id]
            tells(response, f'"{self.model.version(task_id)}"', None)
        head = self.ask("HEAD", family.one(self.users[user], task_id))
        assert (head.status_code, head.content) == (response.status_code, b"")
        assert {**head.headers, "date": ""} == {**response.headers, "date": ""}

    @rule(family=families, user=users, task_id=ids, condition=conditions, body=changes)
    def change(self, family: Family, user: int, task_id: int, condition: Condition, body: Json) -> None:
        method = family.change_methods[user % len(family.change_methods)]
        self.changed(self.write(method, family, (user, task_id, ""), condition, body), body)

    @rule(user=users, task_id=ids, condition=conditions, body=new_tasks)
    def replace(self, user: int, task_id: int, condition: Condition, body: Json) -> None:
        response = self.write("PUT", V1, (user, task_id, ""), condition, body)
        self.changed(response, {"description": None, "completed": False, **body})

    @rule(family=families, user=users, task_id=ids, condition=conditions, body=completions)
    def complete(self, family: Family, user: int, task_id: int, condition: Condition, body: Json) -> None:
        self.changed(self.write("PATCH", family, (user, task_id, "/complete"), condition, body), body)

    @rule(family=families, user=users, task_id=ids, condition=headers_only, body=st.sampled_from([None, {}]))
    def toggle(self, family: Family, user: int, task_id: int, condition: Condition, body: Json | None) -> None:
        response = self.write("PATCH", family, (user, task_id, "/complete"), condition, body)
        if response is not None:
            self.changed(response, {"completed": not self.model.tasks[task_id]["completed"]})

    @rule(family=families, task_id=ids)
    def send_back_what_was_read(self, family: Family, task_id: int) -> None:
        if task := self.model.tasks.get(task_id):
            response = self.ask("PUT", family.one(task["user_id"], task_id), json=task)
            assert response.status_code == 200, response.text
            self.changed(response, task)

    @rule(family=families, user=users, task_id=ids, body=wrong)
    def change_wrongly(self, family: Family, user: int, task_id: int, body: Json) -> None:
        response = self.ask(family.change_method, family.one(self.users[user], task_id), json=body)
        [fault] = response.json()["errors"]
        invalid(response, (*body, fault["code"]))

    @rule(family=families, task_id=ids, user=users)
    def give_away(self, family: Family, task_id: int, user: int) -> None:
        task = self.model.tasks.get(task_id)
        if task and task["user_id"] != self.users[user]:
            body = {"title": "stolen", "user_id": self.users[user]}
            response = self.ask(family.change_method, family.one(task["user_id"], task_id), json=body)
            invalid(response, ("user_id", "another_owner"))

    @rule(family=families, user=users, task_id=ids, condition=headers_only)
    def delete(self, family: Family, user: int, task_id: int, condition: Condition) -> None:
        response = self.write("DELETE", family, (user, task_id, ""), condition, None)
        if response is not None:
            content = b'{"message":"Task deleted successfully"}' if family is USERS else b""
            assert response.content == content
            tells(response, None, self.model.delete(task_id))

    @rule(family=families, user=users, task_id=ids, condition=headers_only)
    def poll(self, family: Family, user: int, task_id: int, condition: Condition) -> None:
        version = self.model.version(task_id)
        known = {"If-None-Match": condition.headers(version)["If-Match"]} if condition.if_match else {}
        response = self.ask("GET", family.one(self.users[user], task_id), known)
        if known and (condition.holds or 'W/"1"' in condition.if_match):
            if self.found(response, family, user, task_id, 304):
                tells(response, f'"{version}"', None)
                assert response.content == b""
        elif self.found(response, family, user, task_id):
            assert response.json() == self.model.tasks[task_id]

    @rule(family=families, user=users)
    def undo(self, family: Family, user: int) -> None:
        owner = self.users[user]
        number = self.model.last_change[owner]
        response = self.ask("POST", family.about(owner, f"history/{number or 1}/undo"))
        if not number:
            refused(response, 404, "CHANGE_NOT_FOUND")
            return
        assert response.status_code == 200, response.text
        self.model.undo(response.json(), owner)
        tells(response, None, number + 1)

    @rule(family=families, user=users, limit=st.sampled_from([1, 2, 1000]))
    def follow(self, family: Family, user: int, limit: int) -> None:
        owner = self.users[user]
        since, copy = self.copies[owner]
        page = self.ask("GET", family.about(owner, "changes", since=since, limit=limit)).json()
        for task_id in page["deleted"]:
            copy.pop(task_id, None)
        copy |= {task["id"]: task for task in page["tasks"]}
        self.copies[owner] = page["latest"], copy
        if not page["more"]:
            assert page["latest"] == self.model.last_change[owner]
            assert [copy[task_id] for task_id in sorted(copy)] == self.model.of(owner)

    @rule(family=families, user=users)
    def read_history(self, family: Family, user: int) -> None:
        owner = self.users[user]
        entries = self.ask("GET", family.about(owner, "history", limit=1000)).json()
        for entry in entries:
            moment(entry.pop("at"))
        assert entries == self.model.history(owner)

    @rule(family=families, user=users, limit=st.sampled_from([1, 2, 3, 1000]), after=ids)
    def turn_pages(self, family: Family, user: int, limit: int, after: int) -> None:
        address = family.address(self.users[user])
        expected = self.model.all() if family is V1 else self.model.of(self.users[user])
        expected = [task for task in expected if task["id"] > after]
        following: str | None = f"{address}?limit={limit}&after={after}"
        while following:
            response = self.ask("GET", following)
            assert response.json() == expected[:limit]
            following = None
            if len(expected) > limit:
                following = f"{address}?limit={limit}&after={expected[limit - 1]['id']}"
                assert response.headers["link"] == f'<{following}>; rel="next"'
            assert ("link" in response.headers) == (following is not None)
            expected = expected[limit:]

    @rule(family=st.sampled_from(OWNED), user=users)
    def list_whole(self, family: Family, user: int) -> None:
        number = self.model.last_change[self.users[user]]
        address = family.address(self.users[user])
        response = self.ask("GET", address)
        assert response.json() == self.model.of(self.users[user])
        tells(response, f'W/"{number}"', number)
        response = self.ask("GET", address, {"If-None-Match": response.headers["etag"]})
        assert (response.status_code, response.content) == (304, b"")
        tells(response, f'W/"{number}"', number)

    @invariant()
    def the_flat_list_has_the_tasks_of_all_users(self) -> None:
        assert self.ask("GET", f"{V1.tasks}?after={self.before}").json() == self.model.all()


def test_whatever_is_done_the_tasks_are_those_of_the_model(service: Service, client: httpx.Client) -> None:
    machine = type("Sequence", (Tasks,), {"client": client})
    for round_ in rounds(service, 0.6, examples=25):
        run_state_machine_as_test(machine, settings=round_)
