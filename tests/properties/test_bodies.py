"""Bodies that Hypothesis draws, for every operation that takes one: a right one is kept, a wrong one does nothing."""

import json
from typing import Any, NamedTuple

import httpx
import pytest
from hypothesis import given, note

from tests.properties.bodies import HEADERS, PRESENT, anything, bodies, malformed, written
from tests.properties.budget import rounds
from tests.properties.rules import DEFAULTS, FIELDS, SET_BY_A_CHANGE, Json, faults, is_changed, moment, sent_fields
from tests.support.families import API, FAMILIES, USERS, V1, Family
from tests.support.problems import JSON, refused
from tests.support.processes import Service

BEFORE: Json = {
    **{"title": "as it was", "description": " as it was\n", "completed": True, "priority": "low", "tags": ["was"]},
    **{"due": {"date": "2026-12-01", "time": "17:00", "time_zone": "Europe/Berlin"}, "order": -7.5},
}
REPLACED: Json = {"description": None, "completed": False}
KEPT: Json = {}
TOGGLED: Json = {"completed": False}
COMPLETED = frozenset({"completed"})
TITLE = frozenset({"title"})


class Operation(NamedTuple):
    """An operation that takes a body, and what becomes of the fields that a body leaves out."""

    family: Family
    method: str
    left_out: Json
    fields: frozenset[str] = FIELDS
    required: frozenset[str] = frozenset()
    below: str = ""

    def address(self, user: int, task: Json) -> str:
        """Return where a body is sent to."""
        return self.family.address(user) if self.method == "POST" else self.family.one(user, task["id"]) + self.below

    def faults(self, body: Json, user: int) -> dict[str, set[str]]:
        """Return what is wrong with a body: each field at fault, with the codes that can say why."""
        owner = body.get("user_id") if "user_id" in self.required else user
        is_named = "{user_id}" in self.family.tasks
        return faults(body, fields=self.fields, required=self.required, owner=owner, is_named=is_named)


OPERATIONS = [
    Operation(V1, "POST", DEFAULTS, required=frozenset({"title", "user_id"})),
    Operation(V1, "PUT", REPLACED, required=TITLE),
    Operation(V1, "PATCH", KEPT),
    Operation(USERS, "POST", DEFAULTS, required=TITLE),
    Operation(USERS, "PUT", KEPT),
    Operation(USERS, "PATCH", KEPT),
    Operation(API, "POST", DEFAULTS, required=TITLE),
    Operation(API, "PUT", KEPT),
    *(Operation(each, "PATCH", TOGGLED, fields=COMPLETED, below="/complete") for each in FAMILIES),
]
every_operation = pytest.mark.parametrize(
    "operation", OPERATIONS, ids=lambda it: f"{it.family.name}-{it.method}{it.below}"
)
PART = 0.6 / len(OPERATIONS)


class Attempt:
    """A task, and a body that is sent to do something to it or to add another."""

    def __init__(self, client: httpx.Client, operation: Operation, user: int, content: bytes, **headers: str) -> None:
        self.client, self.operation, self.user = client, operation, user
        self.task = USERS.created(client, user, **BEFORE)
        content = content.replace(b"%d" % PRESENT, b"%d" % self.task["version"])
        note(f"the body: {content[:2_000]!r}")
        address = operation.address(user, self.task)
        self.response = client.request(operation.method, address, content=content, headers=headers or JSON)

    def did_nothing(self, code: str, wrong: dict[str, set[str]]) -> None:
        """See that it was refused, with one of the codes for each field at fault, and that all is as it was."""
        told = [(fault["field"], fault["code"]) for fault in self.response.json().get("errors", [])]
        refused(self.response, 400, code, *told)
        assert sorted(field for field, _ in told) == sorted(wrong)
        assert all(why in wrong[field] for field, why in told)
        assert self.tasks() == [self.task]

    def had_another_version(self) -> None:
        """See that it was refused for the version that it expects, and that all is as it was."""
        refused(self.response, 412, "PRECONDITION_FAILED")
        assert self.response.json()["current"] == self.task
        assert self.tasks() == [self.task]

    def was_kept(self, body: Json) -> None:
        """See that it was accepted, and that each address has, to the byte, what was answered."""
        assert self.response.status_code == (201 if self.operation.method == "POST" else 200), self.response.text
        answer = self.response.json()
        meant = self.operation.left_out | sent_fields(body)
        if self.operation.method == "POST":
            given = {field: answer[field] for field in ("id", "created_at", *SET_BY_A_CHANGE)}
            meant = {"order": answer["id"]} | meant
            assert answer == self.task | meant | given
            assert moment(answer["updated_at"]) > moment(self.task["updated_at"])
        else:
            assert is_changed(self.task, answer, meant)
        for family in FAMILIES:
            assert family.read(self.client, answer["user_id"], answer["id"]).content == self.response.content
        assert self.tasks() == ([self.task, answer] if self.operation.method == "POST" else [answer])

    def tasks(self) -> Any:
        """Return the task and what has followed it, whoever owns it."""
        return self.client.get(V1.tasks, params={"after": self.task["id"] - 1}).json()


@every_operation
def test_a_body_is_kept_or_does_nothing(
    service: Service, client: httpx.Client, alice: int, bob: int, operation: Operation
) -> None:
    drawn = written(bodies(alice, bob, fields=operation.fields, required=operation.required))

    def holds(content: bytes, headers: dict[str, str]) -> None:
        body = json.loads(content)
        attempt = Attempt(client, operation, alice, content, **headers)
        if wrong := operation.faults(body, alice):
            attempt.did_nothing("VALIDATION_ERROR", wrong)
        elif operation.method != "POST" and body.get("version", PRESENT) not in (PRESENT, attempt.task["version"]):
            attempt.had_another_version()
        else:
            attempt.was_kept(body)

    for round_ in rounds(service, PART, examples=40):
        round_(given(drawn, HEADERS)(holds))()


@every_operation
def test_what_is_no_json_does_nothing(service: Service, client: httpx.Client, alice: int, operation: Operation) -> None:
    drawn = malformed({"completed": False, "user_id": alice, "title": "x"})

    def holds(content: bytes) -> None:
        Attempt(client, operation, alice, content).did_nothing("MALFORMED_JSON", {})

    for round_ in rounds(service, PART / 10, examples=15):
        round_(given(drawn)(holds))()


@every_operation
def test_json_that_is_no_object_does_nothing(
    service: Service, client: httpx.Client, alice: int, operation: Operation
) -> None:
    def holds(value: Any) -> None:
        attempt = Attempt(client, operation, alice, json.dumps(value).encode())
        attempt.did_nothing("VALIDATION_ERROR", {"body": {"wrong_type"}})

    # Null is no body where none is needed, and several tasks can be created.
    is_body = (dict, type(None)) if operation.below else (dict, list) if operation.method == "POST" else dict
    for round_ in rounds(service, PART / 10, examples=8):
        round_(given(anything.filter(lambda value: not isinstance(value, is_body)))(holds))()
