"""Clients that only follow `changes` or `events` have exactly the list, whatever is written and whatever breaks off."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.properties.budget import FUZZ_SECONDS, rounds
from tests.properties.followers import ChangesFollower, EventsFollower
from tests.properties.writes import Draw, Writer
from tests.support.families import FAMILIES
from tests.support.old_history import remove_history
from tests.support.processes import Service
from tests.support.servers import free_port

families = st.sampled_from(FAMILIES)


class Restarting:
    """A service that can be restarted at the same address, a few times: each start takes over half a second."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self._folder = folder
        self._environment = {"PORT": str(free_port()), "DATABASE_URL": database_url, "HISTORY_DAYS": "0"}
        self.left = 20 if FUZZ_SECONDS else 1
        self.start()

    def start(self) -> None:
        """Start it."""
        self.service = Service(self._folder, **self._environment).ready()

    def restart(self) -> None:
        """Stop it and start it again, if this may be done once more."""
        if self.left:
            self.left -= 1
            assert self.service.stop() == 0
            self.start()


class Story:
    """A user whose tasks are written, and two clients that follow."""

    def __init__(self, service: Restarting, client: httpx.Client, database_url: str) -> None:
        self.service = service
        self.database_url = database_url
        self.writer = Writer(client, database_url)
        self.asking = ChangesFollower(client, self.writer.user)
        self.streaming = EventsFollower(client, self.writer.user)

    def write(self, draw: Draw) -> None:
        self.writer.write(draw)

    def undo(self, draw: Draw) -> None:
        if clock := self.writer.clock():
            response = self.writer.undo(draw(st.integers(1, clock)), draw(families))
            assert response.status_code in (200, 409, 410), response.text

    def remove_history(self, _draw: Draw) -> None:
        remove_history(self.database_url, self.writer.user)

    def ask(self, draw: Draw) -> None:
        self.asking.ask(draw(families), draw(st.sampled_from([1, 2, 3, 1000])))

    def read_events(self, draw: Draw) -> None:
        number = self.streaming.number + draw(st.sampled_from([1, 2, 1000]))
        self.streaming.read_to(min(number, self.writer.clock()), draw(families))

    def reconnect(self, draw: Draw) -> None:
        self.streaming.connect(draw(families), by_header=draw(st.booleans()))

    def disconnect(self, _draw: Draw) -> None:
        self.streaming.disconnect()

    def restart_clients(self, draw: Draw) -> None:
        """Let the clients forget their copies; the one that asks can copy with the first page, from 0 on."""
        self.asking = ChangesFollower(self.writer.client, self.writer.user)
        if draw(st.booleans()):
            self.asking.begin_anew()
        self.streaming.disconnect()
        self.streaming = EventsFollower(self.writer.client, self.writer.user)
        self.streaming.begin_anew()

    def restart_service(self, _draw: Draw) -> None:
        self.service.restart()

    def end(self, draw: Draw) -> None:
        """Let both come to what there is now, and compare."""
        clock, tasks = self.writer.clock(), self.writer.listed()
        while self.asking.ask(draw(families), draw(st.sampled_from([1, 2, 3, 1000]))):
            pass
        self.streaming.read_to(clock, draw(families))
        for follower in (self.asking, self.streaming):
            assert (follower.number, sorted(follower.tasks.values(), key=lambda task: task["id"])) == (clock, tasks)


STEPS: list[Callable[[Story, Draw], None]] = [Story.write] * 8 + [Story.ask, Story.read_events] * 2
STEPS += [Story.undo, Story.reconnect, Story.disconnect, Story.restart_clients, Story.remove_history]
STEPS += [Story.restart_service]


@pytest.fixture
def restarting(folder: Path, database_url: str) -> Iterator[Restarting]:
    """A service of this test's own."""
    restarting = Restarting(folder, database_url)
    yield restarting
    restarting.service.stop()


def test_who_follows_has_exactly_the_list(restarting: Restarting, database_url: str) -> None:
    def holds(data: st.DataObject) -> None:
        story = Story(restarting, client, database_url)
        try:
            for step in data.draw(st.lists(st.sampled_from(STEPS), min_size=10, max_size=30)):
                step(story, data.draw)
            story.end(data.draw)
        finally:
            story.streaming.disconnect()
            story.writer.psql.close()

    with httpx.Client(base_url=restarting.service.address) as client:
        for round_ in rounds(None, 0.2, examples=15):
            round_(given(st.data())(holds))()
