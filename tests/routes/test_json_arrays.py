"""How a body that is an array is parsed: in one go or item by item, and never for long without a pause."""

import asyncio
import json
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from donebase.http import json_arrays
from donebase.http.errors import MalformedJSON
from donebase.http.json_arrays import is_array, parse_items
from donebase.http.strict_json import MAX_MEMBERS, SMALL, parse_plain
from tests.routes.test_strict_json import BROKEN, VALUES, bodies

LARGE_ITEM = b'{"id": "%b"}' % (b"x" * SMALL)
TASK = {
    "title": 'Buy "milk"',
    "completed": False,
    "order": 1.5,
    "tags": ["shop", "b"],
    "due": {"date": "2026-12-01"},
}


def parsed(body: bytes) -> Any:
    """Return the items of an array, or MalformedJSON."""
    items: list[Any] = []
    try:
        asyncio.run(parse_items(body, items.append))
    except MalformedJSON:
        return MalformedJSON
    return items


def parsed_by_items(body: bytes) -> Any:
    """Parse an array item by item, however few values it has."""
    with patch.object(json_arrays, "parse_plain", lambda _: None):
        return parsed(body)


class _Enough(Exception):
    """Raised by what takes no more items."""


@settings(max_examples=40)
@given(st.lists(VALUES, max_size=5))
def test_an_array_is_parsed_as_it_was_written(items: list[Any]) -> None:
    for body in (
        json.dumps(items).encode(),
        json.dumps(items, ensure_ascii=False, indent=1).encode("utf-8", "replace"),
    ):
        expected = json.loads(body)
        assert parsed(body) == parsed_by_items(body) == expected
        assert parsed(b" [%b,%b" % (LARGE_ITEM, body[1:])) == (
            [json.loads(LARGE_ITEM), *expected] if items else MalformedJSON
        )


def test_an_item_is_parsed_as_a_body_of_its_own() -> None:
    small_ones = [body for body in bodies() if len(body) <= SMALL and body.strip()]
    assert len(small_ones) > 200
    for body in [*small_ones, *(each.encode() for each in BROKEN)]:
        small = parsed(b"[%b]" % body)
        assert parsed_by_items(b"[%b]" % body) == small, body
        large = parsed(b"[%b, %b]" % (body, LARGE_ITEM))
        assert (large if large is MalformedJSON else large[:1]) == small, body


def test_what_clients_send_is_parsed_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_arrays, "_one_by_one", None)
    for body in ([TASK], [TASK] * 1_000):
        assert parsed(json.dumps(body).encode()) == body


@pytest.mark.parametrize(
    "item",
    [
        '{"a": 1, "a": 2}',
        '{"a": {"b": 1, "b": 2}}',
        '{"a": 18446744073709551616}',
        '{"a": -9223372036854775809}',
        '{"a": "\\ud800"}',
        '{"a": [[]]}',
        "[[]]",
    ],
)
def test_what_another_parser_reads_otherwise_is_left_to_the_decoder(item: str) -> None:
    assert parse_plain(f"[{item}]".encode()) is None
    assert parse_plain(f'[{{"a": "\\"", "b": 1}}, {item}]'.encode()) is None
    assert parse_plain(f'[{{"a": "\\"", "b": "\\\\"}}, {item}]'.encode()) is None


def test_nothing_is_parsed_behind_what_refuses_an_array() -> None:
    items: list[Any] = []

    def take_three(item: Any) -> None:
        if len(items) == 3:
            raise _Enough
        items.append(item)

    with pytest.raises(_Enough):
        asyncio.run(parse_items(b"[1, 2, 3, 4, nothing", take_three))
    assert items == [1, 2, 3]


def test_a_large_item_has_little_room_for_arrays_and_objects() -> None:
    tags = ["\U0001f600" * 50] * 20
    largest = {"id": [], "title": "\u00e9" * 500, "description": "\U0001f600" * 5_000, "tags": tags}
    assert len(json.dumps(largest)) > 4 * SMALL
    assert parsed_by_items(json.dumps([largest] * 10).encode()) == [largest] * 10
    assert parsed_by_items(json.dumps([{**largest, "id": tags}]).encode()) is MalformedJSON


def test_of_a_large_item_no_more_is_read_than_refuses_it() -> None:
    members = {"id": "x" * SMALL} | {str(number): 1 for number in range(MAX_MEMBERS)}
    [item] = parsed_by_items(json.dumps([members]).encode())
    assert len(item) == MAX_MEMBERS


def test_only_an_array_is_taken_for_one() -> None:
    assert all(map(is_array, (b"[", b" \t\r\n[]", b"[{")))
    assert not any(map(is_array, (b"", b"{", b'"["', b"\x0b[", "\ufeff[".encode())))


def test_others_get_their_turn_while_an_array_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def turns(body: bytes) -> int:
        parsing = asyncio.create_task(parse_items(body, lambda _: None))
        number = 0
        while not parsing.done():
            number += 1
            await asyncio.sleep(0)
        await parsing
        return number

    item = json.dumps({"id": [[]], "title": "x" * 1_000}).encode()
    body = b"[" + b",".join([item] * 1_000) + b"]"
    monkeypatch.setattr(json_arrays, "_TURN", 0)
    assert asyncio.run(turns(body)) > 1_000
