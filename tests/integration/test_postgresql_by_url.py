"""A PostgreSQL given by its URL, with no pooler in between. `make test-databases` runs more on it."""

from pathlib import Path

from tests.support.postgresql import postgresql
from tests.support.processes import Service


def test_statements_are_prepared_where_no_pooler_is_in_between(folder: Path) -> None:
    with postgresql(fsync="off") as server:
        with Service(folder, DATABASE_URL=server.url(server.database_with_tables())) as service:
            connected = service.ready().wait_for("database.connected")
        assert connected["pooler"] is False
        assert connected["prepared_statements"] == "on"
        assert connected["postgresql"] == ".".join(map(str, server.version))
