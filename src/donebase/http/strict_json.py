"""Parses JSON as RFC 8259 specifies it, without Python's extensions, in a time that no body can stretch.

The event loop is blocked while a body is parsed, and a body of MAX_BODY_BYTES has room for half a million values.
RFC 8259, 9, lets a parser limit texts, their depth and their numbers: a larger body is read member by member.
orjson parses what nearly every client sends, a small and flat object, at a fraction of the cost of `json`.
"""

import re
from json import JSONDecoder
from typing import Any

import orjson

from donebase.http.errors import MalformedJSON

SMALL = 2**14
"""Bytes of a body that is parsed in one go."""
MAX_MEMBERS = 100
"""How much of an object in a larger body is read: no address knows so many fields."""
_MAX_VALUES = 10_000
_MAX_DIGITS = 4_300  # the most that int() takes
_TOO_LARGE = 2**1024  # the first integer that no field can hold: too large for a `double precision`
_DIGITS = len(str(-_TOO_LARGE))
_PLAIN = (int, bool, type(None))
_SPACE = re.compile(r"[ \t\n\r]*")


def parse_json(body: bytes) -> Any:
    """Return the value of a body, which is UTF-8 without duplicate keys or NaN.

    Of a large object, return the first MAX_MEMBERS members. Raises MalformedJSON, also where a large body
    has an array or an object inside and more than 10,000 values.
    """
    try:
        if len(body) > SMALL:
            return _large(body.decode("utf-8"))
        flat = _flat(body)
        return _DECODER.decode(body.decode("utf-8")) if flat is None else flat
    except (ValueError, RecursionError):
        raise MalformedJSON from None


def _flat(body: bytes) -> dict[str, Any] | None:
    """Return an object of strings, integers, booleans and nulls without a duplicate key, or None for anything else.

    Each key and each string of a body has two quotation marks. orjson keeps the last of duplicate keys, and has fewer
    keys and strings then than the marks are for. Other marks are escaped ones: such a body is left to the decoder.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:  # or a lone surrogate, which is valid JSON
        return None
    if type(value) is not dict:
        return None
    strings = len(value)
    for member in value.values():
        if type(member) is str:
            strings += 1
        elif type(member) not in _PLAIN:  # floats as well: orjson makes them of large integers
            return None
    return value if body.count(b'"') == 2 * strings else None


def _large(text: str) -> Any:
    # Signs inside strings are counted as well: the texts of a task have room for half as many.
    may_nest = sum(text.count(sign) for sign in ",[{") <= _MAX_VALUES
    at = _skip_space(text, 0)
    value, at = _object(text, at, may_nest) if text.startswith("{", at) else _value(text, at, may_nest)
    if _skip_space(text, at) != len(text):
        raise ValueError
    return value


def _object(text: str, at: int, may_nest: bool) -> tuple[dict[str, Any], int]:
    """Return the members of an object that begins at `at`, and where it ends: with too many members, where all ends."""
    members: dict[str, Any] = {}
    at = _skip(text, at, "{")
    while not text.startswith("}", at):
        if len(members) == MAX_MEMBERS:
            return members, len(text)
        if members:
            at = _skip(text, at, ",")
        if not text.startswith('"', at):
            raise ValueError
        name, at = _DECODER.raw_decode(text, at)
        if name in members:
            raise ValueError
        members[name], at = _value(text, _skip(text, _skip_space(text, at), ":"), may_nest)
        at = _skip_space(text, at)
    return members, at + 1


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
    return _TOO_LARGE


_DECODER = JSONDecoder(object_pairs_hook=_no_duplicates, parse_constant=_no_constants, parse_int=_integer)
