"""How much is drawn: the same few examples in every `make test`, others for as long as FUZZ_SECONDS says.

FUZZ_SECONDS is about how long all of this folder takes on two cores.
"""

import os
import time
from collections.abc import Iterator

from hypothesis import settings

from tests.support.processes import Service

FUZZ_SECONDS = int(os.environ.get("FUZZ_SECONDS") or 0)

_settings = settings(stateful_step_count=30, print_blob=True)
_few = settings(_settings, derandomize=True)
_ROUND = settings(_settings, max_examples=100)


def rounds(service: Service | None, part: float, examples: int) -> Iterator[settings]:
    """Yield what each round is run with: one of so few examples, or as many as fit into a part of FUZZ_SECONDS.

    The requests to a service are counted; its log is emptied.
    """
    if not FUZZ_SECONDS:
        yield settings(_few, max_examples=examples)
        return
    end = time.monotonic() + FUZZ_SECONDS * part
    done = requests = 0
    while time.monotonic() < end:
        yield _ROUND
        done += 1
        if service:
            requests += sum(line["event"] == "request" for line in list(service.lines))
            service.lines.clear()  # what ten minutes write into the log need not be kept
    print(f"{done} rounds of {_ROUND.max_examples} examples, {requests} requests")  # noqa: T201 - shown by pytest -rP
