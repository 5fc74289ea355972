"""How a body is parsed: small and large ones alike."""

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from donebase.http.errors import MalformedJSON
from donebase.http.strict_json import MAX_MEMBERS, SMALL, parse_json
from tests.support.hostile import Ids, lines

LARGE = b" " * SMALL  # white space behind a body makes it a large one
BROKEN = """{ } {,} {"a":1,} {,"a":1} {"a":1"b":2} {"a"1} {"a":} {"a":1}} {"a":1}{} {a:1} {"a" {"a":1 {"a":1,""".split()
BROKEN += """{1:1} {"a":01} {"a":1.} {"a":-} {"a":1,"a":1} {"a":{"b":1,"b":1}} {"a":NaN} {"a":'b'} [1,] "a""".split()
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside),
    max_leaves=20,
)


@cache
def bodies() -> set[bytes]:
    """Return every hostile body; not at the import, which each process does that runs any test."""
    return {request.body or b"" for line in lines("bodies") for request in line.requests(lambda: Ids(7, 8, another=9))}


def parsed(body: bytes) -> Any:
    try:
        return parse_json(body)
    except MalformedJSON:
        return MalformedJSON


def test_a_large_body_is_parsed_as_a_small_one() -> None:
    small_ones = [body for body in bodies() if len(body) <= SMALL]
    assert len(small_ones) > 200
    for body in small_ones:
        small = parsed(body)
        if isinstance(small, dict) and len(small) > MAX_MEMBERS:
            small = dict(list(small.items())[:MAX_MEMBERS])
        assert parsed(body + LARGE) == small, body


@settings(max_examples=50)
@given(VALUES)
def test_json_is_parsed_as_it_was_written(value: Any) -> None:
    body = json.dumps(value).encode()
    assert parse_json(body) == parse_json(LARGE + body + LARGE) == value


@pytest.mark.parametrize("space", [b"", LARGE], ids=["small", "large"])
@pytest.mark.parametrize("body", BROKEN)
def test_what_is_no_json_is_refused(body: str, space: bytes) -> None:
    with pytest.raises(MalformedJSON):
        parse_json(body.encode() + space)


def test_of_a_large_object_no_more_is_read_than_refuses_it() -> None:
    members = ", ".join(f'"{number}": 1' for number in range(MAX_MEMBERS))
    for rest in (b"}", b", }", b"1"):
        assert len(parse_json(f"{{{members}".encode() + rest + LARGE)) == MAX_MEMBERS
