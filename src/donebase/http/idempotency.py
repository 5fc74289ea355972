"""The header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a client's name for a request.

Whether a request is the same as an earlier one with its key is told by a fingerprint of what was sent.
"""

import re
from hashlib import blake2b
from typing import Annotated

from fastapi import Depends, Header
from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from donebase.core.writes import RequestKey
from donebase.http.providers import FromRequest, header_provider
from donebase.http.request_parts import RequestParts

MAX_KEY = 255
# As it is, or as a string of RFC 9651, 3.3.3, in which quotes and backslashes are escaped: both mean the same key.
_PATTERN = rf'^([!#-~][!-~]{{0,{MAX_KEY - 1}}}|"([!#-\[\]-~]|\\["\\]){{1,{MAX_KEY}}}")$'
_match = re.compile(_PATTERN.removesuffix("$") + r"\Z").match
_unescape = re.compile(r"\\(.)").sub


def _one_key(lines: list[str]) -> list[str]:
    if len(lines) > 1 or not _match(lines[0]):
        message = f"must be one line of 1 to {MAX_KEY} visible ASCII characters, or these in double quotes"
        raise PydanticCustomError("malformed_key", message)
    return lines


_Lines = Annotated[
    list[str] | None,
    Header(
        alias="Idempotency-Key",
        description="Your name for this request. Repeated with the same key, it is not carried out again but answered "
        "as the first time, unless it has failed then or changed nothing.",
    ),
    AfterValidator(_one_key),
    WithJsonSchema({"type": "string", "pattern": _PATTERN, "examples": ["8e03978e-40d5-43dd-bc93-6894a57f9324"]}),
]


@header_provider
async def request_key(
    request: Annotated[RequestParts, Depends(FromRequest())], lines: _Lines = None
) -> RequestKey | None:
    """Return the key of a request with its fingerprint, or None if it has none."""
    if lines is None:
        return None
    [text] = lines
    key = _unescape(r"\1", text[1:-1]) if text[0] == '"' else text
    return RequestKey(key, _fingerprint(request))


def _fingerprint(request: RequestParts) -> bytes:
    path, query = request.scope["path"].encode(), request.scope["query_string"]
    parts = (request.scope["method"].encode(), len(path), len(query), path, query, request.content)
    return blake2b(b"%b %d %d %b%b%b" % parts, digest_size=16).digest()
