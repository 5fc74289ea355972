"""Entity tags (RFC 9110, 8.8.3): a version as an ETag header, and the versions that a condition on it names.

A task has a strong tag, `"17"`: its version. A list of one owner has a weak tag, `W/"57"`: the owner's last change. A
list that changes with time has the seconds as well, `W/"57.1795000000"`, and no condition names it.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from donebase.core.tables import MAX_ID
from donebase.core.writes import Versions
from donebase.http.headers import Header

MAX_TAGS = 100
MAX_LENGTH = 4_096

# One element of a list, which can be empty (RFC 9110, 5.6.1), and what separates it from the next.
_ELEMENT = re.compile(r'[ \t]*(?:(W/)?"([!#-~\x80-\xff]*)")?[ \t]*(?:,|\Z)')
_NUMBER = re.compile("0|[1-9][0-9]{0,18}")
# A header with one tag of donebase's, which is the usual one: to match it at once takes a fifth of the time.
_ONE_TAG = re.compile(r'(W/)?"(0|[1-9][0-9]{0,17})"')


def strong_tag(version: int) -> Header:
    """Return the ETag header of a task."""
    return (b"etag", b'"%d"' % version)


def weak_tag(number: int, moment: datetime | None = None) -> Header:
    """Return the ETag header of a list: the number of its owner's last change, and the moment if time changes it."""
    if moment is None:
        return (b"etag", b'W/"%d"' % number)
    return (b"etag", b'W/"%d.%d"' % (number, int(moment.timestamp())))


def change_header(number: int) -> Header:
    """Return the Change header: the number of the change that a request has made, or of an owner's last change."""
    return (b"change", b"%d" % number)


def parse_entity_tags(lines: Sequence[str], *, weak: bool) -> Versions:
    """Return the versions that the lines of an If-Match or If-None-Match header name, which count as one list.

    Tags that are not donebase's match no version, and without `weak`, weak tags match none either. Raises
    PydanticCustomError for what is not `*` or a list of at most MAX_TAGS entity tags.
    """
    one = _ONE_TAG.fullmatch(lines[0]) if len(lines) == 1 else None
    if one and (weak or not one[1]):
        return (int(one[2]),)
    text = ", ".join(lines)
    if text.strip(" \t") == "*":
        return None
    if len(text) > MAX_LENGTH:
        raise _too_long()
    tags = _split(text)
    if len(tags) > MAX_TAGS:
        raise _too_long()
    numbers = (int(opaque) for is_weak, opaque in tags if (weak or not is_weak) and _NUMBER.fullmatch(opaque))
    return tuple(number for number in numbers if number <= MAX_ID)


def _split(text: str) -> list[tuple[str | None, str]]:
    """Return of each tag in a list whether it is weak, and what stands between the quotes."""
    tags: list[tuple[str | None, str]] = []
    at = 0
    while at < len(text):
        found = _ELEMENT.match(text, at)
        if found is None:
            raise _malformed()
        if found[2] is not None:
            tags.append((found[1], found[2]))
        at = found.end()
    if not tags:
        raise _malformed()
    return tags


def _malformed() -> PydanticCustomError:
    return PydanticCustomError("malformed_entity_tag", 'must be * or a list of entity tags, such as "17"')


def _too_long() -> PydanticCustomError:
    return PydanticCustomError("too_long", f"must have at most {MAX_TAGS} entity tags and {MAX_LENGTH:,} characters")


class EntityTags:
    """Makes a type `Versions` the type of a header with entity tags; `weak`: weak tags match as well."""

    def __init__(self, *, weak: bool) -> None:
        self._weak = weak

    def __get_pydantic_core_schema__(self, _source: object, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._validate)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(core_schema.str_schema())

    def _validate(self, lines: Sequence[str]) -> Versions:
        return parse_entity_tags(lines, weak=self._weak)
