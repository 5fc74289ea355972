"""Redirects to other addresses of the service: 307, so that the method and the body stay as they are."""

from starlette.responses import Response
from starlette.types import Scope

from donebase.http.bytes_response import BytesResponse

_NO_CONTENT = (b"content-length", b"0")


def redirect(target: bytes) -> Response:
    """Return the response that leads to a target: a path as it is sent, with its query if there is one.

    `Location` has no scheme and no host, so that neither depends on what a client or a proxy says. The path must be
    known to lead to a route: one that begins with two slashes would name another host.
    """
    return BytesResponse(307, headers=[(b"location", target), _NO_CONTENT])


def without_slash(scope: Scope) -> tuple[Scope, bytes] | None:
    """Return the scope of the same request without the slash at the end of its path, and its target; None without one.

    A slash that was sent encoded is a part of a name.
    """
    path, query = scope["raw_path"], scope["query_string"]
    if not path.endswith(b"/"):
        return None
    return {**scope, "path": scope["path"][:-1]}, path[:-1] + (b"?" + query if query else b"")
