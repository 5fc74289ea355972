"""What the clients of a load would notice: each way in which a write can be lost, doubled or made up."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.support.families import USERS, Json
from tests.support.kept_alive import Reply
from tests.support.processes import Service
from tests.support.remembered import Remembered, State, Wish
from tests.support.waiting import wait_for
from tests.support.write_load import WriteLoad

Harm = Callable[[httpx.Client, int, int], httpx.Response]
HARMS: dict[str, Harm] = {
    "lost": lambda client, user, task: USERS.delete(client, user, task),
    "not as told": lambda client, user, task: USERS.change(client, user, task, title="another"),
    "not asked for": lambda client, user, _task: USERS.create(client, user, title="another"),
}
FATE_UNKNOWN = None, Reply(500, {}, b"")
ENOUGH = 50
CREATE = Wish("create", "POST", "/", becomes=lambda _: State("a", None, completed=False))
TOGGLE = Wish("toggle", "PATCH", "/1", 1, becomes=lambda state: state._replace(completed=not state.completed))
DELETE = Wish("delete", "DELETE", "/1", 1, becomes=lambda _: None)


@pytest.mark.parametrize("harm", HARMS)
def test_a_load_notices_what_it_was_not_told(service: Service, client: httpx.Client, harm: str) -> None:
    with WriteLoad(service.address, clients=2) as load:
        wait_for(lambda: len(load.answers) >= ENOUGH)
    assert 0 < load.check(client) < len(load.answers)
    assert {answer.status for answer in load.answers} <= {200, 201, 204}
    assert all(answer.shaped for answer in load.answers)
    user = load.users[0]
    assert HARMS[harm](client, user, USERS.listed(client, user)[0]["id"]).status_code in (200, 201)
    with pytest.raises(AssertionError, match="lost" if harm == "lost" else "not as told"):
        load.check(client)


@pytest.mark.parametrize("reply", FATE_UNKNOWN)
def test_a_create_of_unknown_fate_happened_once_or_not_at_all(reply: Reply | None) -> None:
    memory = Remembered(7)
    memory.learn(CREATE, reply)
    assert memory.contradictions([]) == []
    assert memory.contradictions([row(1)]) == []
    assert memory.contradictions([row(1), row(2)])
    assert memory.contradictions([row(1, title="b")])
    assert memory.contradictions([row(1, user_id=8)])


@pytest.mark.parametrize("reply", FATE_UNKNOWN)
@pytest.mark.parametrize(("wish", "either"), [(TOGGLE, {"completed": True}), (DELETE, None)])
def test_a_write_of_unknown_fate_was_done_or_was_not(wish: Wish, either: Json | None, reply: Reply | None) -> None:
    memory = remembering_one()
    memory.learn(wish, reply)
    assert memory.contradictions([row(1)]) == []
    assert memory.contradictions([row(1, **either)] if either else []) == []
    assert memory.contradictions([row(1, title="b")])
    assert memory.contradictions([row(1), row(2)])
    assert memory.contradictions([row(1), row(1)])


def test_what_is_acknowledged_is_certain_and_a_refusal_for_want_of_room_changes_nothing() -> None:
    memory = remembering_one()
    memory.learn(TOGGLE, Reply(503, {}, b""))
    assert memory.contradictions([row(1, completed=True)])
    memory.learn(DELETE, Reply(204, {}, b""))
    assert memory.contradictions([]) == []
    assert memory.contradictions([row(1)])
    assert memory.wrong == []
    memory.learn(TOGGLE, Reply(400, {}, b""))
    assert memory.wrong


@pytest.mark.parametrize("reply", FATE_UNKNOWN)
def test_with_a_key_a_write_of_unknown_fate_is_known_in_the_end(reply: Reply | None) -> None:
    toggle, create = TOGGLE._replace(key="toggle"), CREATE._replace(key="create")
    told = Reply(200, {"idempotent-replayed": "true"}, json.dumps(row(1, completed=True)).encode())
    memory = remembering_one()
    for attempt in (reply, Reply(503, {}, b""), reply):
        memory.learn(toggle, attempt)
        assert memory.unsettled(toggle)
        assert memory.contradictions([row(1)]) == memory.contradictions([row(1, completed=True)]) == []
    memory.learn(toggle, told)
    assert not memory.unsettled(toggle)
    assert memory.contradictions([row(1)])
    memory.learn(create, reply)
    memory.learn(create, told._replace(status=201, content=json.dumps(row(2)).encode()))
    assert memory.contradictions([row(1, completed=True), row(2)]) == memory.wrong == []
    assert memory.contradictions([row(1, completed=True), row(2), row(3)])


def test_what_cannot_be_of_a_write_with_a_key_is_noticed() -> None:
    toggled = Reply(200, {}, json.dumps(row(1, completed=True)).encode())
    replayed = Reply(200, {"idempotent-replayed": "true"}, toggled.content)
    for told in (
        (replayed,),
        (None, Reply(404, {}, b"")),
        (None, toggled._replace(content=json.dumps(row(1)).encode())),
    ):
        memory = remembering_one()
        for reply in told:
            memory.learn(TOGGLE._replace(key="k"), reply)
        assert memory.wrong


def remembering_one() -> Remembered:
    memory = Remembered(7)
    memory.tasks[1] = {State("a", None, completed=False)}
    return memory


def row(task_id: int, **fields: Any) -> Json:
    return {"id": task_id, "user_id": 7, "title": "a", "description": None, "completed": False} | fields
