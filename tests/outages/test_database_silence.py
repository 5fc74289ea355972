"""PostgreSQL holds its connections open and does not answer: every process stands still, or a table is locked."""

from pathlib import Path

import pytest

from tests.outages.full_pool import open_every_connection
from tests.outages.scene import AS_LONG_AS_A_STATEMENT, asked, under_load
from tests.support.postgresql import Postgresql
from tests.support.processes import Service

# More than there are connections to the database, so that some wait for one in vain.
CLIENTS = 14
FEW = 2
NO_HURRY = {"DATABASE_POOL_WAIT": "600", "DATABASE_TIMEOUT": "600", **AS_LONG_AS_A_STATEMENT}
BOTH = {"DATABASE_ERROR", "OVERLOADED"}


@pytest.mark.long
def test_a_server_that_stands_still_is_given_up_on_in_time(server: Postgresql, database: str, folder: Path) -> None:
    with under_load(folder, server.url(database), CLIENTS) as scene:
        with scene.outage(), server.frozen():
            scene.wait_until_everybody_is_refused()
            scene.wait_until(lambda: scene.codes == BOTH, "both kinds of errors")
            scene.hold()
        scene.recovers()


@pytest.mark.long
def test_a_moment_without_an_answer_is_only_a_wait(server: Postgresql, database: str, folder: Path) -> None:
    with under_load(folder, server.url(database), settings=NO_HURRY) as scene:
        with scene.outage(), server.frozen():
            scene.hold()
        assert scene.failed == []
        scene.recovers()


@pytest.mark.long
def test_a_table_that_is_locked_for_long_is_given_up_on_in_time(
    server: Postgresql, database: str, folder: Path
) -> None:
    """/health asks for a connection like everybody, and may say that there is none while all wait for the lock."""
    with under_load(folder, server.url(database), CLIENTS) as scene:
        with scene.outage(), server.transaction("LOCK TABLE tasks", database):
            scene.wait_until_everybody_is_refused()
            scene.wait_until(lambda: scene.codes == BOTH, "both kinds of errors")
        scene.recovers(total=False)


@pytest.mark.long
def test_connections_that_fell_silent_are_not_tried_one_after_the_other(
    server: Postgresql, database: str, folder: Path
) -> None:
    """A network forgets connections without a word: what was in flight fails, and new connections are made."""
    with Service(folder, DATABASE_URL=server.url(database), **AS_LONG_AS_A_STATEMENT) as service:
        open_every_connection(server.url(database), service.ready().address)
        with server.silent(), asked(service, FEW) as scene:
            with scene.outage(begun=True):
                """New connections are answered from the beginning."""
            scene.recovers(total=False)
            assert len(scene.failed) <= FEW
