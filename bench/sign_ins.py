"""`make bench-sign-ins`: what 10,000 sign-ins at once cost those who are signed in already.

Prints its results: of each round the calm before the flood and the flood, and the medians of their ratios. The service
has its default settings, but for AUTH and TRUSTED_PROXIES, and all cores, which the clients and PostgreSQL share.
"""

import argparse
import asyncio
import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from statistics import median, quantiles

from bench import RunFailed, tokens
from bench.flood import Flood, Others, send_flood
from bench.postgres import postgres
from bench.servers import GUARDED, Server

SIGN_INS = 10_000
KINDS = {"on as many connections": 1, "from 1,000 clients that ask again at once": 10}
"""How many sign-ins are sent on each connection, one after another."""
_CALM = 5.0  # seconds
_SENDERS = 2  # processes


def main() -> int:
    """Run the floods, and print what others noticed of them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds: int = parser.parse_args().rounds
    cores = os.sched_getaffinity(0)
    try:
        with postgres() as database:
            [token] = tokens.issued(database, database.fill(users=1, each=20), 1)
            with Server(GUARDED, database.url, cores, TRUSTED_PROXIES="127.0.0.1", LOG_FORMAT="json") as server:
                for kind, each in KINDS.items():
                    print(f"{SIGN_INS:,} sign-ins {kind}")
                    asyncio.run(_rounds(server.port, token, each, rounds))
    except RunFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


async def _rounds(port: int, token: str, each: int, rounds: int) -> None:
    others = Others(port, token)
    await others.connect()
    ratios: dict[str, list[float]] = {"p50": [], "p99": []}
    with ProcessPoolExecutor(_SENDERS, multiprocessing.get_context("spawn")) as senders:
        await _flood(senders, port, 1, 1)  # the processes have started then
        for _ in range(rounds):
            calm = _percentiles(await others.ask(_CALM))
            flood = asyncio.ensure_future(_flood(senders, port, SIGN_INS // each, each))
            busy = _percentiles(await others.ask(flood))
            for name, values in ratios.items():
                values.append(busy[name] / calm[name])
            print(f"  calm {_shown(calm)}; flood {_shown(busy)}; {_told(flood.result())}")
    after = _percentiles(await others.ask(_CALM))
    print(f"  after {_shown(after)}; " + ", ".join(f"{name} x {median(each):.1f}" for name, each in ratios.items()))


async def _flood(senders: ProcessPoolExecutor, port: int, connections: int, each: int) -> Flood:
    loop = asyncio.get_running_loop()
    share = max(1, connections // _SENDERS)
    parts = await asyncio.gather(
        *(loop.run_in_executor(senders, send_flood, port, share, each) for _ in range(_SENDERS))
    )
    answers = sum((part.answers for part in parts), start=parts[0].answers - parts[0].answers)
    return Flood(answers, sum(part.retry_after for part in parts), max(part.seconds for part in parts))


def _percentiles(took: list[float]) -> dict[str, float]:
    cuts = quantiles(took, n=100)
    return {"p50": cuts[49], "p99": cuts[98], "max": max(took)}


def _shown(found: dict[str, float]) -> str:
    return " ".join(f"{name} {value:.1f}" for name, value in found.items()) + " ms"


def _told(flood: Flood) -> str:
    answers = ", ".join(f"{number:,} x {status}" for status, number in flood.answers.most_common())
    return f"{answers}; {flood.retry_after:,} with Retry-After; {flood.seconds:.1f} s"


if __name__ == "__main__":
    sys.exit(main())
