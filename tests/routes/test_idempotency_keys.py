"""A request that is repeated with its Idempotency-Key is carried out once and answered twice, at every address."""

from typing import Any

import httpx
import pytest

from tests.support.families import V1
from tests.support.operations import OPERATIONS, plain

WRITES = [name for name, route in OPERATIONS.items() if route.method != "GET"]
DIFFER = {"idempotent-replayed", "x-request-id", "date"}
REFUSED = ["", '""', '"', '"k', "k y", "k\té", "k" * 256, f'"{"k" * 256}"', '"k" ', '"a"b"', '"k";a=1', '"\\k"']


def keyed(client: httpx.Client, method: str, path: str, key: str = "k", **more: Any) -> httpx.Response:
    return client.request(method, path, headers={"Idempotency-Key": key}, **more)


def assert_replayed(first: httpx.Response, again: httpx.Response) -> None:
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert answer(again) == answer(first)


def answer(response: httpx.Response) -> tuple[int, bytes, dict[str, str]]:
    headers = {name: value for name, value in response.headers.items() if name not in DIFFER}
    return response.status_code, response.content, headers


@pytest.mark.parametrize("name", WRITES)
def test_a_write_that_is_repeated_is_answered_again(client: httpx.Client, name: str, alice: int) -> None:
    task = V1.created(client, alice)
    request = plain(OPERATIONS[name], alice, task["id"])
    first, again = (keyed(client, request.method, request.path, json=request.body) for _ in range(2))
    assert first.is_success
    assert_replayed(first, again)
