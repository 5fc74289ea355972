"""How addresses name the caller where AUTH is `required`: whatever an issuer calls them, and by no other name."""

import re
import secrets
import unicodedata
from urllib.parse import quote, unquote

import httpx
import pytest

from tests.support.asked import Asked, token
from tests.support.connections import Connection
from tests.support.named import SUBJECTS

A_PATH = re.compile(r"/(?:[A-Za-z0-9/._~!$&'()*+,;=:@-]|%[0-9A-F]{2})*")
BASES = ("/users/{}/tasks", "/api/{}/tasks", "/todo-backend/{}")


def led_to(response: httpx.Response) -> list[str]:
    """Return the paths that the headers of a response lead to."""
    link = response.headers.get("link", "")
    return [*re.findall(r"^<([^>]*)>; rel=\"next\"$", link), *response.headers.get_list("location")]


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda it: ascii(it)[:20])
def test_any_name_of_an_issuer_names_its_bearer(asked: Asked, subject: str) -> None:
    client, headers = asked.client, token(subject)
    client.delete("/users/me/tasks?all=true", headers=headers)  # others may have this name as well
    mine = client.post("/api/v1/tasks", json={"title": "mine"}, headers=headers).json()
    written = quote(subject, safe="")
    for base in BASES:
        if (base, subject) == ("/api/{}/tasks", "v1"):
            continue  # of its own tasks as well, which test_own_tasks_at_v1.py is about
        address = base.format(written)
        created = [client.post(address, json={"title": title}, headers=headers) for title in "ab"]
        assert [each.status_code for each in created] == [201, 201], created[0].text
        listed = client.get(f"{address}?limit=1&q=a", headers=headers)
        followed = client.get(f"{address}?limit=2", headers=headers)
        assert listed.json()[0]["title"] in ("mine", "a")
        places = [led_to(each) for each in (*created, followed)]
        for [place], response in zip(places, (*created, followed), strict=True):
            path, _, query = place.partition("?")
            assert A_PATH.fullmatch(path), place
            assert unquote(path).startswith(base.format(subject))
            there = client.get(place, headers=headers)
            assert there.status_code == 200, place
            assert query or there.json() == response.json()
        for each in created:
            assert each.json().get("url", led_to(each)[0]).endswith(led_to(each)[0])
            assert client.delete(led_to(each)[0], headers=headers).is_success
    assert client.get("/users/me/tasks", headers=headers).json() == [mine]
    assert client.get("/users/me/history?limit=1", headers=headers).json()[0]["change"] > 1


def test_a_number_that_an_issuer_gives_is_none_of_ours(asked: Asked) -> None:
    """Whoever is called by the number of somebody else sees nothing of theirs, by whatever address."""
    person = asked.person()
    task = asked.client.post("/api/v1/tasks", json={"title": "mine"}, headers=person.headers).json()
    namesake = asked.person(str(person.number))
    assert namesake.number != person.number
    for address in (f"/users/{person.number}", f"/users/{namesake.number}", "/users/me", "/api/v1"):
        assert asked.client.get(f"{address}/tasks", headers=namesake.headers).json() == []
        one = f"{address}/tasks/{task['id']}"
        assert asked.client.delete(one, headers=namesake.headers).status_code == 404
    body = {"title": "theirs", "user_id": person.number}
    assert asked.client.post("/api/v1/tasks", json=body, headers=namesake.headers).status_code in (400, 403)
    assert asked.client.get("/api/v1/tasks", headers=person.headers).json() == [task]


@pytest.mark.parametrize("address", ["/users/{}/tasks", "/api/{}/tasks", "/todo-backend/{}", "/users/{}/tasks/1"])
def test_two_dots_are_a_name_and_lead_nowhere(asked: Asked, address: str) -> None:
    """A client that is no browser may send them; whose name they are is found by them."""
    found = 404 if address.endswith("/1") else 200
    for name, statuses in (("..", (found, 403)), ("%2E%2e", (found, 403)), (".", (403, 403))):
        for headers, status in zip((token(".."), token("somebody")), statuses, strict=True):
            connection = Connection(asked.address)
            line = f"GET {address.format(name)} HTTP/1.1\r\nHost: x\r\n"
            connection.send(f"{line}Authorization: {headers['Authorization']}\r\n\r\n".encode())
            assert connection.answer().status_code == status
            connection.close()


@pytest.mark.parametrize("subject", ["a/b", "/", "a/tasks", "7/tasks/1"])
def test_a_name_with_a_slash_is_reached_as_me(asked: Asked, subject: str) -> None:
    headers = token(subject)
    written = quote(subject, safe="")
    for address in (f"/users/{written}/tasks", f"/api/{written}/tasks", f"/todo-backend/{written}"):
        assert asked.client.get(address, headers=headers).status_code in (403, 404)
    created = asked.client.post("/users/me/tasks", json={"title": "mine"}, headers=headers)
    assert asked.client.get(created.headers["location"], headers=headers).json() == created.json()


def test_names_are_compared_exactly(asked: Asked) -> None:
    """Also those that look the same: an issuer may give both to different people."""
    person = asked.person(f"{secrets.token_hex(9)} Caf\N{LATIN SMALL LETTER E WITH ACUTE}")
    twin = unicodedata.normalize("NFD", person.subject)
    for name in (twin, person.subject.lower(), f"{person.subject} "):
        assert asked.client.get(f"/users/{quote(name)}/tasks", headers=person.headers).status_code == 403
    other = asked.client.post("/api/v1/tasks", json={"title": "a"}, headers=token(twin))
    assert other.json()["user_id"] != person.number
