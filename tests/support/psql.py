"""SQL as somebody types it in psql, and what the history says of it."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import asyncpg

from donebase.postgres.task_functions import task_functions
from tests.support.databases import a_database

Json = dict[str, Any]
_Session = TypeVar("_Session", bound="Psql")
TIMES = ("completed_at", "created_at", "updated_at")


async def connect(url: str) -> asyncpg.Connection:
    """Return a connection that reads and writes JSON as Python values."""
    connection = await asyncpg.connect(url, statement_cache_size=0)
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)
    return connection


class Psql:
    """A session in which somebody types SQL, and what an owner's history says."""

    def __init__(self, url: str, user: int = 0) -> None:
        self.user = user
        self._runner = asyncio.Runner()
        self._connection = self._runner.run(connect(url))

    def run(self, sql: str, *arguments: object) -> list[Json]:
        """Run a statement and return its rows."""
        return [dict(row) for row in self._runner.run(self._connection.fetch(sql, *arguments))]

    def value(self, sql: str, *arguments: object) -> Any:
        """Run a statement and return the one value that it gives, if any."""
        return self._runner.run(self._connection.fetchval(sql, *arguments))

    @contextmanager
    def transaction(self, *, rolled_back: bool = False) -> Iterator[None]:
        """Let the statements within be one transaction, or a savepoint of one."""
        transaction = self._connection.transaction()
        self._runner.run(transaction.start())
        try:
            yield
        except BaseException:
            self._runner.run(transaction.rollback())
            raise
        self._runner.run(transaction.rollback() if rolled_back else transaction.commit())

    def create(self, *titles: str, user: int | None = None, **fields: Any) -> list[int]:
        """Create tasks in one statement, and return their ids."""
        names = "".join(f', "{name}"' for name in fields)
        values = "".join(f", ${number}" for number in range(3, 3 + len(fields)))
        sql = (
            f"INSERT INTO tasks (user_id, title{names}) SELECT $1, t{values} FROM unnest($2::text[]) AS t RETURNING id"
        )
        return [row["id"] for row in self.run(sql, user or self.user, titles, *fields.values())]

    def change(self, assignments: str, *tasks: int) -> list[Json]:
        """Change tasks in one statement, and return them as they are then."""
        return self.run(f"UPDATE tasks SET {assignments} WHERE id = ANY ($1) RETURNING *", tasks)

    def delete(self, *tasks: int) -> None:
        """Delete tasks in one statement."""
        self.run("DELETE FROM tasks WHERE id = ANY ($1)", tasks)

    def task(self, task: int) -> Json:
        """Return the row of a task."""
        [row] = self.run("SELECT * FROM tasks WHERE id = $1", task)
        return row

    def clock(self, user: int | None = None) -> int:
        """Return the number of an owner's last change."""
        [row] = self.run("SELECT clock FROM users WHERE id = $1", user or self.user)
        return int(row["clock"])

    def history(self, user: int | None = None) -> list[tuple[int, int, Json | None, Json | None]]:
        """Return an owner's history: change, task, before, after."""
        sql = "SELECT change, task_id, before, after FROM history WHERE user_id = $1 ORDER BY change, task_id"
        rows = self.run(sql, user or self.user)
        return [
            (row["change"], row["task_id"], read_members(row["before"]), read_members(row["after"])) for row in rows
        ]

    def close(self) -> None:
        """End the session."""
        self._runner.run(self._connection.close())
        self._runner.close()


def read_members(found: Json | None) -> Json | None:
    """Return what a column of the history has of a task, with times in UTC without a zone."""
    if found is None:
        return None
    return found | {name: datetime.fromisoformat(found[name]) for name in TIMES if found.get(name) is not None}


def in_utc(moment: datetime | None) -> datetime | None:
    """Return a time as `read_members` does."""
    return moment and moment.astimezone(UTC).replace(tzinfo=None)


@contextmanager
def with_task_functions(kind: type[_Session]) -> Iterator[_Session]:
    """Yield a session in a database of its own, which has the functions of tasks and no tables."""
    with a_database() as url:
        session = kind(url)
        for statement in task_functions():
            session.run(statement)
        yield session
        session.close()
