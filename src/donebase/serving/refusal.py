"""The error response of a connection to malformed HTTP or after an exception of its own, in the one error format."""

import time
from collections.abc import Mapping

from donebase.core.errors import InvalidInput
from donebase.http.errors import InternalError
from donebase.http.headers import NO_ORIGIN, Headers, finish, read_id_and_origin
from donebase.http.middleware import record_request
from donebase.http.problems import problem
from donebase.serving.framing import response_head
from donebase.telemetry import logs


def refusal_of(
    error: Exception,
    received: Headers,
    common: Mapping[bytes | None, Headers],
    default_headers: Headers,
    *,
    recorded: bool,
) -> bytes:
    """Return a complete response that ends the connection. Errors other than InvalidInput are logged as faults.

    `received` are the headers of the request, as far as they have come; `common` is what `common_headers` returns.
    `recorded` says that the application logs and counts the request.
    """
    request_id, origin = read_id_and_origin(received)
    token = logs.request_id.set(request_id.decode())
    if isinstance(error, InvalidInput):
        response = problem(error)
    else:
        logs.crash("internal_error", error)
        response = problem(InternalError())
    if not recorded:
        record_request(None, None, None, response.status_code, time.perf_counter())
    logs.request_id.reset(token)
    headers = [*default_headers, *finish(response.raw_headers, request_id, common.get(origin, NO_ORIGIN))]
    head, _framing, _keep_alive = response_head("GET", "1.1", False, response.status_code, headers)
    return head + bytes(response.body)
