"""One long load through one fault after the other: `make soak`, for SOAK_MINUTES (10).

It ends with an error where an acknowledged write is lost or doubled, where an answer is late or out of shape, where the
history of a user does not lead to the tasks, or where the service does not come back by itself; else with the figures.
A tenth of the time, before the first fault, many clients change the same few tasks.
"""

import asyncio
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import httpx
import psutil

from tests.outages.scene import LET_THROUGH
from tests.support.hammer import Hammer
from tests.support.made_once import folder_of_the_run
from tests.support.postgresql import Postgresql, postgresql
from tests.support.processes import Service
from tests.support.replay import replay
from tests.support.waiting import DEADLINE, wait_for
from tests.support.write_load import Answer, WriteLoad

CLIENTS = 12
AT_THE_SAME_TASKS = 32
BETWEEN = 300  # successful answers before the next fault
ANSWERED_WITHIN = 10.0  # seconds, as docs/promises.md promises


class Soak:
    """A PostgreSQL, a service on it, a load, and what can happen to them."""

    def __init__(self, server: Postgresql, folder: Path, order: random.Random) -> None:
        self._server = server
        self._folder = folder
        self._order = order
        self._database = server.database_with_tables()
        self.url = server.url(self._database)
        self.service = self._start()
        self.load = WriteLoad(self.service.address, CLIENTS, seed=order.randrange(2**32), pause=0.005)
        self.faults: dict[str, Callable[[], None]] = {
            "service killed": lambda: self._again(self.service.kill),
            "service stopped": lambda: self._again(self._stop),
            "PostgreSQL crashed": lambda: self._revive(lambda: self._server.stop("immediate")),
            "PostgreSQL restarted": lambda: self._revive(lambda: self._server.stop("fast")),
            "PostgreSQL killed": lambda: self._revive(self._server.kill),
            "connections ended": lambda: self._for_a_while(server.terminate_backends),
            "PostgreSQL frozen": self._freeze,
            "table locked": self._lock,
        }

    def go_on(self, number: int) -> None:
        """Wait for so many successful answers."""
        before = len(self.load.answers)
        wait_for(
            lambda: sum(answer.well for answer in self.load.answers[before:]) >= number,
            lambda: f"no {number} successes",
            every=0.05,
        )

    def _start(self) -> Service:
        return Service(self._folder, DATABASE_URL=self.url).ready()

    def _stop(self) -> int:
        status = self.service.stop()
        assert status == 0, f"SIGTERM ended it with {status}"
        return status

    def _again(self, end: Callable[[], int]) -> None:
        end()
        faults = [line for line in self.service.lines if line["event"] == "internal_error"]
        assert not faults, faults
        self.service = self._start()
        self.load.at(self.service.address)

    def _revive(self, end: Callable[[], None]) -> None:
        end()
        time.sleep(self._order.uniform(0, 4))
        self._server.start()

    def _for_a_while(self, harm: Callable[[], object]) -> None:
        for _ in range(self._order.randint(1, 5)):
            harm()
            time.sleep(self._order.uniform(0, 0.5))

    def _freeze(self) -> None:
        with self._server.frozen():
            time.sleep(self._order.uniform(0.5, 12))

    def _lock(self) -> None:
        with self._server.transaction("LOCK TABLE tasks IN ACCESS EXCLUSIVE MODE", self._database):
            time.sleep(self._order.uniform(0.5, 12))


def main() -> int:
    """Run for SOAK_MINUTES; SOAK_SEED repeats an order of faults."""
    minutes = float(os.environ.get("SOAK_MINUTES", "10"))
    seed = int(os.environ.get("SOAK_SEED", str(random.randrange(2**32))))  # noqa: S311
    tell(f"seed {seed}, {minutes:g} minutes")
    with ExitStack() as stack:
        stack.enter_context(folder_of_the_run())
        server = stack.enter_context(postgresql())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        soak = Soak(server, folder, random.Random(seed))  # noqa: S311
        stack.callback(lambda: soak.service.stop())
        changes = hammer(soak, seed, minutes * 6)
        survived = rage(soak, random.Random(seed + 1), minutes * 54)  # noqa: S311
        soak.load.stop()
        changes += sum(asyncio.run(replay(soak.url, user)).changes for user in soak.load.users)
        with httpx.Client(base_url=soak.service.address, timeout=DEADLINE) as client:
            checked = soak.load.check(client)
        memory = psutil.Process(soak.service.process.pid).memory_info().rss // 2**20
    tell(f"{survived.total()} faults survived: {dict(survived)}")
    tell(f"{checked} acknowledged writes checked, 0 lost, 0 doubled; {memory} MB of memory at the end")
    tell(f"{changes} changes replayed to exactly the tasks that there are")
    return verdict(soak.load.answers)


def verdict(answers: list[Answer]) -> int:
    """Tell of the answers that are not as they should be, and return 1 where there are any."""
    came = [answer for answer in answers if answer.status]  # where the service was ended, none could come
    wrong = {
        "late": [each for each in answers if each.took > ANSWERED_WITHIN],
        "out of shape": [each for each in came if not each.shaped],
        "not promised": [each for each in came if not each.well and (each.status, each.code) not in LET_THROUGH],
    }
    tell(f"{len(answers)} requests, {len(came)} answers, " + ", ".join(f"{len(wrong[why])} {why}" for why in wrong))
    for why, which in wrong.items():
        for each in which[:5]:
            tell(f"{why}: {each}")
    return 1 if any(wrong.values()) else 0


def rage(soak: Soak, order: random.Random, seconds: float) -> Counter[str]:
    """Let one fault follow the other until the time is over, and return how often which was survived."""
    survived: Counter[str] = Counter()
    end = time.monotonic() + seconds
    with soak.load:
        soak.go_on(BETWEEN)
        while time.monotonic() < end:
            name = order.choice([*soak.faults])
            soak.faults[name]()
            soak.go_on(BETWEEN)
            survived[name] += 1
        return survived


def hammer(soak: Soak, seed: int, seconds: float) -> int:
    """Let clients change the same few tasks for a while, and return how many changes they have made."""
    user = 1
    clients = Hammer(soak.service.address, soak.url, user, seed)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        asyncio.run(clients.strike(AT_THE_SAME_TASKS, times=50))
    tell(f"{AT_THE_SAME_TASKS} clients at the same tasks: {dict(sorted(clients.done.items()))}")
    return asyncio.run(replay(soak.url, user)).changes


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
