"""Services of the version before go on when the tables are migrated: what they do is recorded, and nobody waits."""

import asyncio
import json
from pathlib import Path

import asyncpg
import httpx
import pytest

from donebase.app import create_service
from donebase.postgres import connecting
from donebase.postgres.migrations import migrate
from donebase.settings import Settings
from tests.support.databases import fetchval, fill
from tests.support.in_process import serving
from tests.support.processes import run_donebase
from tests.support.waiting import wait_for
from tests.support.write_load import WriteLoad

# Their statements, which make the owner and set the time themselves.
LATER = "updated_at = greatest(now(), timezone('UTC', timezone('UTC', updated_at) + interval '1 microsecond'))"
CREATE = """WITH known_user AS (INSERT INTO users (id) VALUES ($1) ON CONFLICT DO NOTHING)
INSERT INTO tasks (user_id, title, completed) VALUES ($1, $2, $3) RETURNING id"""
CHANGE = f"UPDATE tasks SET title = coalesce($3, title), {LATER} WHERE user_id = $1 AND id = $2 RETURNING id"
TOGGLE = f"UPDATE tasks SET completed = NOT completed, {LATER} WHERE user_id = $1 AND id = $2 RETURNING id"
DELETE = "DELETE FROM tasks WHERE user_id = $1 AND id = $2 RETURNING id"
RECORDED = """SELECT json_agg(json_build_array(change, task_id, before ->> 'title', after ->> 'title') ORDER BY change)
FROM history WHERE user_id = $1"""


def test_the_statements_of_a_service_before_the_history_are_recorded(database_url: str, alice: int) -> None:
    first = fetchval(database_url, CREATE, alice, "a", False)
    second = fetchval(database_url, CREATE, alice, "b", True)
    assert fetchval(database_url, CHANGE, alice, first, "c") == first
    assert fetchval(database_url, CHANGE, alice, first, "c") == first  # nothing new
    assert fetchval(database_url, TOGGLE, alice, first) == first
    assert fetchval(database_url, DELETE, alice, second) == second
    assert json.loads(fetchval(database_url, RECORDED, alice)) == [
        [1, first, None, "a"],
        [2, second, None, "b"],
        [3, first, "a", "c"],
        [4, first, None, None],
        [5, second, "b", None],
    ]
    assert fetchval(database_url, "SELECT version FROM tasks WHERE user_id = $1", alice) == 4


BEFORE_ACCOUNTS, ACCOUNTS = "0004", "0005"
OF_TASKS = ("users", "tasks", "history", "idempotency_keys")
ALL_ROWS = "SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY t), '[]')::text FROM {} AS t"


def rows_of_tasks(url: str) -> list[str]:
    return [fetchval(url, ALL_ROWS.format(table)) for table in OF_TASKS]


def test_accounts_come_and_go_without_a_touch_on_what_is_there(empty_database: str) -> None:
    settings = Settings.read(database_url=empty_database)
    asyncio.run(migrate(settings, BEFORE_ACCOUNTS))
    fill(empty_database, 7, 100, "as it was")
    fetchval(empty_database, "UPDATE tasks SET title = 'changed'")
    fetchval(empty_database, "INSERT INTO idempotency_keys VALUES (7, 2, 'a key', '')")
    files = "SELECT array_agg(pg_relation_filenode(name::regclass) ORDER BY name) FROM unnest($1::text[]) AS name"
    before = [rows_of_tasks(empty_database), fetchval(empty_database, files, OF_TASKS)]
    for revision in (ACCOUNTS, BEFORE_ACCOUNTS, ACCOUNTS):
        asyncio.run(migrate(settings, revision))
        assert [rows_of_tasks(empty_database), fetchval(empty_database, files, OF_TASKS)] == before


def test_accounts_come_while_every_table_of_tasks_is_locked(empty_database: str) -> None:
    """The migration waits for no request, and no request for it."""
    asyncio.run(migrate(Settings.read(database_url=empty_database), BEFORE_ACCOUNTS))

    async def story() -> None:
        other = await asyncpg.connect(empty_database, statement_cache_size=0)
        async with other.transaction():
            await other.execute(f"LOCK TABLE {', '.join(OF_TASKS)} IN ACCESS EXCLUSIVE MODE")
            assert await migrate(Settings.read(database_url=empty_database), ACCOUNTS) == BEFORE_ACCOUNTS
        await other.close()

    asyncio.run(story())


def test_a_service_of_the_version_before_goes_on(
    empty_database: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its statements are those of AUTH=open, which name no table of accounts."""
    asyncio.run(migrate(Settings.read(database_url=empty_database), BEFORE_ACCOUNTS))
    monkeypatch.setattr(connecting, "REVISION", BEFORE_ACCOUNTS)
    no_hurry = {"database_timeout": 600, "database_pool_wait": 600}
    with serving(create_service(Settings.read(database_url=empty_database, **no_hurry))) as address:
        with WriteLoad(address) as load:
            wait_for(lambda: len(load.answers) > 100)
            done = run_donebase(folder, "migrate", DATABASE_URL=empty_database)
            assert done.returncode == 0, done
            migrated = len(load.answers)
            wait_for(lambda: len(load.answers) > migrated + 100)
        assert {answer.status for answer in load.answers} <= {200, 201, 204}
        with httpx.Client(base_url=address) as client:
            assert load.check(client) > 0
