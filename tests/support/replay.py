"""The history of an owner, carried out again from its first change, and compared with what is in the tables."""

from datetime import datetime
from typing import Any, NamedTuple

from donebase.core.shapes import WRITABLE
from tests.support.psql import Json, connect, in_utc, read_members

KEPT = (*WRITABLE, "completed_at", "created_at")


class Replayed(NamedTuple):
    """How many changes there were, and how many rows about them."""

    changes: int
    rows: int


async def replay(url: str, user: int) -> Replayed:
    """See that the history of an owner leads, number after number, to exactly the rows that there are."""
    connection = await connect(url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            history = await connection.fetch("SELECT * FROM history WHERE user_id = $1 ORDER BY change, task_id", user)
            rows = await connection.fetch("SELECT * FROM tasks WHERE user_id = $1", user)
            clock = await connection.fetchval("SELECT clock FROM users WHERE id = $1", user)
    finally:
        await connection.close()
    assert sorted({row["change"] for row in history}) == [*range(1, clock + 1)], "a number is missing"
    tasks: dict[int, Json] = {}
    for row in history:
        _carry_out(tasks, row)
    there = {row["id"]: {name: _stored(row, name) for name in (*KEPT, "version", "updated_at")} for row in rows}
    assert tasks == there
    return Replayed(clock, len(history))


def _carry_out(tasks: dict[int, Json], row: Any) -> None:
    number, task = row["change"], row["task_id"]
    before, after = read_members(row["before"]), read_members(row["after"])
    known = tasks.get(task)
    if before is None:
        assert after is not None
        assert known is None, f"change {number} creates {task}, which is there"
        assert after.keys() == {*KEPT}
        tasks[task] = after
    else:
        assert known is not None, f"change {number} is about {task}, which is not there"
        assert known | before == known, f"change {number} finds {known} and has kept {before}"
        assert in_utc(row["at"]) > known["updated_at"]
        tasks[task] = known | (after or {})
    tasks[task] |= {"version": number, "updated_at": in_utc(row["at"])}
    if after is None:
        assert before is not None
        assert before.keys() == {*KEPT, "version", "updated_at"}
        del tasks[task]
    elif before is not None:
        assert before.keys() == after.keys()
        assert all(before[name] != after[name] for name in before), "what did not move is kept"


def _stored(row: Any, name: str) -> Any:
    value = row["id"] if name == "order" and row[name] is None else row[name]
    return in_utc(value) if isinstance(value, datetime) else value
