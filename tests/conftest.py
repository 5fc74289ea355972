"""One PostgreSQL for the run, one database and one service for each process that runs tests, a user for each test.

The PostgreSQL is the embedded one; TEST_DATABASE_URL puts another in its place, and the suite is the same.
TEST_FAST_PATH=off sends every request the long way.
"""

import asyncio
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx
import pytest

from donebase.embedded import postgresql
from donebase.migrations import migrate
from donebase.settings import Settings
from tests.support.families import FAMILIES, OWNED
from tests.support.processes import Service

_run = pytest.StashKey[ExitStack]()


def pytest_configure(config: pytest.Config) -> None:
    """Start PostgreSQL once, before the processes that run the tests."""
    if hasattr(config, "workerinput") or "TEST_DATABASE_URL" in os.environ:
        return
    stack = config.stash[_run] = ExitStack()
    folder = tempfile.mkdtemp(prefix="donebase-tests-")
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    os.environ["TEST_DATABASE_URL"] = stack.enter_context(postgresql(Path(folder)))
    stack.callback(os.environ.pop, "TEST_DATABASE_URL")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what was started."""
    if _run in config.stash:
        config.stash[_run].close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tell a story that asks for a family once for each, and one that asks for an owned family for each of those."""
    for fixture, families in (("family", FAMILIES), ("owned", OWNED)):
        if fixture in metafunc.fixturenames:
            metafunc.parametrize(fixture, families, ids=[family.name for family in families])


def database_named(name: str) -> str:
    """Return the URL of another database on the PostgreSQL of this run."""
    return urlunsplit(urlsplit(os.environ["TEST_DATABASE_URL"])._replace(path=f"/{name}"))


async def execute(sql: str) -> None:
    """Run SQL on the PostgreSQL of this run."""
    connection = await asyncpg.connect(os.environ["TEST_DATABASE_URL"], statement_cache_size=0)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


@contextmanager
def a_database() -> Iterator[str]:
    """Make a database without tables, yield its URL and drop it again."""
    name = f"test_{secrets.token_hex(6)}"
    asyncio.run(execute(f"CREATE DATABASE {name}"))
    try:
        yield database_named(name)
    finally:
        asyncio.run(execute(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def empty_database() -> Iterator[str]:
    """The URL of a database of this test's own, without tables."""
    with a_database() as url:
        yield url


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """The URL of the database that the tests of this process share, each as a user of its own."""
    with a_database() as url:
        asyncio.run(migrate(Settings.read(database_url=url)))
        yield url


@pytest.fixture(scope="session")
def service(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service that the tests of this process share: a real process, found by what it prints."""
    way = os.environ.get("TEST_FAST_PATH", "on")
    with Service(tmp_path_factory.mktemp("service"), DATABASE_URL=database_url, FAST_PATH=way) as running:
        yield running.ready()


@pytest.fixture(scope="session")
def client(service: Service) -> Iterator[httpx.Client]:
    """A client of that service, which keeps its connections."""
    with httpx.Client(base_url=service.address, timeout=30) as client:
        yield client


@pytest.fixture
def alice() -> int:
    """A user nobody else has heard of."""
    return secrets.randbelow(2**62) + 1


@pytest.fixture
def bob() -> int:
    """Another one."""
    return secrets.randbelow(2**62) + 1


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder to run donebase in: no `.env` of anybody's."""
    return tmp_path
