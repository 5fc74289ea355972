"""One PostgreSQL with its durable defaults for the tests of this process, and a database with tables for each."""

from collections.abc import Iterator

import pytest

from tests.outages.scene import SLOTS
from tests.support.postgresql import Postgresql, postgresql


@pytest.fixture(scope="session")
def lasting_server() -> Iterator[Postgresql]:
    """The PostgreSQL."""
    with postgresql(max_connections=str(SLOTS)) as server:
        yield server


@pytest.fixture
def server(lasting_server: Postgresql) -> Iterator[Postgresql]:
    """A PostgreSQL to do harm to; what a test that failed has left of it is no harm to the next."""
    yield lasting_server
    lasting_server.stop()
    lasting_server.start()


@pytest.fixture
def database(server: Postgresql) -> str:
    """The name of a database with tables and nothing in them."""
    return server.database_with_tables()
