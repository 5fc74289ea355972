"""A walk through every operation of the open mode, told as text: what was sent, and status, headers and body.

`python -m tests.support.open_walk ADDRESS` prints it, for a service whose database has tables and nothing in them.
"""

import json
import re
import sys
from collections.abc import Mapping
from typing import Any

import httpx

from donebase import __version__
from tests.support.connections import Connection
from tests.support.families import Json

_ID = "the-only-one"
_ORIGIN = {"Origin": "http://localhost:3000"}
_TIME = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_HASH = re.compile(rb'W/"[0-9a-f]{32}"')
_UNTOLD = (b"date", b"content-length", b"transfer-encoding")
_TWO: list[Json] = [{"title": "b", "tags": ["shop"]}, {"title": "c", "priority": "high"}]


class OpenWalk:
    """Requests of one client, one after another, and what came back. `more` is sent with each of them."""

    def __init__(self, address: str, more: Mapping[str, str]) -> None:
        self.text = ""
        self._address = address
        self._more = more
        self._common: list[tuple[bytes, bytes]] = []

    def run(self) -> str:
        """Walk every operation, each family as another user, and return the text."""
        self._refuse()  # the first response of all has the headers that every response has
        self._tell_family("/api/v1", "user_id=1&", {"user_id": 1})
        self._tell_family("/users/2")
        self._tell_family("/api/3")
        self._tell_todo_backend("/todo-backend/4")
        self._tell_elsewhere()
        return self.text

    def _tell_family(self, base: str, whose: str = "", owner: Mapping[str, int] = {}) -> None:
        tasks = f"{base}/tasks"
        self._ask("GET", f"{tasks}?limit=1&after=99")
        created = self._ask("POST", tasks, {"title": "a", **owner}, **_ORIGIN)
        self._ask("POST", tasks, [{**each, **owner} for each in _TWO], Idempotency_Key="k")
        self._ask("POST", tasks, [{**each, **owner} for each in _TWO], Idempotency_Key="k")
        self._ask("POST", tasks, {"title": "x", **owner}, Idempotency_Key="k")
        self._tell_list(tasks, created.json()["id"] - 1)
        deletion = self._tell_one(created.headers["location"])
        self._ask("PATCH", f"{tasks}?priority=high", {"completed": True})
        self._ask("DELETE", tasks)
        for beside in ("tags?", "changes?since=0&", "changes?", "history?limit=2&", "history?action=gone&", "tags/?"):
            self._ask("GET", f"{base}/{beside}{whose}".rstrip("?&"))
        for change in (deletion, 1, 99):
            self._ask("POST", f"{base}/history/{change}/undo?{whose}".rstrip("?&"))
        self._ask("HEAD", f"{base}/events?{whose}".rstrip("?&"))
        self._ask("GET", f"{base}/events?{whose}since=x")
        self._ask("DELETE", f"{tasks}?tag=shop")

    def _tell_list(self, tasks: str, after: int) -> None:
        for query in (f"after={after}&limit=2&count=true", "sort=-created&limit=1", "q=c&limit=1", "limit=0", "x=1"):
            self._ask("GET", f"{tasks}?{query}")
        self._ask("HEAD", tasks)
        self._ask("GET", f"{tasks}/")
        self._ask("GET", tasks, If_None_Match="*")

    def _tell_one(self, one: str) -> str:
        """Tell of one task until it is deleted, and return the number of the change that has deleted it."""
        for method in ("GET", "HEAD", "OPTIONS"):
            self._ask(method, one)
        self._ask("GET", one, If_None_Match="*")
        self._ask("PATCH", one, {"due": {"date": "2026-12-01", "time": "17:00", "time_zone": "Europe/Berlin"}})
        self._ask("PATCH", one, {"title": ""})
        self._ask("PUT", one, {"title": "d"}, If_Match='"1"')
        self._ask("PUT", one, {"title": "d", "user_id": 8, "x": 1})
        self._ask("PUT", one, {"title": "d"})
        self._ask("PATCH", f"{one}/complete")
        self._ask("POST", f"{one}/move", {"to": "last"})
        deleted = self._ask("DELETE", one)
        self._ask("DELETE", one)
        return deleted.headers["change"]

    def _tell_todo_backend(self, tasks: str) -> None:
        created = self._ask("POST", tasks, {"title": "a"})
        one = created.headers["location"]
        for path in (tasks, one):
            self._ask("GET", path)
        self._ask("PATCH", one, {"order": 7})
        self._ask("DELETE", one)
        self._ask("DELETE", tasks)

    def _refuse(self) -> None:
        """Refuse what is no right request, at addresses that exist and at others."""
        self._ask("GET", "/nowhere")
        for path in ("/auth", "/auth/sign-up", "/auth/sign-in", "/auth/refresh", "/auth/me", "/auth/tokens"):
            for method in ("GET", "POST"):
                self._ask(method, path, {} if method == "POST" else None)
        for path in ("/users/me/tasks", "/api/me/tasks", "/api/v1/me", "/todo-backend/me", "/users/1/tasks/x"):
            self._ask("GET", path)
        for method in ("PATCH", "DELETE", "TRACE"):
            self._ask(method, "/api/v1/tasks")
        self._ask("GET", "/api/v1/tags")
        self._ask("POST", "/api/v1/tasks", {"title": "a"})
        self._ask("POST", "/users/1/tasks", b"{", Content_Type="application/json")
        self._ask("POST", "/users/1/tasks", b"x", Content_Type="text/plain")
        self._ask("POST", "/users/1/tasks", b" " * (2**20 + 1), Content_Type="application/json")

    def _tell_elsewhere(self) -> None:
        for path in ("/livez", "/health"):
            self._ask("GET", path)
        for path in ("/docs", "/openapi.json", "/metrics"):
            self._ask("HEAD", path)
        for origin in ("http://localhost:3000", "https://evil.example"):
            asked = {"Access_Control_Request_Method": "PATCH", "Access_Control_Request_Headers": "authorization"}
            self._ask("OPTIONS", "/users/1/tasks/1", Origin=origin, **asked)
            self._ask("GET", "/users/1/tasks/1", Origin=origin)

    def _ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """Send a request, and tell what came of it. In names of headers `_` stands for `-`."""
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if content and "Content-Type" not in sent:
            sent["Content-Type"] = "application/json"
        written = {"Host": "x", "X-Request-ID": _ID, "Content-Length": str(len(content)), **self._more, **sent}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in written.items()), "", ""]
        connection = Connection(self._address)
        connection.send("\r\n".join(lines).encode() + content)
        response = connection.answer(method)
        connection.close()
        shown = [f"{name}: {value}" for name, value in sent.items()] + [content[:100].decode()] * bool(content)
        self.text += "".join(f"{line}\n" for line in ["", f"{method} {path}", *shown, *self._told(response)])
        return response

    def _told(self, response: httpx.Response) -> list[str]:
        """Return the lines of a response: headers that the first one had as well are not told again."""
        headers = [header for header in response.headers.raw if header[0] not in _UNTOLD]
        own = [header for header in headers if header not in self._common]
        missing = [f"without {name.decode()}" for name, _ in self._common if name not in dict(headers)]
        self._common = self._common or headers
        status = f"-> {response.status_code}"
        content = _TIME.sub(b"<time>", response.content).replace(__version__.encode(), b"<version>")
        content = content.replace(self._address.encode(), b"<address>")
        body = [content.decode()] if content else []
        return [status, *(_HASH.sub(b"<hash>", b": ".join(each)).decode() for each in own), *missing, *body]


if __name__ == "__main__":
    sys.stdout.write(OpenWalk(sys.argv[1], {}).run())
