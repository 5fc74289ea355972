"""Receives the body of a request, within limits of size and time, and reads it as one JSON object or several."""

from email.message import Message
from functools import lru_cache

from starlette.types import Receive, Scope

from donebase.core.errors import Fault, InvalidInput
from donebase.deadlines import Deadlines
from donebase.http.body_readers import BodyReader
from donebase.http.errors import BodyTooLarge, IncompleteBody, UnsupportedMediaType
from donebase.http.faults import unknown_fields
from donebase.http.json_arrays import is_array
from donebase.http.request_parts import ARRAY, RequestParts
from donebase.http.strict_json import MAX_MEMBERS, parse_json
from donebase.settings import Settings

_MAX_CONTENT_TYPE = 200  # characters
# What an answer can name: nothing else that was sent is repeated.
_WELL_KNOWN = frozenset(
    (
        "br compress deflate gzip x-gzip zstd big5 cp1252 euc-jp euc-kr gb18030 gb2312 gbk iso-8859-1 iso-8859-15 "
        "koi8-r latin-1 latin1 shift_jis utf-16 utf-16be utf-16le utf-32 windows-1251 windows-1252 "
        "application/octet-stream application/x-www-form-urlencoded application/xml multipart/form-data "
        "text/html text/json text/plain text/xml"
    ).split()
)


class Bodies:
    """Receives bodies of at most MAX_BODY_BYTES within BODY_TIMEOUT seconds."""

    def __init__(self, settings: Settings) -> None:
        self._max_bytes = settings.max_body_bytes
        self._timeout = settings.body_timeout
        self._deadlines = Deadlines()

    async def read(self, parts: RequestParts, receive: Receive, reader: BodyReader) -> None:
        """Set `content` and `body`, the members of the JSON object that the content is.

        If the body is not required, it can be empty or null: `body` stays unset. If it can be an array, that is parsed
        later, and `body` is ARRAY. Of an object with 100 members or more (strict_json.MAX_MEMBERS), nothing is read but
        the unknown names. Raises BodyTooLarge, IncompleteBody, UnsupportedMediaType, MalformedJSON or InvalidInput.
        """
        is_json = self._check_headers(parts.scope)
        parts.content = content = await self._receive(receive)
        if not content and not reader.required:
            return
        if content and not is_json:
            raise UnsupportedMediaType(_declared(parts.scope))
        if reader.can_be_array and content[:1] != b"{" and is_array(content):
            parts.body = ARRAY
            return
        value = parse_json(content)
        if value is None and not reader.required:  # as generated clients send it for no body
            return
        if not isinstance(value, dict):
            wanted = "a JSON object, or an array of them" if reader.can_be_array else "a JSON object"
            raise InvalidInput([Fault("body", f"must be {wanted}", "wrong_type")])
        if len(value) >= MAX_MEMBERS:  # to validate each takes time, and the rest may not have been read
            raise unknown_fields(value, reader.fields)
        parts.body = value

    def _check_headers(self, scope: Scope) -> bool:
        """Return whether the body is declared as JSON. Raises BodyTooLarge if its Content-Length is above the limit."""
        content_type: bytes | None = None
        is_plain, length = True, b""
        for name, value in scope["headers"]:
            if name == b"content-type":
                is_plain = is_plain and content_type is None
                content_type = value
            elif name == b"content-encoding":
                is_plain = is_plain and value.lower() == b"identity"
            elif name == b"content-length":
                length = length or value
        if length.isdigit() and int(length) > self._max_bytes:
            raise BodyTooLarge
        return is_plain and content_type is not None and _is_json(content_type)

    async def _receive(self, receive: Receive) -> bytes:
        body = bytearray()
        try:
            with self._deadlines.limit(self._timeout):
                while True:
                    message = await receive()
                    if message["type"] != "http.request":  # the client disconnected
                        raise IncompleteBody
                    body += message.get("body", b"")
                    if len(body) > self._max_bytes:
                        raise BodyTooLarge
                    if not message.get("more_body"):
                        return bytes(body)
        except TimeoutError:
            raise IncompleteBody from None


def _declared(scope: Scope) -> str:
    """Return as what a body is declared that is not taken: its encoding, its charset or its type, if well known."""
    names: list[str] = []
    for name, value in scope["headers"]:
        if name == b"content-encoding":
            names.insert(0, value.decode("latin-1").lower())
        elif name == b"content-type" and len(value) <= _MAX_CONTENT_TYPE:
            charset, media_type = _message(value).get_content_charset(""), value.partition(b";")[0]
            names += [str(charset), media_type.strip().lower().decode("latin-1")]
    return next((name for name in names if name in _WELL_KNOWN), "")


def _message(content_type: bytes) -> Message:
    message = Message()
    message["content-type"] = content_type.decode("latin-1")
    return message


@lru_cache(maxsize=64)
def _is_json(content_type: bytes) -> bool:
    if len(content_type) > _MAX_CONTENT_TYPE:
        return False
    message = _message(content_type)
    subtype = message.get_content_subtype()
    is_json = message.get_content_maintype() == "application" and (subtype == "json" or subtype.endswith("+json"))
    return is_json and str(message.get_content_charset("utf-8")).lower() in ("utf-8", "utf8", "us-ascii")
