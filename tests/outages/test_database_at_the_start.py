"""A service that is started while its database is not to be had, for each reason there is."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.outages.scene import AS_LONG_AS_A_STATEMENT, PATIENT, SLOTS, under_load
from tests.support.postgresql import Postgresql


@contextmanager
def stopped(server: Postgresql) -> Iterator[None]:
    """Stop the server, and start it again."""
    server.stop()
    try:
        yield
    finally:
        server.start()


Hindrance = Callable[[Postgresql, str], AbstractContextManager[None]]
HINDRANCES: dict[str, tuple[Hindrance, dict[str, str]]] = {
    "nobody listens": (lambda server, _: stopped(server), PATIENT),
    "it stands still": (lambda server, _: server.frozen(), AS_LONG_AS_A_STATEMENT),
    "no connection is left": (lambda server, _: server.strangers(SLOTS), PATIENT),
    "its tables are locked": (
        lambda server, database: server.transaction("LOCK TABLE alembic_version, tasks", database),
        AS_LONG_AS_A_STATEMENT,
    ),
}


@pytest.mark.long
@pytest.mark.parametrize("hindrance", HINDRANCES)
def test_a_database_may_come_after_the_service(server: Postgresql, database: str, folder: Path, hindrance: str) -> None:
    hinder, settings = HINDRANCES[hindrance]
    with ExitStack() as hindered:
        hindered.enter_context(hinder(server, database))
        with under_load(folder, server.url(database), well=False, settings=settings) as scene:
            with scene.outage(begun=True):
                scene.wait_until(lambda: scene.failed, "an error")
                scene.hold()
                hindered.close()
            scene.recovers()
