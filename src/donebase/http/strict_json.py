"""JSON as RFC 8259 has it, and nothing that only Python takes for it, within a time that what is sent cannot stretch.

The event loop stands still while a body is parsed, and a body of MAX_BODY_BYTES has room for half a million values.
RFC 8259, 9, lets a parser limit texts, their depth and their numbers: a larger body is read member by member.
"""

import re
from json import JSONDecoder
from typing import Any

from donebase.core.tables import MAX_ID
from donebase.http.errors import MalformedJSON

SMALL = 2**14
"""Bytes of a body that is parsed in one go."""
MAX_MEMBERS = 100
"""How much of an object in a larger body is read: no address knows so many fields."""
_MAX_VALUES = 10_000
_MAX_DIGITS = 4_300  # the most that int() takes
_DIGITS = len(str(-MAX_ID))
_SPACE = re.compile(r"[ \t\n\r]*")


def parse_json(body: bytes) -> Any:
    """Return what a body says: UTF-8, no key twice, no NaN. Of a large object, return the first MAX_MEMBERS members.

    Raises MalformedJSON, also where a large body has an array or an object inside and more than 10,000 values.
    """
    try:
        text = body.decode("utf-8")
        return _DECODER.decode(text) if len(body) <= SMALL else _large(text)
    except (ValueError, RecursionError):
        raise MalformedJSON from None


def _large(text: str) -> Any:
    # What stands in a string is counted as well: a plain task has room for half of it.
    may_nest = sum(text.count(sign) for sign in ",[{") <= _MAX_VALUES
    at = _skip_space(text, 0)
    said, at = _object(text, at, may_nest) if text.startswith("{", at) else _value(text, at, may_nest)
    if _skip_space(text, at) != len(text):
        raise ValueError
    return said


def _object(text: str, at: int, may_nest: bool) -> tuple[dict[str, Any], int]:
    """Return the members of an object that begins at `at`, and where it ends: with too many members, where all ends."""
    said: dict[str, Any] = {}
    at = _skip(text, at, "{")
    while not text.startswith("}", at):
        if len(said) == MAX_MEMBERS:
            return said, len(text)
        if said:
            at = _skip(text, at, ",")
        if not text.startswith('"', at):
            raise ValueError
        name, at = _DECODER.raw_decode(text, at)
        if name in said:
            raise ValueError
        said[name], at = _value(text, _skip(text, _skip_space(text, at), ":"), may_nest)
        at = _skip_space(text, at)
    return said, at + 1


def _value(text: str, at: int, may_nest: bool) -> tuple[Any, int]:
    if not may_nest and text.startswith(("[", "{"), at):
        raise ValueError
    return _DECODER.raw_decode(text, at)


def _skip(text: str, at: int, sign: str) -> int:
    if not text.startswith(sign, at):
        raise ValueError
    return _skip_space(text, at + 1)


def _skip_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    assert found
    return found.end()


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    together = dict(pairs)
    if len(together) < len(pairs):
        raise ValueError
    return together


def _no_constants(_name: str) -> Any:
    raise ValueError  # NaN and Infinity are Python's idea of JSON


def _integer(digits: str) -> int:
    """Return a number, or one that is as much out of range: int() takes a time that grows with the digits' square."""
    if len(digits) <= _DIGITS:
        return int(digits)
    if len(digits) > _MAX_DIGITS:
        raise ValueError
    return MAX_ID + 1


_DECODER = JSONDecoder(object_pairs_hook=_no_duplicates, parse_constant=_no_constants, parse_int=_integer)
