"""Requests on one connection, one after the other, and what each of them costs the service and PostgreSQL."""

import http.client
import json
import re
import time
from collections.abc import Sequence
from statistics import median
from typing import Any, NamedTuple

from bench import RunFailed, processes
from bench.postgres import Postgres
from bench.results import spread
from bench.servers import Server


class Request(NamedTuple):
    """A method, a path with its query, and a body that is sent as JSON."""

    method: str
    path: str
    body: Any = None


class Response(NamedTuple):
    """What was answered, and the headers by their names in small letters."""

    content: bytes
    headers: dict[str, str]

    def json(self) -> Any:
        """Return the content."""
        return json.loads(self.content)

    def next_page(self) -> str | None:
        """Return the path of the page that follows."""
        found = re.fullmatch(r'<(.*)>; rel="next"', self.headers.get("link", ""))
        return found[1] if found else None


class Cost(NamedTuple):
    """What a request cost: µs of CPU of the service and of PostgreSQL, ms until it was answered."""

    cpu_us: float
    database_us: float
    answer_ms: float


class Client:
    """One keep-alive connection to a server over a database."""

    def __init__(self, server: Server, database: Postgres) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        self._processes = (server.process, database.process)

    def ask(self, request: Request) -> Response:
        """Send a request and return the whole response. Raises RunFailed if it is not 2xx."""
        body = None if request.body is None else json.dumps(request.body).encode()
        self._connection.request(
            request.method, request.path, body, {"Content-Type": "application/json"} if body else {}
        )
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status // 100 != 2:
            raise RunFailed(f"{request.method} {request.path} was answered with {answer.status}: {content[:500]!r}")
        return Response(content, {name.lower(): value for name, value in answer.getheaders()})

    def cost(self, requests: Sequence[Request]) -> Cost:
        """Return what one of these requests costs: the mean of CPU time, the median of the time of the answer."""
        service, database = map(processes.exact_cpu_seconds, self._processes)
        took = []
        for request in requests:
            began = time.perf_counter()
            self.ask(request)
            took.append(time.perf_counter() - began)
        service, database = (
            (processes.exact_cpu_seconds(process) - before) / len(requests) * 1e6
            for process, before in zip(self._processes, (service, database), strict=True)
        )
        return Cost(service, database, median(took) * 1e3)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def together(costs: Sequence[Cost]) -> dict[str, Any]:
    """Return the costs of several rounds as medians and spreads."""
    return {name: spread([getattr(cost, name) for cost in costs]) for name in Cost._fields}
