"""The guard and HTTP: bodies that are not awaited, HEAD, CORS, slashes, connections that several people use."""

import json

import pytest

from tests.support.asked import GUARDED, ROUTES, Asked, token, whole
from tests.support.connections import Closed, Connection
from tests.support.tokens import Person, bearer

ORIGIN = {"Origin": "http://localhost:3000"}
TAKING_A_BODY = [operation for operation, route in GUARDED.items() if route.body_field]
READING = [operation for operation in GUARDED if operation.startswith("GET ")]
FREE = {
    *("GET /", "GET /docs", "GET /docs/favicon-32x32.png", "GET /docs/swagger-ui-bundle.js"),
    *("GET /service-worker.js", "GET /web/{release}/{path}"),
    *("GET /docs/swagger-ui.css", "GET /health", "GET /livez", "GET /metrics", "GET /openapi.json"),
    *("POST /auth/sign-up", "POST /auth/sign-in", "POST /auth/refresh"),
}


@pytest.fixture
def amy(asked: Asked) -> Person:
    """Somebody with a token."""
    return asked.person()


def head(operation: str, person: Person, headers: dict[str, str], **more: str) -> bytes:
    """Return the head of a request of an operation, without its body."""
    method, _, path = operation.partition(" ")
    path = path.format(user_id=person.number, task_id=1, change=1, token_id=1)
    every = {"Host": "x", "X-Request-ID": "the-only-one", "Content-Type": "application/json", **headers, **more}
    return "\r\n".join([f"{method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in every.items()), "", ""]).encode()


@pytest.mark.parametrize("operation", TAKING_A_BODY)
def test_a_body_is_not_awaited_where_it_is_refused(asked: Asked, amy: Person, operation: str) -> None:
    limited = token(amy.subject, scope="")
    cases = [({}, 401), (bearer("x", key="another secret, which is long enough"), 401)]
    cases += [(limited, 403)] if GUARDED[operation].access.scope(GUARDED[operation].method) else []
    cases += [(asked.person().headers, 403)] if "{user_id}" in operation else []
    for headers, status in cases:
        for more in ({}, {"Expect": "100-continue"}):
            connection = Connection(asked.address)
            connection.send(head(operation, amy, headers, **more, **{"Content-Length": str(10**7)}))
            assert connection.answer().status_code == status  # and not 100
            connection.close()


def test_a_body_is_awaited_where_it_is_taken(asked: Asked, amy: Person) -> None:
    body = json.dumps({"title": "a"}).encode()
    connection = Connection(asked.address)
    more = {"Expect": "100-continue", "Content-Length": str(len(body))}
    connection.send(head("POST /users/{user_id}/tasks", amy, amy.headers, **more))
    assert connection.answer().status_code == 100
    connection.send(body)
    assert connection.answer().status_code == 201
    connection.close()


def test_the_body_of_what_is_refused_is_passed_over(asked: Asked, amy: Person) -> None:
    """No byte of it is taken for the next request; a connection with too much of it is closed."""
    for requests in (10_000, 300_000):  # of which the first are less than MAX_BODY_BYTES
        body = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n" * requests
        connection = Connection(asked.address)
        connection.send(head("POST /users/{user_id}/tasks", amy, {}, **{"Content-Length": str(len(body))}) + body)
        connection.send(head("GET /users/{user_id}/tasks", amy, amy.headers))
        assert connection.answer().status_code == 401
        if requests == 10_000:
            assert connection.answer().status_code == 200
        else:
            with pytest.raises(Closed):
                connection.answer()
        connection.close()


def test_a_token_behind_a_body_is_none(asked: Asked, amy: Person) -> None:
    """A trailer is no header (RFC 9110, 6.5.1)."""
    before = head(
        "POST /users/{user_id}/tasks", amy, {}, **{"Transfer-Encoding": "chunked", "Trailer": "Authorization"}
    )
    connection = Connection(asked.address)
    trailer = f"Authorization: {amy.headers['Authorization']}\r\n\r\n"
    connection.send(before + b'e\r\n{"title": "x"}\r\n0\r\n' + trailer.encode())
    assert connection.answer().status_code == 401
    connection.send(head("GET /users/{user_id}/tasks", amy, {}))
    assert connection.answer().status_code == 401
    connection.close()


def test_a_connection_remembers_nobody(asked: Asked, amy: Person) -> None:
    other = asked.person()
    connection = Connection(asked.address)
    for person, headers, status in [
        *((amy, amy.headers, 200), (amy, {}, 401), (other, other.headers, 200), (other, amy.headers, 403)),
        *((amy, {"AUTHORIZATION": amy.headers["Authorization"].replace("Bearer", "bEARER")}, 200), (amy, {}, 401)),
    ]:
        connection.send(head("GET /users/{user_id}/tasks", person, headers))
        assert connection.answer().status_code == status
    requests = [head("GET /users/{user_id}/tasks", amy, headers) for headers in (amy.headers, {}, amy.headers)]
    connection.send(b"".join(requests))
    assert [connection.answer().status_code for _ in requests] == [200, 401, 200]
    connection.close()


@pytest.mark.parametrize("operation", [each for each in READING if not each.endswith("/events")])
def test_head_is_answered_as_get_is(asked: Asked, amy: Person, operation: str) -> None:
    task = asked.client.post("/api/v1/tasks", json={"title": "mine"}, headers=amy.headers).json()
    for headers in (amy.headers, token(amy.subject, scope="openid")):
        get, head = (whole(asked.ask(operation, headers, amy.number, task["id"], head=head)) for head in (False, True))
        assert head == get._replace(content=b"")


def test_a_preflight_needs_no_token_and_what_is_refused_can_be_read(asked: Asked, amy: Person) -> None:
    other = asked.person()
    for operation, route in GUARDED.items():
        asks = {"Access-Control-Request-Method": route.method, "Access-Control-Request-Headers": "authorization"}
        preflight = asked.client.options(route.path_format.format_map(Ones()), headers=ORIGIN | asks)
        assert preflight.status_code == 200, operation
        assert "authorization" in preflight.headers["access-control-allow-headers"].lower()
        refused = [asked.ask(operation, ORIGIN, amy.number)]
        refused += [asked.ask(operation, ORIGIN | other.headers, amy.number)] if "{user_id}" in operation else []
        for response in refused:
            assert response.status_code in (401, 403)
            for name, value in (("origin", ORIGIN["Origin"]), ("credentials", "true")):
                assert response.headers[f"access-control-allow-{name}"] == value
            assert "WWW-Authenticate" in response.headers["access-control-expose-headers"]


class Ones(dict[str, int]):
    """Gives 1 for whatever is asked."""

    def __missing__(self, _name: str) -> int:
        return 1


@pytest.mark.parametrize("name", ["me", "a%20b", "%C3%A9", "7", ".."])
def test_a_slash_at_the_end_leads_to_the_address_without_it(asked: Asked, name: str) -> None:
    for path in (f"/users/{name}/tasks", f"/api/{name}/tasks/1/complete", f"/todo-backend/{name}", "/api/v1/tasks"):
        connection = Connection(asked.address)
        connection.send(f"GET {path}/?limit=1&x=%20 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        response = connection.answer()
        connection.close()
        assert (response.status_code, response.headers["location"]) == (307, f"{path}?limit=1&x=%20")


@pytest.mark.parametrize("way", ["query", "body", "cookie", "both"])
def test_a_token_comes_in_its_header_and_nowhere_else(asked: Asked, amy: Person, way: str) -> None:
    """RFC 6750, 2.2 and 2.3, which RFC 9700 advises against."""
    token = amy.headers["Authorization"].removeprefix("Bearer ")
    query = {"access_token": token} if way in ("query", "both") else {}
    form = {"access_token": token} if way == "body" else None
    headers = {"Cookie": f"access_token={token}"} if way == "cookie" else amy.headers if way == "both" else {}
    response = asked.client.post(f"/users/{amy.number}/tasks", params=query, data=form, headers=headers)
    assert response.status_code == (400 if way == "both" else 401)
    assert token not in response.text


def test_what_is_free_is_named_here_and_asks_for_no_token(asked: Asked) -> None:
    free = {f"{route.method} {route.path_format}" for route in ROUTES} - GUARDED.keys()  # type: ignore[attr-defined]
    assert free <= FREE
    for operation in free:
        method, _, path = operation.partition(" ")
        for headers in ({}, {"Authorization": "Bearer x"}):
            assert asked.client.request(method, path, headers=headers).status_code != 401, operation


@pytest.mark.parametrize(
    "path", ["/nowhere", "/users/me", "/api/v1/nowhere", "/auth", "/auth/nowhere", "/users//tasks"]
)
def test_what_is_not_there_is_404_for_everybody(asked: Asked, amy: Person, path: str) -> None:
    for headers in ({}, amy.headers):
        assert asked.client.get(path, headers=headers).status_code == 404
