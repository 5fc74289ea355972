"""Clients that write at every address, and remember the responses to compare them with what is stored.

Many writes have an idempotency key: while their fate is unknown, they are repeated.
"""

import asyncio
import random
import secrets
import threading
import time
from types import TracebackType
from typing import Any, NamedTuple, Self

import httpx

from tests.support.families import FAMILIES, OWNED, USERS, V1
from tests.support.kept_alive import NO_ANSWER, KeptAlive, Reply
from tests.support.problems import SHAPE
from tests.support.remembered import Remembered, State, Wish

MOST_TASKS = 25  # of one client, so that its list is short
AFTER_A_FAILURE = 0.1
_OPERATIONS = {"create": 20, "change": 25, "replace": 10, "toggle": 15, "set": 10, "delete": 8, "read": 15, "list": 10}
_KEYED = {"create", "replace", "toggle", "delete"}
_RETRIED = {"DATABASE_ERROR", "OVERLOADED"}


class Answer(NamedTuple):
    """What came of one request. Where no answer came, `status` is 0 and `failure` says how the connection failed."""

    user: int
    began: float
    took: float
    operation: str
    status: int
    failure: str
    code: str
    shaped: bool

    @property
    def ended(self) -> float:
        """When it came, on the monotonic clock."""
        return self.began + self.took

    @property
    def well(self) -> bool:
        """Whether what was asked for was done."""
        return 200 <= self.status < 300


class WriteLoad:
    """Clients that ask one after the other, each a user of its own, from when it is entered until it is stopped.

    `answers` is all that came of it, in the order of arrival.
    """

    def __init__(self, address: str, clients: int = 8, seed: int = 0, pause: float = 0.01) -> None:
        self.address = address
        self.pause = pause
        self.stopping = False
        self.answers: list[Answer] = []
        self._clients = [_Client(self, random.Random(f"{seed} {number}")) for number in range(clients)]  # noqa: S311
        self._failures: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def users(self) -> list[int]:
        """The user that each client is."""
        return [client.memory.user for client in self._clients]

    def at(self, address: str) -> None:
        """Go on at another address."""
        self.address = address

    def stop(self) -> None:
        """Begin nothing more, and wait for the answers to what has begun."""
        self.stopping = True
        self._thread.join()
        for failure in self._failures:
            raise failure

    def check(self, client: httpx.Client) -> int:
        """See that all that was acknowledged is there and nothing else is, and return how many writes that were."""
        wrong = []
        for each in self._clients:
            listed = client.get(USERS.address(each.memory.user))
            assert listed.status_code == 200, listed.text
            wrong += each.memory.wrong + each.memory.contradictions(listed.json())
        assert not wrong, f"{len(wrong)} times, such as: " + "; ".join(wrong[:5])
        return sum(each.memory.acknowledged for each in self._clients)

    def _run(self) -> None:
        async def everybody() -> None:
            await asyncio.gather(*(client.run() for client in self._clients))

        try:
            asyncio.run(everybody())
        except Exception as failure:
            self._failures.append(failure)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self.stopping = True
        self._thread.join()
        if error is None:
            self.stop()


class _Client:
    """One user: what it asks for next, and what it remembers."""

    def __init__(self, load: WriteLoad, order: random.Random) -> None:
        self.memory = Remembered(secrets.randbelow(2**62) + 1)
        self._load = load
        self._order = order
        self._texts = self._keys = 0
        self._again: Wish | None = None

    async def run(self) -> None:
        """Send requests until the load is stopped."""
        address, connection = self._load.address, KeptAlive(self._load.address)
        while not self._load.stopping:
            if address != self._load.address:
                await connection.close()
                address, connection = self._load.address, KeptAlive(self._load.address)
            wish = self._again or self._with_key(self._wish())
            answer = await self._ask(connection, wish)
            self._again = wish if self.memory.unsettled(wish) else None
            self._load.answers.append(answer)
            await asyncio.sleep(self._load.pause if answer.well else AFTER_A_FAILURE)
        await connection.close()

    async def _ask(self, connection: KeptAlive, wish: Wish) -> Answer:
        began = time.monotonic()
        reply, failure = None, ""
        try:
            reply = await connection.ask(wish.method, wish.path, wish.body, wish.key)
        except NO_ANSWER as error:
            failure = type(error).__name__
        took = time.monotonic() - began
        self.memory.learn(wish, reply)
        code, shaped = _problem(reply)
        return Answer(
            self.memory.user, began, took, wish.operation, reply.status if reply else 0, failure, code, shaped
        )

    def _with_key(self, wish: Wish) -> Wish:
        """Give two of three writes a key, of those that always change something: a key is kept for no other."""
        if wish.operation not in _KEYED or self._order.random() < 1 / 3:
            return wish
        self._keys += 1
        return wish._replace(key=f"{self.memory.user}-{self._keys}")

    def _wish(self) -> Wish:
        certain = self.memory.certain()
        operation = self._order.choices([*_OPERATIONS], [*_OPERATIONS.values()])[0]
        if not certain and operation != "list":
            operation = "create"
        if len(certain) >= MOST_TASKS and operation == "create":
            operation = "delete"
        if operation == "create":
            return self._create()
        if operation == "list":
            return Wish(operation, "GET", self._order.choice(OWNED).address(self.memory.user))
        return self._about(operation, self._order.choice(certain))

    def _create(self) -> Wish:
        family = self._order.choice(FAMILIES)
        state = State(self._text(), self._order.choice([None, self._text()]), self._yes_or_no())
        body = family.body(self.memory.user, **state._asdict())
        return Wish("create", "POST", family.address(self.memory.user), 0, body, lambda _: state)

    def _about(self, operation: str, task_id: int) -> Wish:
        family = self._order.choice(FAMILIES)
        path = family.one(self.memory.user, task_id)
        state = State(self._text(), self._order.choice([None, self._text()]), self._yes_or_no())
        match operation:
            case "change":
                some = self._order.sample([*state._asdict().items()], self._order.randint(1, 3))
                changes: dict[str, Any] = dict(some)
                method = self._order.choice(family.change_methods)
                return Wish(operation, method, path, task_id, changes, lambda now: now._replace(**changes))
            case "replace":
                return Wish(operation, "PUT", V1.one(0, task_id), task_id, state._asdict(), lambda _: state)
            case "toggle":
                path = family.completion(self.memory.user, task_id)
                return Wish(
                    *(operation, "PATCH", path, task_id, None), lambda now: now._replace(completed=not now.completed)
                )
            case "set":
                path, completed = family.completion(self.memory.user, task_id), state.completed
                body = {"completed": completed}
                return Wish(operation, "PATCH", path, task_id, body, lambda now: now._replace(completed=completed))
            case "delete":
                return Wish(operation, "DELETE", path, task_id, None, lambda _: None)
            case _:
                return Wish(operation, "GET", path, task_id)

    def _yes_or_no(self) -> bool:
        return self._order.random() < 0.5

    def _text(self) -> str:
        self._texts += 1
        return f"{self.memory.user}-{self._texts}"


def _problem(reply: Reply | None) -> tuple[str, bool]:
    """Return the code of an error, and whether it has the one shape there is; a success has no code."""
    if reply is None:
        return "", False
    if reply.status < 400:
        return "", True
    if reply.headers.get("content-type") != "application/problem+json":
        return "", False
    body = reply.json()
    code = body.get("code", "")
    retried = reply.headers.get("retry-after", "").isdigit() or code not in _RETRIED
    named = body.get("request_id") == reply.headers.get("x-request-id")
    return code, retried and named and set(body) - {"errors"} == SHAPE and body["status"] == reply.status
