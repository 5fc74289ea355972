"""What headers say: what the body is and how long, who asks, and under which id."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from donebase.http.headers import new_request_id
from tests.support.connections import Connection
from tests.support.families import USERS, Family
from tests.support.problems import JSON, SENT, changing, invalid, named, refused, tasks_of

LIMIT = 2**20
ALLOWED = "http://localhost:3000"
EXPOSED = {
    *("ETag", "Link", "Location", "Change", "Idempotent-Replayed", "X-Total-Count"),
    *("Retry-After", "Allow", "WWW-Authenticate", "X-Request-ID"),
}
NOT_ALLOWED = [
    "https://kept-to-ourselves.example",
    "http://localhost:3000.example",
    "http://localhost:30000",
    "http://localhost",
    "https://localhost:3000",
    "HTTP://LOCALHOST:3000",
    "http://localhost:3000/",
    "null",
    "*",
    "",
]


DRAW_AND_FORK = """
import os
from donebase.http.headers import new_request_id
new_request_id()
child = os.fork()
if child:
    os.waitpid(child, 0)
os.write(1, b"".join(new_request_id() + b"\\n" for _ in range(64)))
"""


def sized(body: bytes, size: int) -> bytes:
    return b" " * (size - len(body)) + body


def in_pieces(body: bytes) -> Iterator[bytes]:
    """Send a body whose length no header tells."""
    for start in range(0, len(body), 65_536):
        yield body[start : start + 65_536]


def test_a_body_of_one_mebibyte_is_taken_and_no_byte_more(client: httpx.Client, family: Family, alice: int) -> None:
    body = json.dumps(family.body(alice, title=SENT)).encode()
    for content in (sized(body, LIMIT), in_pieces(sized(body, LIMIT))):
        assert client.post(family.address(alice), content=content, headers=JSON).status_code == 201
    before = tasks_of(client, alice)
    for content in (sized(body, LIMIT + 1), in_pieces(sized(body, LIMIT + 1)), in_pieces(sized(body, 2 * LIMIT))):
        response = client.post(family.address(alice), content=content, headers=JSON)
        refused(response, 413, "BODY_TOO_LARGE")
    assert tasks_of(client, alice) == before
    for method, address in changing(client, family, alice):
        for content in (sized(b'{"title": "x"}', LIMIT + 1), in_pieces(sized(b'{"title": "x"}', LIMIT + 1))):
            refused(client.request(method, address, content=content, headers=JSON), 413, "BODY_TOO_LARGE")


@pytest.mark.parametrize("sent_id", ["", "x" * 129, "two words"], ids=named)
def test_an_id_that_is_made_is_no_other_requests(client: httpx.Client, sent_id: str) -> None:
    responses = [client.get(address, headers={"X-Request-ID": sent_id}) for address in ("/livez", "/livez", "/nowhere")]
    assert len({response.headers["x-request-id"] for response in responses} - {sent_id}) == 3


def test_ids_that_are_drawn_together_are_all_different() -> None:
    ids = [new_request_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert all(re.fullmatch(b"[0-9a-f]{32}", each) for each in ids)


def test_a_process_that_was_forked_makes_ids_of_its_own() -> None:
    """In a process of its own, which has no threads to fork."""
    ids = subprocess.check_output([sys.executable, "-c", DRAW_AND_FORK], text=True).splitlines()
    assert len(ids) == len(set(ids)) == 128


def test_every_answer_has_a_request_id(client: httpx.Client, family: Family, alice: int) -> None:
    task = family.created(client, alice)
    address = family.one(alice, task["id"])
    preflight = {"Origin": ALLOWED, "Access-Control-Request-Method": "PUT"}
    responses = [
        client.get(family.address(alice), headers={"X-Request-ID": "ours"}),
        client.post(family.address(alice), json=family.body(alice, title="x"), headers={"X-Request-ID": "ours"}),
        client.post(family.address(alice), content=b"{", headers=JSON | {"X-Request-ID": "ours"}),
        client.post(family.address(alice), content=sized(b"{}", LIMIT + 1), headers=JSON | {"X-Request-ID": "ours"}),
        client.head(address, headers={"X-Request-ID": "ours"}),
        client.put(address, json={"title": "x"}, headers={"X-Request-ID": "ours"}),
        client.options(address, headers=preflight | {"X-Request-ID": "ours"}),
        client.options(address, headers={"X-Request-ID": "ours"}),
        client.delete(address, headers={"X-Request-ID": "ours"}),
        client.delete(address, headers={"X-Request-ID": "ours"}),
        *(client.get(other, headers={"X-Request-ID": "ours"}) for other in ("/health", "/docs", "/openapi.json")),
    ]
    refusals = refused_by_the_parser(client, address, "X-Request-ID: ours")
    assert [each.headers.get_list("x-request-id") for each in responses + refusals] == [["ours"]] * len(
        responses + refusals
    )
    assert [response.status_code for response in responses] == [
        *(200, 201, 400, 413, 200, 200, 200, 405, family.delete_status, 404),
        *(200, 200, 200),
    ]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
def test_a_preflight_of_an_allowed_origin_is_answered(
    client: httpx.Client, family: Family, alice: int, method: str
) -> None:
    asked = {"Origin": ALLOWED, "Access-Control-Request-Method": method}
    asked["Access-Control-Request-Headers"] = "content-type, idempotency-key, if-match, if-none-match, x-request-id"
    response = client.options(family.address(alice), headers=asked)
    assert response.status_code in (200, 204)
    assert response.headers["access-control-allow-origin"] == ALLOWED
    assert response.headers["access-control-allow-credentials"] == "true"
    assert {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} == listed(response, "access-control-allow-methods")
    assert {"content-type", "idempotency-key", "if-match", "if-none-match", "x-request-id"} <= {
        name.lower() for name in listed(response, "access-control-allow-headers")
    }
    assert int(response.headers["access-control-max-age"]) > 0
    asked_about = {f"Access-Control-Request-{what}" for what in ("Method", "Headers", "Private-Network")}
    assert listed(response, "vary") == {"Origin", *asked_about}


@pytest.mark.parametrize("origin", NOT_ALLOWED)
def test_a_preflight_of_another_origin_is_refused(
    client: httpx.Client, family: Family, alice: int, origin: str
) -> None:
    response = client.options(
        family.address(alice), headers={"Origin": origin, "Access-Control-Request-Method": "POST"}
    )
    invalid(response, ("Origin", "cors_refused"))
    assert {"access-control-allow-origin", "access-control-allow-credentials"}.isdisjoint(response.headers)
    assert "Origin" in listed(response, "vary")


@pytest.mark.parametrize(("asked", "value"), [("Method", "TRACE"), ("Private-Network", "true")])
def test_a_preflight_for_what_no_address_allows_is_refused(client: httpx.Client, asked: str, value: str) -> None:
    header = f"Access-Control-Request-{asked}"
    preflight = {"Origin": ALLOWED, "Access-Control-Request-Method": "PUT"} | {header: value}
    invalid(client.options("/users/1/tasks", headers=preflight), (header, "cors_refused"))


def test_an_allowed_origin_may_read_every_answer(client: httpx.Client, family: Family, alice: int) -> None:
    for response in (
        client.post(family.address(alice), json=family.body(alice, title="x"), headers={"Origin": ALLOWED}),
        client.get(family.address(alice), headers={"Origin": ALLOWED}),
        client.get(f"{family.address(alice)}?colour=blue", headers={"Origin": ALLOWED}),
        client.post(family.address(alice), content=b"{", headers=JSON | {"Origin": ALLOWED}),
        client.get(family.one(alice, 2**62), headers={"Origin": ALLOWED}),
        client.get("/nowhere", headers={"Origin": ALLOWED}),
        client.request("TRACE", family.address(alice), headers={"Origin": ALLOWED}),
        client.get("/health", headers={"Origin": ALLOWED}),
        *refused_by_the_parser(client, family.address(alice), f"Origin: {ALLOWED}"),
    ):
        assert response.headers["access-control-allow-origin"] == ALLOWED
        assert response.headers["access-control-allow-credentials"] == "true"
        assert listed(response, "access-control-expose-headers") == EXPOSED >= documented(client)
        assert "Origin" in listed(response, "vary")


@pytest.mark.parametrize("origin", NOT_ALLOWED)
def test_another_origin_may_read_no_answer(client: httpx.Client, family: Family, alice: int, origin: str) -> None:
    for response in (
        client.get(family.address(alice), headers={"Origin": origin}),
        client.get("/nowhere", headers={"Origin": origin}),
        client.get(USERS.address(alice)),
    ):
        assert {"access-control-allow-origin", "access-control-allow-credentials"}.isdisjoint(response.headers)
        assert SENT not in str(response.headers.raw)
        assert "Origin" in listed(response, "vary")


def refused_by_the_parser(client: httpx.Client, address: str, header: str) -> list[httpx.Response]:
    """Send a header with requests of which no operation hears: refused in their head, its end, and their body."""
    begin = f"HTTP/1.1\r\nHost: x\r\n{header}\r\nAccept: */*\r\n"
    return [
        refusal_of(client, f"GET {address} {begin}no header\r\n"),
        refusal_of(client, f"GET {address} {begin}Large: {'x' * 2**16}\r\n\r\n"),
        refusal_of(
            client, f"POST {address} {begin}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nno size"
        ),
    ]


def refusal_of(client: httpx.Client, request: str) -> httpx.Response:
    with closing(Connection(str(client.base_url))) as connection:
        connection.send(request.encode())
        response = connection.answer()
    assert (response.status_code, response.headers["connection"]) == (400, "close")
    return response


def documented(client: httpx.Client) -> set[str]:
    """Return the headers of all responses in the OpenAPI document."""
    operations = [
        operation for path in client.get("/openapi.json").json()["paths"].values() for operation in path.values()
    ]
    return {name for operation in operations for each in operation["responses"].values() for name in each["headers"]}


def listed(response: httpx.Response, header: str) -> set[str]:
    return {name.strip() for name in response.headers[header].split(",")}
