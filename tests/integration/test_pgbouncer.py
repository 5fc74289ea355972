"""PgBouncer in transaction mode between donebase and PostgreSQL: a server connection is lent for one transaction."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from donebase.postgres.connecting import find_connect_options
from donebase.settings import Settings
from tests.conftest import NO_HURRY
from tests.support.databases import fetchval
from tests.support.deleted import left_of, with_everything
from tests.support.event_source import EventSource
from tests.support.families import FAMILIES, USERS, Json
from tests.support.pgbouncer import Pgbouncer, pgbouncer, pgbouncer_version
from tests.support.postgresql import Postgresql, postgresql
from tests.support.processes import Service, run_donebase
from tests.support.servers import free_port

CLIENTS = 50
ROUNDS = 2


@pytest.fixture(scope="module")
def server() -> Iterator[Postgresql]:
    with postgresql(fsync="off") as server:
        yield server


@pytest.fixture(scope="module")
def pooler(server: Postgresql) -> Iterator[Pgbouncer]:
    with pgbouncer(server) as pooler:
        yield pooler


def test_statements_are_prepared_only_where_pgbouncer_keeps_them(server: Postgresql, folder: Path) -> None:
    database = server.database_with_tables()
    knows = pgbouncer_version() >= (1, 21)
    for kept in (0, 200) if knows else (0,):
        options = {"max_prepared_statements": str(kept)} if knows else {}
        with (
            pgbouncer(server, **options) as pooler,
            Service(folder, DATABASE_URL=pooler.url(database)) as service,
        ):
            connected = service.ready().wait_for("database.connected")
        assert connected["pooler"] is True
        assert connected["prepared_statements"] == ("on" if kept else "off")


def test_statements_are_prepared_in_session_mode(server: Postgresql) -> None:
    """There a server connection belongs to one client. A busy pooler may keep donebase from finding that out."""
    database = server.database_with_tables()
    with pgbouncer(server, pool_mode="session") as pooler:
        settings = Settings.read(database_url=pooler.url(database))
        assert any(asyncio.run(find_connect_options(settings)).statement_cache_size for _ in range(10))


def test_a_busy_pooler_in_transaction_mode_is_never_taken_for_one_in_session_mode(server: Postgresql) -> None:
    """Two clients that ask at once are on different server connections there as well."""
    database = server.database_with_tables()

    async def find_out_at_once() -> list[int]:
        found = await asyncio.gather(*(find_connect_options(settings) for _ in range(10)))
        return [options.statement_cache_size for options in found]

    with pgbouncer(server) as pooler:
        settings = Settings.read(database_url=pooler.url(database))
        assert asyncio.run(find_out_at_once()) == [0] * 10


def test_two_migrations_at_once_go_through_pgbouncer(server: Postgresql, pooler: Pgbouncer, folder: Path) -> None:
    url = pooler.url(server.new_database())
    with ThreadPoolExecutor() as threads:
        both = [threads.submit(run_donebase, folder, "migrate", DATABASE_URL=url) for _ in range(2)]
    for migration in both:
        assert migration.result().returncode == 0, migration.result().stderr


def test_migrations_go_to_the_unpooled_address(server: Postgresql, folder: Path) -> None:
    nobody = f"postgresql://postgres@127.0.0.1:{free_port()}/postgres"
    direct = server.url(server.new_database())
    migration = run_donebase(folder, "migrate", DATABASE_URL=nobody, DATABASE_URL_UNPOOLED=direct)
    assert migration.returncode == 0, migration.stderr
    with Service(folder, DATABASE_URL=direct) as service:
        service.ready()


def test_many_clients_of_several_processes_share_two_server_connections(server: Postgresql, folder: Path) -> None:
    with pgbouncer(server, default_pool_size="2") as pooler:
        settings = {"DATABASE_URL": pooler.url(server.database_with_tables()), "WORKERS": "2", **NO_HURRY}
        with Service(folder, **settings) as service, ThreadPoolExecutor(CLIENTS) as threads:
            address = service.ready().address
            everybody = [threads.submit(_creates_and_reads, address, user) for user in range(1, CLIENTS + 1)]
            for each in everybody:
                each.result()
            with_one_key = [threads.submit(_creates_with_a_key, address) for _ in range(CLIENTS)]
            assert len({each.result()["id"] for each in with_one_key}) == 1
        assert [line for line in service.lines if line["level"] != "info"] == []


def test_a_stream_needs_no_session(server: Postgresql, pooler: Pgbouncer, folder: Path) -> None:
    """Two services: what one of them changes, the other one has to ask for."""
    url = pooler.url(server.database_with_tables())
    with (
        Service(folder, DATABASE_URL=url) as service,
        Service(folder, DATABASE_URL=url) as other,
        httpx.Client(base_url=other.ready().address) as client,
        EventSource(service.ready().address, USERS.beside(1, "events")).opened() as source,
    ):
        for title in "abc":
            created = USERS.created(client, 1, title=title)
            assert source.next().data["tasks"] == [created]


@pytest.mark.long
def test_users_are_claimed_listed_and_deleted_through_pgbouncer(
    server: Postgresql, pooler: Pgbouncer, folder: Path
) -> None:
    database = server.database_with_tables()
    required = {"DATABASE_URL": pooler.url(database), "AUTH": "required"}
    with_everything(server.url(database), 7, 2_500)
    fetchval(server.url(database), "DELETE FROM identities")
    fetchval(server.url(database), "UPDATE accounts SET user_id = 8")
    with Service(folder, **required) as service:
        service.ready()
        for arguments in ("claim 7 --email a7", "list", "delete 7"):
            done = run_donebase(folder, "users", *arguments.split(), **required)
            assert (done.returncode, done.stderr) == (0, ""), done
    assert left_of(server.url(database), 7) == {"account_deletions": 1}
    assert left_of(server.url(database), 8) == {"account_deletions": 1}


def _creates_with_a_key(address: str) -> Json:
    with httpx.Client(base_url=address, headers={"Idempotency-Key": "k"}) as client:
        return USERS.created(client, CLIENTS + 1)


def _creates_and_reads(address: str, user: int) -> None:
    with httpx.Client(base_url=address) as client:
        for _ in range(ROUNDS):
            for family in FAMILIES:
                task = family.created(client, user)
                assert family.read(client, user, task["id"]).json() == task
                assert task in USERS.listed(client, user)
