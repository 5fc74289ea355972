"""A PostgreSQL that something happens to, a service on it, and clients who see how the service takes it."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx

from tests.support.kept_alive import NO_ANSWER, KeptAlive
from tests.support.processes import Service
from tests.support.waiting import wait_for
from tests.support.write_load import AFTER_A_FAILURE, Answer, WriteLoad

PROBED_EVERY = 0.2
# Seconds, as docs/promises.md has it: as often as fits into them may a client be told of an outage that is over.
BACK_WITHIN = 5.0
# Connections that PostgreSQL has to give. As it goes on after it stood still, it has to do with all those that were
# tried and given up meanwhile, and would have none left for the others.
SLOTS = 100
# Of a service whose database says that it is away: nothing that waits for these ever comes.
PATIENT = dict.fromkeys(("DATABASE_POOL_WAIT", "DATABASE_TIMEOUT", "TEST_HEALTH_TIMEOUT"), "600")
AS_LONG_AS_A_STATEMENT = {"TEST_HEALTH_TIMEOUT": "8"}  # waits /health for a database that is silent
LET_THROUGH = {(500, "DATABASE_ERROR"), (503, "OVERLOADED")}


class Probe(NamedTuple):
    """An answer of /livez or /health; status 0 is none."""

    began: float
    ended: float
    status: int


class Prober:
    """Asks /livez and /health a few times a second, each on a connection of its own."""

    def __init__(self, address: str) -> None:
        self.livez: list[Probe] = []
        self.health: list[Probe] = []
        self._address = address
        self._stopping = False
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask no more."""
        self._stopping = True
        self._thread.join()

    async def _run(self) -> None:
        await asyncio.gather(self._ask("/livez", self.livez), self._ask("/health", self.health))

    async def _ask(self, path: str, probes: list[Probe]) -> None:
        connection = KeptAlive(self._address)
        while not self._stopping:
            began = time.monotonic()
            try:
                status = (await connection.ask("GET", path)).status
            except NO_ANSWER:
                status = 0
            probes.append(Probe(began, time.monotonic(), status))
            await asyncio.sleep(PROBED_EVERY)
        await connection.close()


class Scene:
    """A service under load while something happens to its database.

    That an answer comes in time is an order here, as a busy machine has its own: it comes while the outage lasts.
    """

    def __init__(self, service: Service, load: WriteLoad, prober: Prober) -> None:
        self.service = service
        self.load = load
        self.prober = prober
        self._began = 0.0  # with the clients, of whom some were answered before this line
        self._held_until = 0.0
        self._back = 0.0

    @property
    def failed(self) -> list[Answer]:
        """The answers that were errors, so far."""
        return [answer for answer in self.load.answers if not answer.well]

    @property
    def codes(self) -> set[str]:
        """The codes of the errors that were answered, so far."""
        return {answer.code for answer in self.failed}

    @contextmanager
    def outage(self, *, begun: bool = False) -> Iterator[None]:
        """What happens inside begins an outage, unless it began with the clients, and has ended it at its own end."""
        if not begun:
            self._began = time.monotonic()
        yield
        self._back = time.monotonic()

    def hold(self) -> None:
        """Let an outage, in which PostgreSQL does not answer at all, last until both probes have told the truth."""
        self.wait_until(lambda: any(self._meanwhile(self.prober.livez)), "/livez answers")
        self.wait_until(
            lambda: any(each.status == 503 for each in self._meanwhile(self.prober.health)), "/health is red"
        )
        self._held_until = time.monotonic()

    def wait_until(self, there: Callable[[], object], what: str) -> None:
        """Wait for something that has to come."""
        wait_for(there, lambda: f"{what}: {self._summary()}", every=0.05)

    def wait_until_everybody_is_refused(self) -> None:
        """Wait until each client has been told that its request failed."""
        self.wait_until(lambda: {answer.user for answer in self.failed} == {*self.load.users}, "everybody is refused")

    def wait_for_answers(self, number: int = 100) -> None:
        """Wait until so many more requests have been successful."""
        before = len(self.load.answers)
        self.wait_until(lambda: sum(answer.well for answer in self.load.answers[before:]) >= number, "successes")

    def recovers(self, *, total: bool = True) -> None:
        """See that the service came through: in its shape, by itself, with all that it had acknowledged.

        `total` says that PostgreSQL did not answer at all during the outage, so that /health had to say so.
        """
        self.wait_until(lambda: any(each.status == 200 for each in self._since_back()), "/health is green again")
        self.wait_for_answers()
        self.load.stop()
        self.prober.stop()
        self._every_answer_comes_and_in_shape()
        self._the_probes_tell_the_truth(total=total)
        self._nothing_lingers()
        assert self.service.process.poll() is None
        assert [line for line in self.service.lines if line["event"] == "internal_error"] == []
        with httpx.Client(base_url=self.service.address) as client:
            assert self.load.check(client) > 0

    def _every_answer_comes_and_in_shape(self) -> None:
        assert all(answer.shaped for answer in self.load.answers), self._summary()
        assert {(answer.status, answer.code) for answer in self.failed} <= LET_THROUGH, self._summary()
        early = [answer for answer in self.failed if answer.ended < self._began]
        assert not early, (early[:5], self._summary())

    def _the_probes_tell_the_truth(self, *, total: bool) -> None:
        livez, health = self.prober.livez, self.prober.health
        assert {probe.status for probe in livez} == {200}
        assert {probe.status for probe in health} <= {200, 503}
        assert all(probe.status == 200 for probe in health if probe.ended < self._began)
        if total:
            red = min(probe.ended for probe in health if probe.status == 503)
            assert red <= self._held_until
            assert all(probe.status == 503 for probe in health if red <= probe.ended < self._held_until)
        green = min(probe.ended for probe in self._since_back() if probe.status == 200)
        assert sum(probe.status == 503 for probe in self._since_back()) <= BACK_WITHIN / PROBED_EVERY
        assert all(probe.status == 200 for probe in health if probe.began > green)

    def _nothing_lingers(self) -> None:
        first = min(answer.ended for answer in self.load.answers if answer.well and answer.began > self._back)
        late = [answer for answer in self.failed if answer.began > self._back]
        assert len(late) <= BACK_WITHIN / AFTER_A_FAILURE * len(self.load.users), late[-5:]
        lingering = [answer for answer in self.failed if answer.began > first]
        assert not lingering, (first - self._back, [each.began - self._back for each in lingering], lingering[:5])

    def _meanwhile(self, probes: list[Probe]) -> list[Probe]:
        return [probe for probe in probes if probe.began > self._began]

    def _since_back(self) -> list[Probe]:
        return [probe for probe in self.prober.health if probe.began > self._back]

    def _summary(self) -> Counter[tuple[int, str, str, bool]]:
        return Counter((each.status, each.code, each.failure, each.shaped) for each in self.load.answers)


@contextmanager
def under_load(
    folder: Path,
    url: str,
    clients: int = 8,
    *,
    pause: float = 0.02,
    well: bool = True,
    settings: Mapping[str, str] = AS_LONG_AS_A_STATEMENT,
) -> Iterator[Scene]:
    """Start a service on a database, and clients; where all is `well`, wait until their requests succeed."""
    with Service(folder, DATABASE_URL=url, **settings) as service, asked(service.ready(), clients, pause) as scene:
        if well:
            scene.wait_for_answers()
            scene.wait_until(lambda: any(probe.status == 200 for probe in scene.prober.health), "/health is green")
        yield scene


@contextmanager
def asked(service: Service, clients: int, pause: float = 0.02) -> Iterator[Scene]:
    """Let clients ask a service that runs."""
    prober = Prober(service.address)
    try:
        with WriteLoad(service.address, clients, pause=pause) as load:
            yield Scene(service, load, prober)
    finally:
        prober.stop()
