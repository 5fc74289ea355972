"""The `detail` of an error: a sentence for a person, which names what is wrong first and can be shown as it is."""

import httpx
import pytest

from tests.support.families import Family, Json

JSON = "application/json"
MUST = "The body must be JSON in UTF-8, sent as application/json and not compressed."


def detail(response: httpx.Response) -> str:
    """Return the sentence of an error."""
    assert response.status_code >= 400
    sentence: str = response.json()["detail"]
    return sentence


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"title": " "}, "title: must contain at least one visible character"),
        ({}, "title: is required"),
        ({"completed": "yes", "colour": "red"}, "title: is required"),
        ({"title": "x", "completed": "yes", "colour": "red"}, "completed: must be true or false"),
        ({"title": "x", "order": "1"}, "order: must be a finite number"),
        ({"title": "x", "order": 10**400}, "order: must be a finite number"),
        ({"title": "x", "due": "2026-12-01"}, 'due: must be an object, such as {"date": "2026-12-01"}'),
        ({"title": "x", "due date": "tomorrow"}, "due date: is not a known field"),
        ({"title": "x", "größe_2": 1}, "größe_2: is not a known field"),
        ({"title": "x", "<img src=x onerror=alert(1)>": 1}, "a field: is not a known field"),
        ({"title": "x", "\u202etxet": 1}, "a field: is not a known field"),
        ({"title": "x", "two\nlines": 1}, "a field: is not a known field"),
        ({"title": "x", "y" * 101: 1}, "a field: is not a known field"),
    ],
    ids=ascii,
)
def test_the_first_fault_of_a_body_is_named(
    client: httpx.Client, owned: Family, alice: int, body: Json, sentence: str
) -> None:
    assert detail(client.post(owned.address(alice), json=body)) == sentence


def test_the_first_fault_of_an_address_is_named(client: httpx.Client, owned: Family, alice: int) -> None:
    address = owned.address(alice)
    assert detail(client.get(f"{address}?status=open&skip=1")) == "status: is not a known parameter"
    assert detail(client.get(f"{address}?limit=0")) == "limit: must be a whole number from 1 to 1000"
    assert detail(client.get(f"{address}/abc")).startswith("task_id: must be a whole number from 1 to ")
    written = client.put(f"{address}/abc", json={"title": ""}, headers={"Idempotency-Key": "two words"})
    assert detail(written).startswith("Idempotency-Key: must be one line of 1 to 255 visible ASCII characters")
    assert detail(client.put(f"{address}/1", json=[])) == "body: must be a JSON object"


@pytest.mark.parametrize(
    ("declared", "named"),
    [
        ({"Content-Type": JSON, "Content-Encoding": "gzip"}, "gzip"),
        ({"Content-Type": "text/plain", "Content-Encoding": "BR"}, "br"),
        ({"Content-Type": f"{JSON}; charset=ISO-8859-1"}, "iso-8859-1"),
        ({"Content-Type": f'{JSON}; charset="utf-16"'}, "utf-16"),
        ({"Content-Type": "Text/Plain;charset=UTF-8"}, "text/plain"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, "application/x-www-form-urlencoded"),
        ({"Content-Type": "multipart/form-data; boundary=x"}, "multipart/form-data"),
        ({"Content-Type": "json"}, ""),
        ({"Content-Type": "application/kept"}, ""),
        ({"Content-Type": f"{JSON}; charset=kept"}, ""),
        ({"Content-Type": JSON, "Content-Encoding": "kept"}, ""),
        ({}, ""),
    ],
    ids=str,
)
def test_what_a_body_is_declared_as_is_named(
    client: httpx.Client, family: Family, alice: int, declared: dict[str, str], named: str
) -> None:
    response = client.post(family.address(alice), content=b'{"title": "x"}', headers=declared)
    assert response.status_code == 415
    assert detail(response) == (f"{MUST} It is declared as {named}." if named else MUST)
