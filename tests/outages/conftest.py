"""One PostgreSQL with its durable defaults for the tests of this process, and a database with tables for each."""

from collections.abc import Iterator

import pytest

from tests.outages.scene import SLOTS, migrated
from tests.support.postgresql import Postgresql, postgresql


@pytest.fixture(scope="session")
def lasting_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Postgresql, str]]:
    """The PostgreSQL, and a database to copy."""
    with postgresql(max_connections=str(SLOTS)) as server:
        original = server.new_database()
        migrated(server, tmp_path_factory.mktemp("migration"), original)
        yield server, original


@pytest.fixture
def server(lasting_server: tuple[Postgresql, str]) -> Iterator[Postgresql]:
    """A PostgreSQL to do harm to; what a test that failed has left of it is no harm to the next."""
    server, _ = lasting_server
    yield server
    server.stop()
    server.start()


@pytest.fixture
def database(lasting_server: tuple[Postgresql, str], server: Postgresql) -> str:
    """The name of a database with tables and nothing in them."""
    _, original = lasting_server
    return server.new_database(f"TEMPLATE {original}")
