"""Parses JSON as RFC 8259 specifies it, without Python's extensions, in a time that no body can stretch.

The event loop is blocked while a body is parsed, and a body of MAX_BODY_BYTES has room for half a million values.
RFC 8259, 9, lets a parser limit texts, their depth and their numbers: a larger body is read member by member.
orjson parses what nearly every client sends, small objects without much inside, at a fraction of the cost of `json`.
`json_arrays.py` parses arrays of objects with what is here.
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
_TOO_LARGE: int = 2**1024  # the first integer that no field can hold: too large for a `double precision`
_USUAL_DIGITS = len(str(-_TOO_LARGE))
_PLAIN = frozenset((int, bool, type(None)))
_INT64 = 2.0**63
_NOT_PLAIN = -(2**62)
_SPACE = re.compile(r"[ \t\n\r]*")


def parse_json(body: bytes) -> Any:
    """Return the value of a body, which is UTF-8 without duplicate keys or NaN.

    Of a large object, return the first MAX_MEMBERS members. Raises MalformedJSON, also where a large body
    has an array or an object inside and more than 10,000 values.
    """
    try:
        if len(body) > SMALL:
            return _large(body.decode("utf-8"))
        value = parse_plain(body)
        return _DECODER.decode(body.decode("utf-8")) if value is None else value
    except (ValueError, RecursionError):
        raise MalformedJSON from None


def parse_plain(body: bytes) -> dict[str, Any] | list[Any] | None:
    """Return an object, or an array of objects, as orjson parses it, or None for what the decoder has to parse.

    The members of an object are strings, numbers, booleans and nulls, or arrays and objects of these. Each key and each
    string of a body has two quotation marks. orjson keeps the last of duplicate keys, and has fewer keys and strings
    then than the marks are for. Escaped marks count as well, where no escaped backslash looks like one.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:  # or a lone surrogate, which is valid JSON
        return None
    if type(value) is dict:
        strings = _strings(value)
    elif type(value) is list:
        strings = sum(_strings(item) if type(item) is dict else _strings_inside([item]) for item in value)
    else:
        return None
    marks = body.count(b'"')
    if marks != 2 * strings and b"\\\\" not in body:
        marks -= body.count(b'\\"')
    return value if marks == 2 * strings else None


def _strings(members: dict[str, Any]) -> int:
    """Return how many keys and strings an object has, or a negative number if orjson may have read it otherwise."""
    strings = len(members)
    for member in members.values():
        if type(member) is str:
            strings += 1
        elif type(member) not in _PLAIN:
            strings += _strings_inside(member)
    return strings


def _strings_inside(member: Any) -> int:
    """Return how many keys and strings a number, an array or an object has, or a negative number as `_strings` does."""
    if type(member) is float:  # or an integer of more than 64 bits
        return 0 if -_INT64 < member < _INT64 else _NOT_PLAIN
    strings, values = (len(member), member.values()) if type(member) is dict else (0, member)
    for value in values:
        if type(value) is str:
            strings += 1
        elif type(value) not in _PLAIN:
            return _NOT_PLAIN
    return strings


def _large(text: str) -> Any:
    # Signs inside strings are counted as well: the texts of a task have room for half as many.
    may_nest = sum(text.count(sign) for sign in ",[{") <= _MAX_VALUES
    room = len(text) if may_nest else 0
    at = skip_space(text, 0)
    value, at = parse_object(text, at, room) if text.startswith("{", at) else _value(text, at, room)
    if skip_space(text, at) != len(text):
        raise ValueError
    return value


def parse_object(text: str, at: int, room: int) -> tuple[dict[str, Any], int]:
    """Return the members of an object that begins at `at`, and where it ends: with too many members, where all ends.

    Arrays and objects in it have `room` characters together. Raises ValueError or RecursionError.
    """
    members: dict[str, Any] = {}
    at = skip(text, at, "{")
    while not text.startswith("}", at):
        if len(members) == MAX_MEMBERS:
            return members, len(text)
        if members:
            at = skip(text, at, ",")
        if not text.startswith('"', at):
            raise ValueError
        name, at = _DECODER.raw_decode(text, at)
        if name in members:
            raise ValueError
        begin = skip(text, skip_space(text, at), ":")
        members[name], at = _value(text, begin, room)
        if isinstance(members[name], dict | list):
            room -= at - begin
        at = skip_space(text, at)
    return members, at + 1


def _value(text: str, at: int, room: int) -> tuple[Any, int]:
    if room >= len(text) or not text.startswith(("[", "{"), at):
        return _DECODER.raw_decode(text, at)
    return parse_piece(text, at, room)


def parse_piece(text: str, at: int, size: int) -> tuple[Any, int]:
    """Return the value that begins at `at` and ends within so many characters, and where it ends.

    A number that is longer is cut off. Raises ValueError or RecursionError.
    """
    value, end = _DECODER.raw_decode(text[at : at + size])
    return value, at + end


def skip(text: str, at: int, sign: str) -> int:
    """Return where the next token begins after a sign, which has to be at `at`. Raises ValueError."""
    if not text.startswith(sign, at):
        raise ValueError
    return skip_space(text, at + 1)


def skip_space(text: str, at: int) -> int:
    """Return where the next token begins."""
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
    if len(digits) <= _USUAL_DIGITS:
        return int(digits)
    if len(digits) > _MAX_DIGITS:
        raise ValueError
    return _TOO_LARGE


_DECODER = JSONDecoder(object_pairs_hook=_no_duplicates, parse_constant=_no_constants, parse_int=_integer)
