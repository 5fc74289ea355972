"""Several tasks in one request, compared with one request a task; and moves in lists of different lengths."""

from collections.abc import Iterator, Sequence
from typing import Any

from bench.asking import Client, Cost, Request, together
from bench.load import Tasks

AT_ONCE = (1, 10, 100, 1_000)
"""How many tasks a request is about; 1: a request to the address of the task itself."""
_TASKS = 20
_MOVES = 20
_NEW_USERS = 10**9


def measure(client: Client, owners: dict[int, Tasks], rounds: int) -> dict[str, Any]:
    """Return `several`, by operation and number of tasks in a request, and `moves`, by place and size of the list.

    One round is not counted: in it the service and PostgreSQL meet each statement.
    """
    several: dict[str, dict[int, list[Cost]]] = {}
    moves: dict[str, dict[int, list[Cost]]] = {}
    for number in range(rounds + 1):
        print(f"several tasks, round {number} of {rounds} ...", flush=True)
        for place, at_once in enumerate(AT_ONCE):
            first_user = _NEW_USERS + (number * len(AT_ONCE) + place) * _TASKS
            for operation, cost in _changes(client, first_user, at_once):
                several.setdefault(operation, {}).setdefault(at_once, []).append(cost)
        for size, tasks in owners.items():
            for where, cost in _moves(client, tasks, number):
                moves.setdefault(where, {}).setdefault(size, []).append(cost)
    return {"several": _counted(several), "moves": _counted(moves)}


def _counted(costs: dict[str, dict[int, list[Cost]]]) -> dict[str, Any]:
    return {
        name: {str(place): together(rounds[1:]) for place, rounds in places.items()} for name, places in costs.items()
    }


def _changes(client: Client, first_user: int, at_once: int) -> Iterator[tuple[str, Cost]]:
    """Create, change and delete tasks of new users, so many in a request; yield what each task costs."""
    lists = [f"/users/{first_user + number}/tasks" for number in range(max(1, _TASKS // at_once))]
    new = [{"title": f"Buy milk and bread on the way home {number}"} for number in range(at_once)]
    yield "create", _of_each(client, "POST", lists, at_once, new if at_once > 1 else new[0])
    everything = ""
    if at_once == 1:
        lists = [f"{tasks}/{task['id']}" for tasks in lists for task in client.ask(Request("GET", tasks)).json()]
    else:
        everything = "?all=true"
    yield "change one field", _of_each(client, "PATCH", lists, at_once, {"priority": "high"})
    yield "complete", _of_each(client, "PATCH", lists, at_once, {"completed": True})
    yield "delete", _of_each(client, "DELETE", [f"{path}{everything}" for path in lists], at_once)


def _of_each(client: Client, method: str, paths: Sequence[str], tasks: int, body: Any = None) -> Cost:
    """Return what each task costs, of so many in a request."""
    return Cost(*(figure / tasks for figure in client.cost([Request(method, path, body) for path in paths])))


def _moves(client: Client, tasks: Tasks, number: int) -> Iterator[tuple[str, Cost]]:
    """Move tasks of the first half of a list; yield what a move costs."""
    base, half = f"/users/{tasks.first_user}/tasks", tasks.each // 2
    moved = [tasks.first_task + (number * _MOVES + each) % half for each in range(_MOVES)]
    for where, body in {"first": {"to": "first"}, "last": {"to": "last"},
                        "after": {"after": tasks.first_task + half}}.items():  # fmt: skip
        yield where, client.cost([Request("POST", f"{base}/{task}/move", body) for task in moved])
