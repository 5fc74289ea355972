"""What a client was told of its tasks, and whether what it reads agrees."""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from tests.support.families import Json
from tests.support.kept_alive import Reply


class State(NamedTuple):
    """What a client can set of a task."""

    title: str
    description: str | None
    completed: bool


NEW = State("", None, completed=False)


class Wish(NamedTuple):
    """A request, and what it makes of the state of the task that it is about: None is a task that is gone.

    `key` is its idempotency key, if it has one.
    """

    operation: str
    method: str
    path: str
    task_id: int = 0
    body: Json | None = None
    becomes: Callable[[State], State | None] = lambda state: state
    key: str = ""


class Remembered:
    """All that one user was told: the states each task may be in, and the creates whose fate is unknown.

    A write without an acknowledgement leaves its task in one of two states, and the task is not written to again: a
    statement that was given up on may be carried out after one that was sent later. OVERLOADED says that nothing was
    done, and is taken at its word. With a key, a write can be repeated until its fate is known: it was then carried out
    once, whatever has come of each attempt.
    """

    def __init__(self, user: int) -> None:
        self.user = user
        self.tasks: dict[int, set[State | None]] = {}
        self.perhaps: dict[str, State | None] = {}
        self.acknowledged = 0
        self.wrong: list[str] = []
        self._before: dict[str, set[State | None]] = {}  # by the keys whose fate is unknown

    def certain(self) -> list[int]:
        """Return the tasks that are there, and in one known state."""
        return [number for number, states in self.tasks.items() if len(states) == 1 and None not in states]

    def learn(self, wish: Wish, reply: Reply | None) -> None:
        """Remember what came of a request; None where no answer came."""
        doubted = wish.key in self._before
        if reply is None or reply.status == 500:
            self._doubt(wish)
        elif doubted and reply.status == 503:
            return
        elif reply.headers.get("idempotent-replayed") and not doubted:
            self.wrong.append(f"{wish} was answered like an earlier one")
        elif doubted and 200 <= reply.status < 300:
            self._before_doubt(wish)
            self._believe(wish, reply)
        elif 200 <= reply.status < 300:
            self._believe(wish, reply)
        elif reply.status == 404 and not doubted and None in self.tasks.get(wish.task_id, ()):
            return
        elif reply.status != 503:
            self.wrong.append(f"{wish} was answered with {reply.status} {reply.content!r}")

    def contradictions(self, rows: list[Json]) -> list[str]:
        """Return in which ways a list of this user's tasks is not what was told."""
        listed = [row["id"] for row in rows]
        strangers = Counter(row["title"] for row in rows if row["id"] not in self.tasks)
        return [
            *(f"{row} is not as told" for row in rows if row["user_id"] != self.user or not self._expects(row)),
            *(f"task {number} is listed twice" for number, times in Counter(listed).items() if times > 1),
            *(f"{title!r} was created twice" for title, times in strangers.items() if times > 1),
            *(f"task {number} is lost" for number in self.tasks.keys() - listed if None not in self.tasks[number]),
        ]

    def unsettled(self, wish: Wish) -> bool:
        """Return whether the fate of a request is unknown that can be repeated with its key."""
        return wish.key in self._before

    def _before_doubt(self, wish: Wish) -> None:
        states = self._before.pop(wish.key)
        if wish.operation == "create":
            new = wish.becomes(NEW)
            assert new
            del self.perhaps[new.title]
        else:
            self.tasks[wish.task_id] = states

    def _doubt(self, wish: Wish) -> None:
        if wish.key in self._before:
            return
        if wish.key:
            self._before[wish.key] = self.tasks.get(wish.task_id, set())
        if wish.operation == "create":
            new = wish.becomes(NEW)
            assert new
            self.perhaps[new.title] = new
        elif wish.method != "GET":
            self.tasks[wish.task_id] = self.tasks[wish.task_id] | _after(wish, self.tasks[wish.task_id])

    def _believe(self, wish: Wish, reply: Reply) -> None:
        if wish.operation == "list":
            self.wrong += self.contradictions(reply.json())
            return
        self.acknowledged += wish.method != "GET"
        expected = _after(wish, {NEW} if wish.operation == "create" else self.tasks[wish.task_id])
        if wish.operation == "delete":
            self.tasks[wish.task_id] = {None}
            return
        row = reply.json()
        if _state(row) not in expected or wish.task_id not in (0, row["id"]):
            self.wrong.append(f"{wish} was answered with {row} in the place of {expected}")
        if wish.operation == "create":
            if row["id"] in self.tasks:
                self.wrong.append(f"{wish} was answered with an old task, {row}")
            self.tasks[row["id"]] = expected
        elif wish.method != "GET":
            self.tasks[wish.task_id] = expected

    def _expects(self, row: Json) -> bool:
        if row["id"] in self.tasks:
            return _state(row) in self.tasks[row["id"]]
        return self.perhaps.get(row["title"]) == _state(row)


def _after(wish: Wish, states: set[State | None]) -> set[State | None]:
    return {wish.becomes(state) for state in states if state}


def _state(row: Json) -> State:
    return State(row["title"], row["description"], row["completed"])
