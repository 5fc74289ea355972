"""Ids, queries, paths and headers that are not what they should be: every line of their tables, everywhere it goes.

With the bodies of test_validation.py and the bytes of test_hostile_bytes.py this is the corpus in tests/data/hostile.
"""

import re
from pathlib import Path

import httpx
import pytest

from donebase.routes import every_route
from tests.support.hostile import TABLES, Ids, Line, lines, operations
from tests.support.processes import Service
from tests.support.response_check import ResponseCheck

PROMISES = (Path(__file__).parents[2] / "docs" / "promises.md").read_text()


@pytest.mark.parametrize("line", lines("ids", "queries", "paths", "headers"), ids=str)
def test_a_request_is_answered_as_its_line_says(
    service: Service, client: httpx.Client, alice: int, bob: int, line: Line
) -> None:
    with ResponseCheck.opened(service, client, alice, bob) as check:
        check.run(line)


def test_the_corpus_is_large_and_no_request_is_in_it_twice() -> None:
    requests = [request.written() for line in lines(*TABLES) for request in line.requests(lambda: Ids(7, 8, another=9))]
    assert len(set(requests)) == len(requests) >= 5_000
    connections = [line.cells["send"] for line in lines("bytes")]
    assert len(set(connections)) == len(connections) >= 250
    promised = r"more than ([\d,]+) requests, from more than (\d+) lines.*more than (\d+) connections"
    [numbers] = re.findall(promised, PROMISES, re.DOTALL)
    for number, real in zip(numbers, (len(requests), len(lines(*TABLES)), len(connections)), strict=True):
        assert int(number.replace(",", "")) < real < 1.5 * int(number.replace(",", ""))


def test_the_corpus_knows_every_operation_of_the_service() -> None:
    served = {(route.method, route.path_format) for route in every_route()}
    served |= {("HEAD", path) for method, path in served if method == "GET"}
    assert {(each.method, each.path) for each in operations()} == served
