"""Many clients that change the same few tasks of one owner in every way there is, over HTTP and by SQL."""

import asyncio
import random
from collections import Counter
from typing import Any, NamedTuple

import asyncpg

from tests.support.families import API, USERS, V1
from tests.support.kept_alive import KeptAlive, Reply

TASKS = 5
TWICE = 0.3  # of the requests have a key, and come twice at once
SESSIONS = 8  # of those that strike; the others are clients of the service
ROUNDS = 20  # at most; one is usual, but which operations meet, and find what they need, is chance
_OVER_HTTP = {
    "toggle": 30,
    "set": 10,
    "change": 25,
    "replace": 10,
    "move": 25,
    "create": 12,
    "delete": 8,
    "undo": 20,
    "create several": 4,
    "change named": 12,
    "delete named": 3,
}
_BY_SQL = {"change many": 10, "reorder many": 3, "toggle many": 10, "create many": 2, "delete many": 1}
# Statements about many tasks lock them in the order of their ids.
_THEM = """user_id = $1 AND id = ANY ((
    SELECT array_agg(id) FROM (SELECT id FROM tasks WHERE user_id = $1 ORDER BY id FOR UPDATE) AS locked
)::bigint[])"""
_STATEMENTS = {
    "change many": f"UPDATE tasks SET priority = $2 WHERE {_THEM} AND priority IS DISTINCT FROM $2",
    "reorder many": f'UPDATE tasks SET "order" = length($2) WHERE {_THEM}',
    "toggle many": f"UPDATE tasks SET completed = NOT completed WHERE {_THEM} AND $2 <> ''",
    "create many": "INSERT INTO tasks (user_id, title, priority) SELECT $1, 'many', $2 FROM generate_series(1, 3)",
    "delete many": f"DELETE FROM tasks WHERE {_THEM} AND $2 <> ''",
}


class Blow(NamedTuple):
    """A request, and the task that it is about."""

    operation: str
    method: str
    path: str
    body: Any = None
    task: int = 0


class Hammer:
    """Clients of a service and sessions of its database, which change the tasks of one owner.

    `done` counts what came of it: operation and status, which is 0 for SQL; "moved" is a move that changed something.
    `moves` has what was asked and answered, by the number of the change. An answer that nobody promises is an
    AssertionError; what PostgreSQL refuses, as a deadlock, is one of its own.
    """

    def __init__(self, address: str, url: str, user: int, seed: int = 0) -> None:
        self.done: Counter[tuple[str, int]] = Counter()
        self.moves: dict[int, tuple[Any, Any]] = {}
        self._address = address
        self._url = url
        self._user = user
        self._order = random.Random(seed)  # noqa: S311
        self._tasks: list[int] = []
        self._latest = 1
        self._keys = 0

    async def strike_until(self, enough: Counter[tuple[str, int]], number: int, times: int) -> None:
        """Strike again and again until each of these has come of it as often as that, or is an AssertionError."""
        for _ in range(ROUNDS):
            await self.strike(number, times)
            if self.done >= enough:
                return
        raise AssertionError(f"{enough - self.done} still missing after {ROUNDS} rounds: {self.done}")

    async def strike(self, number: int, times: int) -> None:
        """Let so many clients and sessions change something so many times each, all at once."""
        clients = [self._client(times) for _ in range(number - SESSIONS)]
        await asyncio.gather(*clients, *(self._session(times) for _ in range(SESSIONS)))

    async def _client(self, times: int) -> None:
        connection, another = KeptAlive(self._address), KeptAlive(self._address)
        for _ in range(times):
            blow = self._blow()
            if self._order.random() < TWICE:
                await self._twice(blow, connection, another)
            else:
                self._learn(blow, await connection.ask(blow.method, blow.path, blow.body))
        await connection.close()
        await another.close()

    async def _twice(self, blow: Blow, *connections: KeptAlive) -> None:
        """Send a request with a key on several connections at once, and see that it is carried out once at most.

        One of them may find no task, and another the task that an undo has brought back. Once more, it is a repetition.
        """
        self._keys += 1
        key = f"key-{self._keys}"
        replies = await asyncio.gather(*(each.ask(blow.method, blow.path, blow.body, key) for each in connections))
        if any("change" in reply.headers for reply in replies):
            replies.append(await connections[0].ask(blow.method, blow.path, blow.body, key))
            assert "idempotent-replayed" in replies[-1].headers, (blow, replies)
        done = [reply for reply in replies if "change" in reply.headers]
        assert len({(reply.headers["change"], reply.content) for reply in done}) <= 1, (blow, replies)
        assert sum("idempotent-replayed" not in reply.headers for reply in done) == min(len(done), 1), (blow, replies)
        self._learn(blow, replies[0])

    async def _session(self, times: int) -> None:
        connection = await asyncpg.connect(self._url, statement_cache_size=0)
        for _ in range(times):
            operation = self._choose(_BY_SQL)
            await connection.execute(_STATEMENTS[operation], self._user, self._order.choice(["low", "medium", "high"]))
            self.done[operation, 0] += 1
        await connection.close()

    def _blow(self) -> Blow:
        operation = self._choose(_OVER_HTTP)
        if not self._tasks:
            operation = self._order.choice(["create", "create", "create several"])
        elif operation.startswith("create") and len(self._tasks) >= TASKS:
            operation = "toggle"
        if operation == "create":
            return Blow(operation, "POST", USERS.address(self._user), {"title": self._text()})
        if operation.endswith((" several", " named")):
            return self._about_many(operation)
        return self._about(operation, self._order.choice(self._tasks))

    def _about_many(self, operation: str) -> Blow:
        address, completed = USERS.address(self._user), self._order.random() < 0.5
        if operation == "create several":
            return Blow(operation, "POST", address, [{"title": self._text()} for _ in range(3)])
        if operation == "delete named":
            return Blow(
                operation, "DELETE", f"{address}?q={self._order.randrange(10)}&completed={str(completed).lower()}"
            )
        named = self._order.choice(["", f"?completed={str(completed).lower()}", "?priority=none&priority=low"])
        return Blow(operation, "PATCH", f"{address}{named}", {"completed": not completed, "title": self._text()})

    def _about(self, operation: str, task: int) -> Blow:
        completed = self._order.random() < 0.5
        match operation:
            case "toggle":
                return Blow(operation, "PATCH", f"{API.one(self._user, task)}/complete", None, task)
            case "set":
                return Blow(operation, "PATCH", f"{API.one(self._user, task)}/complete", {"completed": completed}, task)
            case "change":
                all_of_them = {"title": self._text(), "description": self._text(), "completed": completed}
                some = dict(self._order.sample([*all_of_them.items()], 2))
                return Blow(operation, "PATCH", V1.one(self._user, task), some, task)
            case "replace":
                body = {"title": self._text(), "completed": completed}
                return Blow(operation, "PUT", V1.one(self._user, task), body, task)
            case "move":
                neighbour = {self._order.choice(["before", "after"]): self._order.choice(self._tasks)}
                where = self._order.choice([neighbour, neighbour, {"to": "first"}, {"to": "last"}])
                return Blow(operation, "POST", f"{V1.one(self._user, task)}/move", where, task)
            case "undo":
                number = max(1, self._latest - self._order.randrange(4))
                return Blow(operation, "POST", USERS.about(self._user, f"history/{number}/undo"))
            case _:
                return Blow(operation, "DELETE", USERS.one(self._user, task), None, task)

    def _learn(self, blow: Blow, reply: Reply) -> None:
        self.done[blow.operation, reply.status] += 1
        refusals = {"undo": [409], "move": [400, 404]}  # the neighbour can be gone, or be the task itself
        assert reply.status in (200, 201, *refusals.get(blow.operation, [404])), (blow, reply)
        if blow.operation == "move" and "change" in reply.headers:
            self.moves[int(reply.headers["change"])] = (blow.body, reply.json())
            self.done["moved", reply.status] += 1
        self._latest = max(self._latest, int(reply.headers.get("change", "1")))
        if blow.operation == "undo" and reply.status == 200:
            back, gone = ({task["id"] for task in reply.json()["tasks"]}, reply.json()["deleted"])
            self._tasks = sorted({*self._tasks, *back} - {*gone})
        elif reply.status == 201:
            created = reply.json()
            self._tasks += [task["id"] for task in (created if isinstance(created, list) else [created])]
        elif (reply.status == 404 or blow.operation == "delete") and blow.task in self._tasks:
            self._tasks.remove(blow.task)

    def _choose(self, among: dict[str, int]) -> str:
        return self._order.choices([*among], [*among.values()])[0]

    def _text(self) -> str:
        return f"text {self._order.randrange(10)}"
