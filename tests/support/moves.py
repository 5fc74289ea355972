"""The order of tasks: what it was after each change, and whether a task is where it was moved to."""

from typing import Any

from tests.support.psql import connect, read_members

Orders = dict[int, float]


def in_order(orders: Orders) -> list[int]:
    """Return the ids of tasks in order: ties by id."""
    return sorted(orders, key=lambda task: (orders[task], task))


def orders_of(tasks: list[dict[str, Any]]) -> Orders:
    """Return the order of each task, by its id."""
    return {task["id"]: task["order"] for task in tasks}


def is_placed(orders: Orders, task: int, where: dict[str, Any]) -> bool:
    """Tell whether a task is where a move has asked for it, and its order strictly between those of its neighbours."""
    listed = [None, *in_order(orders), None]
    at = listed.index(task)
    before, after = listed[at - 1], listed[at + 1]
    if not (before is None or orders[before] < orders[task]) or not (after is None or orders[task] < orders[after]):
        return False
    wanted: dict[str, Any] = {"before": after, "after": before, "first": before, "last": after}
    return all(
        wanted[value if name == "to" else name] == (None if name == "to" else value) for name, value in where.items()
    )


def placed(ids: list[int], task: int, where: dict[str, Any]) -> list[int]:
    """Return ids in the order that a move asks for."""
    rest = [each for each in ids if each != task]
    [(name, value)] = where.items()
    at = {"first": 0, "last": len(rest)}[value] if name == "to" else rest.index(value) + (name == "after")
    return [*rest[:at], task, *rest[at:]]


async def orders_after_each_change(url: str, user: int) -> dict[int, Orders]:
    """Return the orders of an owner's tasks as each change left them, by its number, from the whole history."""
    connection = await connect(url)
    try:
        rows = await connection.fetch(
            "SELECT change, task_id, after FROM history WHERE user_id = $1 ORDER BY change", user
        )
    finally:
        await connection.close()
    left: dict[int, Orders] = {}
    now: Orders = {}
    for row in rows:
        after = read_members(row["after"])
        if after is None:
            now = {task: order for task, order in now.items() if task != row["task_id"]}
        elif "order" in after:
            now = now | {row["task_id"]: float(after["order"])}
        left[row["change"]] = now
    return left
