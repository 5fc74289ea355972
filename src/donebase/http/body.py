"""How a request is read: strictly. What is not plainly right is an error, and nothing is dropped in silence."""

import asyncio
import re
from email.message import Message
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect

from donebase.core.errors import Fault, InvalidInput
from donebase.core.shapes import FIELDS
from donebase.http.errors import BodyTooLarge, IncompleteBody, UnsupportedMediaType
from donebase.http.faults import MAX_FAULTS, unknown_field
from donebase.http.strict_json import MAX_MEMBERS, parse_json
from donebase.settings import Settings

_LONG_TYPE = 200
_PARAMETER = re.compile("[^&]+")


class StrictRequest(Request):
    """A request whose JSON is read as RFC 8259 has it, whole, within a size and a time."""

    async def load(self, *, required: bool) -> None:
        """Read the body for `json()` to return. Raises one of the errors of http/errors.py."""
        self._body = await self._whole_body()
        if not self._body and not required:
            return
        if self._body and not _is_json(self.headers):
            raise UnsupportedMediaType
        said = parse_json(self._body)
        if not isinstance(said, dict):
            raise InvalidInput([Fault("body", "must be a JSON object", "wrong_type")])
        if len(said) >= MAX_MEMBERS:  # each that is validated takes its time, and the rest may not have been read
            raise InvalidInput([unknown_field(name) for name in said if name not in FIELDS])
        self._json = said

    async def _whole_body(self) -> bytes:
        settings: Settings = self.app.state.settings
        said = self.headers.get("content-length", "0")
        if said.isascii() and said.isdigit() and int(said) > settings.max_body_bytes:
            raise BodyTooLarge
        body = bytearray()
        try:
            async with asyncio.timeout(settings.body_timeout):
                async for chunk in self.stream():
                    body += chunk
                    if len(body) > settings.max_body_bytes:
                        raise BodyTooLarge
        except (TimeoutError, ClientDisconnect):
            raise IncompleteBody from None
        return bytes(body)


def _is_json(headers: Headers) -> bool:
    encodings, types = headers.getlist("content-encoding"), headers.getlist("content-type")
    if any(each.lower() != "identity" for each in encodings) or len(types) != 1 or len(types[0]) > _LONG_TYPE:
        return False
    said = Message()
    said["content-type"] = types[0]
    subtype = said.get_content_subtype()
    is_json = said.get_content_maintype() == "application" and (subtype == "json" or subtype.endswith("+json"))
    return is_json and str(said.get_content_charset("utf-8")).lower() in ("utf-8", "utf8", "us-ascii")


def refuse_unknown(query: bytes, known: frozenset[str]) -> None:
    """Raise InvalidInput where a query has parameters that are not `known`, or one of them twice."""
    seen: set[str] = set()
    faults: list[Fault] = []
    for part in _PARAMETER.finditer(query.decode("latin-1")):
        [(name, _value)] = parse_qsl(part[0], keep_blank_values=True)
        if name not in known:
            faults.append(Fault(name, "is not a known parameter", "unknown_parameter"))
        elif name in seen:
            faults.append(Fault(name, "must appear only once", "repeated_parameter"))
        seen.add(name)
        if len(faults) == MAX_FAULTS:
            break
    if faults:
        raise InvalidInput(faults)
