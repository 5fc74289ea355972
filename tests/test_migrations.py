"""The tables' history: it leads to the models, back and up again, and two at once do not disturb each other."""

import asyncio
import secrets
import signal
from asyncio.subprocess import PIPE
from functools import partial
from pathlib import Path

import asyncpg
import httpx
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool
from sqlalchemy.ext.asyncio import create_async_engine

from donebase.accounts.tables import METADATA
from donebase.core.errors import DatabaseFailed, SchemaMismatch
from donebase.core.tables import REVISION
from donebase.postgres.database import PostgresDatabase
from donebase.postgres.migrations import migrate
from donebase.settings import Settings
from tests.support.databases import a_database, database_named, execute, fetchval, fill
from tests.support.families import USERS
from tests.support.held_up import Onlooker
from tests.support.processes import DONEBASE, Service, clean_environment, run_donebase

MIGRATE = "run `donebase migrate`, or `make migrate`"


def settings(url: str, **changes: float) -> Settings:
    return Settings.read(database_url=url, **changes)


def differences(url: str) -> list[object]:
    """Return how the tables differ from the models, as Alembic sees it."""

    def compare(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, METADATA))

    async def ask() -> list[object]:
        engine = create_async_engine("postgresql+asyncpg://", poolclass=NullPool, connect_args={"dsn": url})
        async with engine.connect() as connection:
            return await connection.run_sync(compare)

    return asyncio.run(ask())


CONSTRAINTS = "SELECT array_agg(conname::text || ' ' || pg_get_constraintdef(oid) ORDER BY conname) FROM pg_constraint \
WHERE connamespace = 'public'::regnamespace AND contype <> 'n'"


def test_from_nothing_leads_to_the_models(empty_database: str) -> None:
    assert asyncio.run(migrate(settings(empty_database))) is None
    assert differences(empty_database) == []
    assert fetchval(empty_database, "SELECT version_num FROM alembic_version") == REVISION
    assert fetchval(empty_database, CONSTRAINTS) == [
        "alembic_version_pkc PRIMARY KEY (version_num)",
        "ck_tasks_description_length CHECK ((char_length(description) <= 5000))",
        "ck_tasks_priority_known CHECK ((priority = ANY (ARRAY['low'::text, 'medium'::text, 'high'::text])))",
        "ck_tasks_title_length CHECK (((char_length(title) >= 1) AND (char_length(title) <= 500)))",
        "fk_tasks_user_id_users FOREIGN KEY (user_id) REFERENCES users(id)",
        "pk_account_deletions PRIMARY KEY (user_id)",
        "pk_accounts PRIMARY KEY (email)",
        "pk_attempts PRIMARY KEY (key)",
        "pk_history PRIMARY KEY (user_id, change, task_id)",
        "pk_idempotency_keys PRIMARY KEY (user_id, change)",
        "pk_identities PRIMARY KEY (subject, issuer)",
        "pk_personal_tokens PRIMARY KEY (hash)",
        "pk_sessions PRIMARY KEY (id)",
        "pk_signing_keys PRIMARY KEY (id)",
        "pk_tasks PRIMARY KEY (user_id, id)",
        "pk_users PRIMARY KEY (id)",
    ]


def test_the_models_alone_make_the_same_constraints(empty_database: str) -> None:
    async def create() -> None:
        engine = create_async_engine("postgresql+asyncpg://", poolclass=NullPool, connect_args={"dsn": empty_database})
        async with engine.begin() as connection:
            await connection.run_sync(METADATA.create_all)

    asyncio.run(create())
    by_models = fetchval(empty_database, CONSTRAINTS)
    fetchval(empty_database, f"DROP TABLE {', '.join(METADATA.tables)}")
    asyncio.run(migrate(settings(empty_database)))
    by_migrations = fetchval(empty_database, CONSTRAINTS)
    assert isinstance(by_migrations, list)
    assert by_models == by_migrations[1:]


def test_down_and_up_again(empty_database: str) -> None:
    asyncio.run(migrate(settings(empty_database)))
    assert asyncio.run(migrate(settings(empty_database), "base")) == REVISION
    assert fetchval(empty_database, "SELECT to_regclass('tasks')") is None
    assert asyncio.run(migrate(settings(empty_database))) is None
    assert differences(empty_database) == []


def test_a_migration_keeps_the_tasks_and_does_not_write_them_again(empty_database: str) -> None:
    columns = "user_id, id, title, description, completed, created_at, updated_at"
    rows = f"SELECT array_agg(t ORDER BY id)::text FROM (SELECT {columns} FROM tasks) AS t"
    file = "SELECT pg_relation_filenode('tasks')"
    asyncio.run(migrate(settings(empty_database), "0001"))
    fill(empty_database, 7, 100, "as it was")
    before = [fetchval(empty_database, each) for each in (rows, file)]
    for revision in (REVISION, "0001", REVISION):
        asyncio.run(migrate(settings(empty_database), revision))
        assert [fetchval(empty_database, each) for each in (rows, file)] == before
    assert differences(empty_database) == []


def test_tasks_without_a_history_get_their_first_version_and_are_followed_from_there(empty_database: str) -> None:
    """Up, down and up again, with tasks in the tables and changes in between."""
    before = "0002"
    versions = "SELECT array_agg(version ORDER BY id) FROM tasks"
    clock = "SELECT clock FROM users"
    rows = "SELECT count(*) FROM history"
    asyncio.run(migrate(settings(empty_database), before))
    fill(empty_database, 7, 3)
    fetchval(empty_database, "UPDATE tasks SET completed = true, updated_at = '2026-11-20T08:00Z' WHERE id = 2")
    for title in ("first", "second"):
        asyncio.run(migrate(settings(empty_database), "0003"))
        assert [fetchval(empty_database, each) for each in (versions, clock, rows)] == [[1, 1, 1], 1, 0]
        completed = (
            "SELECT array_agg(id) FROM tasks WHERE completed_at = updated_at AND updated_at = '2026-11-20T08:00Z'"
        )
        assert fetchval(empty_database, completed) == [2]
        assert fetchval(empty_database, f"UPDATE tasks SET title = '{title}' WHERE id = 1 RETURNING version") == 2
        assert [fetchval(empty_database, each) for each in (versions, clock, rows)] == [[2, 1, 1], 2, 1]
        asyncio.run(migrate(settings(empty_database), before))
        assert (
            fetchval(empty_database, "UPDATE tasks SET title = title || '!' WHERE id = 1 RETURNING title")
            == f"{title}!"
        )
        assert fetchval(empty_database, "SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace") == 0


def test_the_tables_of_the_version_before_are_refused_and_then_migrated(empty_database: str, folder: Path) -> None:
    before = f"{int(REVISION) - 1:04}"
    asyncio.run(migrate(settings(empty_database), before))
    fill(empty_database, 7, 3)
    refused = run_donebase(folder, "serve", "--port", "0", DATABASE_URL=empty_database)
    assert (refused.returncode, MIGRATE.strip("`") in refused.stderr) == (1, True)
    assert f"schema is {before}, older than the required {REVISION}" in refused.stderr
    assert run_donebase(folder, "migrate", DATABASE_URL=empty_database).returncode == 0
    with (
        Service(folder, DATABASE_URL=empty_database) as service,
        httpx.Client(base_url=service.ready().address) as client,
    ):
        listed = USERS.listed(client, 7)
        assert [task["title"] for task in listed] == ["task 1", "task 2", "task 3"]
        changes = "/users/7/changes"
        nothing = {"since": 1, "latest": 1, "more": False, "tasks": [], "deleted": []}
        assert client.get(changes, params={"since": 1}).json() == nothing
        assert USERS.read(client, 7, 1).headers["etag"] == '"1"'
        changed = client.put(USERS.one(7, 1), json={"title": "changed"}, headers={"If-Match": '"1"'})
        assert (changed.status_code, changed.headers["change"]) == (200, "2")
        assert USERS.delete(client, 7, 2).headers["change"] == "3"
        followed = {"since": 1, "latest": 3, "more": False, "tasks": [changed.json()], "deleted": [2]}
        assert client.get(changes, params={"since": 1}).json() == followed
        everything = client.get(changes, params={"since": 0}).json()
        assert everything["tasks"] == [listed[2], changed.json()], "in the order of their versions"


def test_once_more_changes_nothing(empty_database: str) -> None:
    asyncio.run(migrate(settings(empty_database)))
    assert asyncio.run(migrate(settings(empty_database))) == REVISION


def test_the_revision_in_the_code_is_the_newest_step() -> None:
    config = Config()
    config.set_main_option("script_location", "donebase.postgres:migrations")
    steps = list(ScriptDirectory.from_config(config).walk_revisions())
    assert steps[0].revision == REVISION
    assert [step.revision for step in reversed(steps)] == [f"{number:04}" for number in range(1, len(steps) + 1)]


def test_five_at_once_make_one_schema(empty_database: str) -> None:
    """Two instances that start together: Alembic itself takes no lock."""

    async def together() -> list[str | None]:
        return await asyncio.gather(*(migrate(settings(empty_database)) for _ in range(5)))

    assert sorted(asyncio.run(together()), key=str) == [*[REVISION] * 4, None]
    assert differences(empty_database) == []


def test_the_wait_for_another_migration_ends(empty_database: str) -> None:
    async def wait() -> None:
        other = await asyncpg.connect(empty_database, statement_cache_size=0)
        async with other.transaction():
            await other.execute(f"SELECT pg_advisory_xact_lock({0x646F6E6562617365})")
            with pytest.raises(DatabaseFailed, match=r"longer than MIGRATION_WAIT \(0\.2 s\)"):
                await migrate(settings(empty_database, migration_wait=0.2))
        await other.close()
        assert await migrate(settings(empty_database)) is None

    asyncio.run(wait())


@pytest.mark.parametrize(("found", "advice"), [(None, MIGRATE), ("0000", MIGRATE), ("9999", "upgrade donebase")])
def test_tables_of_another_version_are_refused(
    empty_database: str, folder: Path, found: str | None, advice: str
) -> None:
    if found:
        fetchval(empty_database, f"CREATE TABLE alembic_version AS SELECT '{found}'::varchar(32) AS version_num")
    with pytest.raises(SchemaMismatch, match=advice):
        asyncio.run(PostgresDatabase(settings(empty_database)).open())
    refused = run_donebase(folder, "serve", "--port", "0", DATABASE_URL=empty_database)
    assert refused.returncode == 1
    assert refused.stderr.startswith("donebase: the database ")
    assert refused.stderr.count("\n") == 1
    assert advice in refused.stderr
    assert "listening" not in refused.stdout


def test_newer_tables_are_not_migrated(empty_database: str, folder: Path) -> None:
    asyncio.run(migrate(settings(empty_database)))
    fetchval(empty_database, "UPDATE alembic_version SET version_num = '9999'")
    refused = run_donebase(folder, "migrate", DATABASE_URL=empty_database)
    assert (refused.returncode, "upgrade donebase" in refused.stderr) == (1, True)


def test_the_command_migrates(empty_database: str, folder: Path) -> None:
    """The pooled address is for requests; the direct one, where it is set, is for this."""
    nowhere = "postgresql://127.0.0.1:1/nothing"
    done = run_donebase(folder, "migrate", DATABASE_URL=nowhere, DATABASE_URL_UNPOOLED=empty_database)
    assert done.returncode == 0, done.stderr
    assert f'"before":null,"now":"{REVISION}"' in done.stdout
    failed = run_donebase(folder, "migrate", DATABASE_URL=nowhere)
    assert failed.returncode == 1
    assert failed.stderr.startswith("donebase: DATABASE_URL: no connection to postgresql://127.0.0.1:1/nothing: ")
    assert failed.stderr.count("\n") == 1


def test_an_address_that_leads_nowhere_is_named_with_its_variable() -> None:
    nowhere = Settings.read(
        database_url="postgresql://one.invalid/db", database_url_unpooled="postgresql://me:secret@two.invalid/db"
    )
    for attempt, where in (
        (PostgresDatabase(nowhere).open, "DATABASE_URL: no connection to postgresql://one.invalid/db: "),
        (partial(migrate, nowhere), "DATABASE_URL_UNPOOLED: no connection to postgresql://two.invalid/db: "),
    ):
        with pytest.raises(DatabaseFailed, match=f"^{where}.") as failure:
            asyncio.run(attempt())
        assert "secret" not in str(failure.value)


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_cannot_hold_every_character_is_refused(encoding: str) -> None:
    """By a service and by a migration; the command that is suggested makes one that can."""
    with a_database("template0", f"ENCODING '{encoding}' LOCALE 'C'") as url:
        for attempt in (PostgresDatabase(settings(url)).open, partial(migrate, settings(url))):
            with pytest.raises(SchemaMismatch, match=f"must have the encoding UTF8, and has {encoding}") as refused:
                asyncio.run(attempt())
    command = str(refused.value).partition("with: ")[2]
    name = f"test_{secrets.token_hex(6)}"
    asyncio.run(execute(command.replace("donebase", name)))
    try:
        assert asyncio.run(migrate(settings(database_named(name)))) is None
    finally:
        asyncio.run(execute(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.mark.parametrize(("told", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_rolls_the_migration_back(
    empty_database: str, folder: Path, told: signal.Signals, status: int
) -> None:
    """It comes while the migration waits for a table, with its first statements carried out."""

    async def tell() -> None:
        other = await asyncpg.connect(empty_database, statement_cache_size=0)
        async with Onlooker(empty_database) as onlooker, other.transaction():
            await other.execute("CREATE TABLE tasks ()")  # nobody else can create it now, or see it
            command = (*DONEBASE, "migrate")
            environment = clean_environment(DATABASE_URL=empty_database)
            migration = await asyncio.create_subprocess_exec(
                *command, cwd=folder, env=environment, stdout=PIPE, stderr=PIPE
            )
            await onlooker.wait_for(1, "wait_event_type = 'Lock' AND query LIKE '%CREATE TABLE tasks%'")
            migration.send_signal(told)
            assert await migration.communicate() == (b"", b"")
            assert migration.returncode == status
            await onlooker.wait_for(0, "wait_event_type = 'Lock'")
        await other.execute("DROP TABLE tasks")
        await other.close()

    asyncio.run(tell())
    assert fetchval(empty_database, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
