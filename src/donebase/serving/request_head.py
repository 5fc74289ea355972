"""The request line and the headers: what RFC 9110 and RFC 9112 ask of them, and the name of each fault."""

import re
from urllib.parse import unquote

from starlette.types import Scope

from donebase.core.errors import Fault
from donebase.http.headers import Headers

MALFORMED = Fault("request", "must be valid HTTP/1.1 (RFC 9112)", "malformed_http")
TOO_LARGE = Fault("headers", "are larger than this service accepts", "too_large")
TOO_SLOW = Fault("headers", "did not arrive in time", "too_slow")
_UNKNOWN_METHOD = Fault("method", "is not a supported method", "unknown_method")
_VERSION = Fault("version", "must be HTTP/1.1 or HTTP/1.0", "unsupported_version")
_NO_HOST = Fault("Host", "is required", "required")
_WRONG_HOST = Fault("Host", "must be a host name or an IP address", "invalid")
_TWO_HOSTS = Fault("Host", "must appear only once", "repeated")

_HASH = ord("#")  # a number, which is found in bytes ten times as fast as bytes are
_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # RFC 9110, 5.6.2
_METHOD = re.compile(_TOKEN + rb" ")
_OTHER_VERSION = re.compile(_TOKEN + rb" [^ \r\n]+ HTTP/(?!1\.[01])[0-9]\.[0-9]\r\n")
_ABSOLUTE = re.compile(rb"https?://[^/?@]+(?:/(.*)|(\?.*)?)", re.IGNORECASE)  # RFC 9112, 3.2.2
_HOST = re.compile(rb"([A-Za-z0-9._~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(:[0-9]*)?")  # RFC 9110, 7.2


def size(target: bytes, headers: Headers) -> int:
    """Return how many bytes a target and headers took, but for the few that are always there."""
    return len(target) + sum(len(name) + len(value) + 4 for name, value in headers)


def fault_of(version: str, headers: Headers) -> Fault | None:
    """Return what is wrong with the version or the headers, or None."""
    if version not in ("1.1", "1.0"):
        return _VERSION
    hosts, codings = [], []
    for name, value in headers:
        if name == b"host":
            hosts.append(value)
        elif name == b"transfer-encoding":
            codings.append(value.lower())
    if hosts and not _HOST.fullmatch(hosts[0]):
        return _WRONG_HOST
    if len(hosts) > 1:
        return _TWO_HOSTS
    if not hosts and version == "1.1":
        return _NO_HOST
    return None if codings in ([], [b"chunked"]) else MALFORMED


def expects_continue(scope: Scope) -> bool:
    """Tell whether the client waits for a 100 before it sends its body. One of HTTP/1.0 does not (RFC 9110, 10.1.1)."""
    return scope["http_version"] != "1.0" and any(
        name == b"expect" and value.lower() == b"100-continue" for name, value in scope["headers"]
    )


def origin_form(target: bytes) -> bytes | None:
    """Return the path and query of a target, which may be a whole address as proxies are sent it; None for others."""
    if _HASH in target:
        return None
    if target.startswith((b"/", b"*")):
        return target
    absolute = _ABSOLUTE.fullmatch(target)
    return b"/" + (absolute[1] or absolute[2] or b"") if absolute else None


def fill_in_target(scope: Scope, target: bytes) -> None:
    """Add the path and the query of a target to a scope."""
    raw_path, _, query = target.partition(b"?")
    path = raw_path.decode("ascii")
    scope["path"] = unquote(path) if "%" in path else path
    scope["raw_path"] = raw_path
    scope["query_string"] = query


def fault_of_line(data: bytes, *, method: bool) -> Fault:
    """Return what is wrong with a request line that no parser takes: its `method`, as far as that can be told."""
    if method and _METHOD.match(data):
        return _UNKNOWN_METHOD
    return _VERSION if _OTHER_VERSION.match(data) else MALFORMED
