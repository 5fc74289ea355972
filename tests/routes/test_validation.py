"""What may be sent and what may not, from outside: every refusal in one shape, telling nothing, changing nothing."""

import json

import httpx
import pytest

from tests.support.families import API, OWNED, V1, Family, Json
from tests.support.problems import JSON, SENT, changing, invalid, named, refused, tasks_of

WRONG_TEXT: list[tuple[object, str]] = [
    (f"{SENT}\0", "nul_character"),
    (f"{SENT}\ud800", "not_unicode"),
    ("\udfff", "not_unicode"),
    (7, "wrong_type"),
    (True, "wrong_type"),
    ([SENT], "wrong_type"),
    ({SENT: SENT}, "wrong_type"),
]
WRONG: list[tuple[Json, str, str]] = [
    *(({"title": text}, "title", why) for text, why in WRONG_TEXT),
    *(({"title": text}, "title", "blank") for text in ("", " ", "\t\r\n", "\u00a0\u2028", "\u200b", "\u3164", "\x1b")),
    ({"title": SENT + "x" * 500}, "title", "too_long"),
    ({"title": "\U0001f600" * 501}, "title", "too_long"),
    ({"title": None}, "title", "wrong_type"),
    *(({"description": text}, "description", why) for text, why in WRONG_TEXT),
    ({"description": SENT + "x" * 5000}, "description", "too_long"),
    *(({"completed": done}, "completed", "wrong_type") for done in (SENT, "true", 0, 1, 1.0, None, [], [SENT])),
    *(({"user_id": user}, "user_id", "out_of_range") for user in (0, -1, 2**63, 10**400)),
    *(({"user_id": user}, "user_id", "wrong_type") for user in (SENT, "7", 7.0, True, None, [7])),
    *(({name: SENT}, name, "unknown_field") for name in ("colour", "Title", "done", "", "a\0b", "title ", "tasks")),
    ({"\ud800": SENT}, "body", "not_unicode"),
]


@pytest.mark.parametrize(("fields", "field", "why"), WRONG, ids=named)
def test_a_wrong_field_makes_no_task(
    client: httpx.Client, family: Family, alice: int, fields: Json, field: str, why: str
) -> None:
    body = family.body(alice, title="x") | fields
    invalid(client.post(family.address(alice), content=json.dumps(body), headers=JSON), (field, why))
    assert tasks_of(client, alice) == []


@pytest.mark.parametrize(("fields", "field", "why"), WRONG, ids=named)
def test_a_wrong_field_changes_nothing(
    client: httpx.Client, family: Family, alice: int, fields: Json, field: str, why: str
) -> None:
    for method, address in changing(client, family, alice):
        body = {"title": "x", "completed": True} | fields
        invalid(client.request(method, address, content=json.dumps(body), headers=JSON), (field, why))


@pytest.mark.parametrize(
    ("fields", "field", "why"), [row for row in WRONG if row[1] not in ("title", "description")], ids=named
)
def test_a_wrong_field_completes_nothing(client: httpx.Client, alice: int, fields: Json, field: str, why: str) -> None:
    for _, address in changing(client, API, alice):
        body = {"completed": True} | fields
        invalid(client.patch(f"{address}/complete", content=json.dumps(body), headers=JSON), (field, why))


def test_what_a_new_task_needs_is_named(client: httpx.Client, family: Family, alice: int) -> None:
    wanted = [("title", "required")] if family in OWNED else [("title", "required"), ("user_id", "required")]
    invalid(client.post(family.address(alice), json={}), *wanted)
    invalid(client.post(family.address(alice), json={"description": SENT, "completed": True}), *wanted)
    assert tasks_of(client, alice) == []


def test_a_replacement_needs_a_title(client: httpx.Client, alice: int) -> None:
    for _, address in changing(client, V1, alice):
        for body in ({}, {"description": SENT, "completed": True}):
            invalid(client.put(address, json=body), ("title", "required"))


def test_a_task_is_not_made_for_another(client: httpx.Client, owned: Family, alice: int, bob: int) -> None:
    response = client.post(owned.address(alice), json={"title": SENT, "user_id": bob})
    invalid(response, ("user_id", "another_owner"))
    assert str(bob) not in response.text
    assert tasks_of(client, alice) == tasks_of(client, bob) == []


def test_every_fault_is_told_at_once(client: httpx.Client, family: Family, alice: int) -> None:
    body = {"title": " ", "description": [SENT], "completed": SENT, "user_id": 0, "colour": SENT, "size": SENT}
    why = ["blank", "wrong_type", "wrong_type", "out_of_range", "unknown_field", "unknown_field"]
    faults = list(zip(body, why, strict=True))
    invalid(client.post(family.address(alice), json=body), *faults)
    for method, address in changing(client, family, alice):
        invalid(client.request(method, address, json=body), *faults)


def test_of_many_faults_twenty_are_told(client: httpx.Client, family: Family, alice: int) -> None:
    body = family.body(alice, title="x") | {f"field{number}": SENT[:1] for number in range(50_000)}
    response = client.post(family.address(alice), json=body)
    invalid(response, *((f"field{number}", "unknown_field") for number in range(20)))
    assert len(response.content) < 10_000
    assert tasks_of(client, alice) == []


def test_a_long_name_is_not_told_whole(client: httpx.Client, family: Family, alice: int) -> None:
    response = client.post(family.address(alice), json=family.body(alice, title="x") | {"x" * 500_000 + SENT: 1})
    invalid(response, *((fault["field"], "unknown_field") for fault in response.json()["errors"]))
    assert len(response.content) < 1_000


MALFORMED = [
    b'{"title": "kept-to-ourselves',
    b'{"title": "x", "user_id": 1',
    b'{"title": "x", "user_id": 1,}',
    b'{"title": "x", "user_id": 1} x',
    b'{"title": "x", "user_id": 1}{"title": "x", "user_id": 1}',
    b"{'title': 'kept-to-ourselves', 'user_id': 1}",
    b'{"title": "x", "user_id": 1 /* kept-to-ourselves */}',
    b'{"title": "two\nlines", "user_id": 1}',
    b'{"title": "\\x41", "user_id": 1}',
    b'{"title": "x", "user_id": 01}',
    b'{"title": "x", "user_id": 1, "completed": NaN}',
    b'{"title": "x", "user_id": 1, "completed": Infinity}',
    b'{"title": "x", "user_id": 1, "completed": -Infinity}',
    b'{"title": "x", "user_id": 1, "id": NaN}',
    b'{"title": "x", "user_id": 1, "title": "kept-to-ourselves"}',
    b'{"title": "x", "user_id": 1, "id": {"a": 1, "a": 2}}',
    b'{"title": "x", "user_id": ' + b"9" * 5_000 + b"}",
    b'\xef\xbb\xbf{"title": "x", "user_id": 1}',
    *('{"title": "x", "user_id": 1}'.encode(encoding) for encoding in ("utf-16", "utf-16-le", "utf-32")),
    b'{"title": "kept-to-ourselves \xff", "user_id": 1}',
    b'{"title": "\xc0\x80", "user_id": 1}',
    b'{"title": "\xed\xa0\x80", "user_id": 1}',
    b"[" * 100_000,
    b'{"title": ' * 100_000,
    b"kept-to-ourselves",
    b"title=x&user_id=1",
    b"\0",
    b" ",
]
NO_OBJECTS = [b"null", b"[]", b'"kept-to-ourselves"', b"7", b"true", b'[{"title": "x", "user_id": 1}]', b" null "]


@pytest.mark.parametrize("body", MALFORMED, ids=named)
def test_what_is_not_json_is_refused(client: httpx.Client, family: Family, alice: int, body: bytes) -> None:
    refused(client.post(family.address(alice), content=body, headers=JSON), 400, "MALFORMED_JSON")
    for method, address in changing(client, family, alice):
        refused(client.request(method, address, content=body, headers=JSON), 400, "MALFORMED_JSON")
        if family is API:
            refused(client.patch(f"{address}/complete", content=body, headers=JSON), 400, "MALFORMED_JSON")


@pytest.mark.parametrize("body", NO_OBJECTS, ids=named)
def test_what_is_not_an_object_is_refused(client: httpx.Client, family: Family, alice: int, body: bytes) -> None:
    invalid(client.post(family.address(alice), content=body, headers=JSON), ("body", "wrong_type"))
    for method, address in changing(client, family, alice):
        invalid(client.request(method, address, content=body, headers=JSON), ("body", "wrong_type"))
        if family is API:
            invalid(client.patch(f"{address}/complete", content=body, headers=JSON), ("body", "wrong_type"))


def test_no_body_is_no_json(client: httpx.Client, family: Family, alice: int) -> None:
    for headers in (JSON, {}):
        refused(client.post(family.address(alice), content=b"", headers=headers), 400, "MALFORMED_JSON")
        for method, address in changing(client, family, alice):
            refused(client.request(method, address, content=b"", headers=headers), 400, "MALFORMED_JSON")


def test_a_number_too_large_for_a_float_is_no_boolean(client: httpx.Client, family: Family, alice: int) -> None:
    body = b'{"title": "x", "user_id": 1, "completed": 1e999}'
    invalid(client.post(family.address(alice), content=body, headers=JSON), ("completed", "wrong_type"))
    for method, address in changing(client, family, alice):
        invalid(client.request(method, address, content=body, headers=JSON), ("completed", "wrong_type"))
