"""Parses JSON objects that others have signed or published: strictly, so that there is one way to read them."""

from json import JSONDecoder
from typing import Any


def decode_object(encoded: bytes) -> dict[str, Any]:
    """Return the members of one JSON object in UTF-8 (RFC 8259).

    Raises ValueError for anything else: a duplicate name at any depth, NaN, Infinity, too deep an array, other JSON.
    """
    try:
        value = _DECODER.decode(encoded.decode("utf-8"))
    except RecursionError:
        raise ValueError("it is too deep") from None
    if not isinstance(value, dict):
        raise ValueError("it is not an object")
    return value


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a name is there twice")
    return members


def _no_constants(_name: str) -> Any:
    raise ValueError("NaN and Infinity are no JSON")


_DECODER = JSONDecoder(object_pairs_hook=_no_duplicates, parse_constant=_no_constants)
