"""Two services that start at the same moment on nothing: one set of tables, and both serve."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import psutil

from donebase.core.tables import REVISION
from tests.support.families import FAMILIES
from tests.support.held_up import Onlooker
from tests.support.processes import Service, run_donebase
from tests.support.waiting import wait_for


def two_at_once(stack: ExitStack, folder: Path, **environment: str) -> list[Service]:
    services = [stack.enter_context(Service(folder, **environment)) for _ in range(2)]
    return [service.ready() for service in services]


def both_serve_the_same(services: list[Service], user: int) -> list[object]:
    """Create a task at each address of each service, see that all of them list them all, and return the list."""
    with ExitStack() as stack:
        clients = [stack.enter_context(httpx.Client(base_url=service.address)) for service in services]
        created = [family.created(client, user, title=family.name) for client in clients for family in FAMILIES]
        assert [family.listed(client, user) for client in clients for family in FAMILIES] == [created] * 6
        wait_for(lambda: {client.get("/health").status_code for client in clients} == {200})
    return list(created)


def in_its_folder(service: Service) -> bool:
    """Tell whether a service has come to the folder of the embedded PostgreSQL, which it does before it looks at it."""
    files = psutil.Process(service.process.pid).open_files()
    return any(Path(file.path).name == "in-use.lock" for file in files)


def test_on_the_embedded_postgresql(folder: Path, data: Path, alice: int) -> None:
    """Both leave just as a third comes, which may find that PostgreSQL is there, or is going, or has gone."""
    with ExitStack() as stack:
        services = two_at_once(stack, folder, DATA_DIR=str(data))
        created = both_serve_the_same(services, alice)
        third = stack.enter_context(Service(folder, DATA_DIR=str(data)))
        wait_for(lambda: in_its_folder(third))
        with ThreadPoolExecutor() as threads:
            assert list(threads.map(Service.stop, services)) == [0, 0]
        client = stack.enter_context(httpx.Client(base_url=third.ready().address))
        assert [family.listed(client, alice) for family in FAMILIES] == [created] * len(FAMILIES)
        assert third.stop() == 0
    assert not (data / "postgresql" / "postmaster.pid").exists(), "the last leaves the database clean"


def test_on_any_other_postgresql(folder: Path, empty_database: str, alice: int) -> None:
    async def fetchval() -> list[tuple[object, ...]]:
        async with Onlooker(empty_database) as onlooker:
            return await onlooker.fetch("SELECT version_num FROM alembic_version")

    with ThreadPoolExecutor() as threads, ExitStack() as stack:
        migrations = [threads.submit(run_donebase, folder, "migrate", DATABASE_URL=empty_database) for _ in range(2)]
        assert [migration.result().returncode for migration in migrations] == [0, 0]
        assert asyncio.run(fetchval()) == [(REVISION,)]
        both_serve_the_same(two_at_once(stack, folder, DATABASE_URL=empty_database), alice)
