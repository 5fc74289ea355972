"""PostgreSQL has few connections left to give: strangers hold the others."""

from contextlib import ExitStack
from pathlib import Path

from tests.outages.scene import PATIENT, SLOTS, under_load
from tests.support.postgresql import Postgresql

LEFT = 3
ENOUGH = 20


def test_where_a_few_connections_are_left_the_others_are_refused_at_once(
    server: Postgresql, database: str, folder: Path
) -> None:
    with ExitStack() as strangers:
        strangers.enter_context(server.strangers(SLOTS - LEFT))
        with under_load(folder, server.url(database), pause=0.002, settings=PATIENT) as scene:
            with scene.outage(begun=True):
                scene.wait_until(lambda: len(scene.failed) > ENOUGH, "refusals")
                strangers.close()
            assert scene.codes == {"OVERLOADED"}
            scene.recovers(total=False)
