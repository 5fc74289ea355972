"""Nothing that is secret is told: not in an error, the log, a trace, the metrics, or the list of processes.

A service walks through everything that has to do with secrets, right and wrong, and while its database fails.
"""

import base64
import json
import secrets
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from donebase.postgres.embedded import postgresql
from tests.support.collector import SOON, Collector, a_collector
from tests.support.databases import fetchval
from tests.support.processes import ExecutedService, Service
from tests.support.tokens import bearer
from tests.support.waiting import DEADLINE

ISSUERS_KEY = "kept-by-the-issuer-and-by-nobody-else-at-all"
METRICS_TOKEN = "kept-by-those-who-read-the-metrics"  # noqa: S105
MALFORMED = b'{"email": "%s", "password": "%s"'


class Walker:
    """Sends requests to a service, keeps what is secret in them and what was answered to those that failed."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self.secrets: set[str] = {ISSUERS_KEY, METRICS_TOKEN}
        self.told: list[str] = []

    def secret(self, text: str) -> str:
        """Keep a text that must not be told."""
        self.secrets.add(text)
        return text

    def ask(self, method: str, path: str, status: int, body: Any = None, token: str = "") -> Any:
        """Send a request from an address of its own, and return the answer, which has a status."""
        one, other = (0x1000 + secrets.randbelow(0xE000) for _ in range(2))
        headers = {"X-Forwarded-For": self.secret(f"2001:db8:{one:x}:{other:x}::1")}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers |= {} if body is None else {"Content-Type": "application/json"}
        response = self._client.request(method, path, content=b"" if body is None else content, headers=headers)
        assert response.status_code == status, f"{method} {path}: {response.text}"
        self.told.append(str(response.headers))
        if status >= 400:
            self.told.append(response.text)
        return response.json() if response.content else None

    def signed_in(self, path: str, status: int, **body: Any) -> tuple[str, str]:
        """Sign up or in, or refresh, and return the access token and the refresh token."""
        answer = self.ask("POST", f"/auth/{path}", status, body)
        return self.secret(answer["access_token"]), self.secret(answer["refresh_token"])


def walk_through_accounts(walker: Walker) -> None:
    email = walker.secret(f"Ada.{secrets.token_hex(4)}@Example.com")
    walker.secret(email.lower())
    password, wrong, new = (walker.secret(f"{word} {secrets.token_hex(8)}") for word in ("right", "wrong", "new"))
    person = {"email": email, "password": password}
    access, refresh = walker.signed_in("sign-up", 201, **person)
    walker.ask("POST", "/auth/sign-up", 409, person)
    walker.ask("POST", "/auth/sign-up", 400, person | {"password": walker.secret("iloveyou1")})
    walker.ask("POST", "/auth/sign-up", 400, person | {"email": walker.secret(f"no address {secrets.token_hex(4)}")})
    walker.ask("POST", "/auth/sign-in", 400, MALFORMED % (email.encode(), password.encode()))
    walker.ask("POST", "/auth/sign-in", 400, person | {"remember": True})
    walker.ask("POST", "/auth/sign-in", 401, person | {"password": wrong})
    used, _ = walker.signed_in("sign-in", 200, **person)
    _, refreshed = walker.signed_in("refresh", 200, refresh_token=refresh)
    walker.ask("POST", "/auth/refresh", 401, {"refresh_token": refresh})
    walker.ask("POST", "/auth/refresh", 401, {"refresh_token": refreshed})
    walker.ask("GET", "/auth/me", 401, token=access)
    walker.ask("PATCH", "/auth/me", 403, {"password": new, "current_password": wrong}, used)
    walker.ask("PATCH", "/auth/me", 200, {"password": new, "current_password": password}, used)
    walker.ask("DELETE", "/auth/me", 403, {"password": wrong}, used)
    walk_through_tokens(walker, used)
    stranger = {"email": walker.secret("nobody@example.com"), "password": wrong}
    for status in (*[401] * 10, 429):
        walker.ask("POST", "/auth/sign-in", status, stranger)


def walk_through_tokens(walker: Walker, access: str) -> None:
    created = walker.ask("POST", "/auth/tokens", 201, {"name": "script", "scopes": ["tasks:read"]}, access)
    personal, issued = walker.secret(created["token"]), walker.secret(token_of("somebody"))
    forged = walker.secret(token_of("somebody", key="another key of at least 32 characters"))
    for token in (access, personal, issued):
        walker.ask("GET", "/users/me/tasks", 200, token=token)
        walker.ask("GET", f"/users/me/tasks?access_token={token}", 400, token=token)
        walker.ask("GET", f"/users/{token}/tasks", 403, token=token)
        walker.ask("POST", "/auth/tokens", 401, {"name": token, "scopes": [token]}, f"{token}x")
    walker.ask("POST", "/users/me/tasks", 403, {"title": "Buy milk"}, personal)
    walker.ask("GET", "/users/me/tasks", 401, token=forged)
    walker.ask("GET", "/metrics", 401, token=forged)
    walker.ask("DELETE", f"/auth/tokens/{created['id']}", 204, token=access)
    walker.ask("GET", "/users/me/tasks", 401, token=personal)


def token_of(subject: str, **options: Any) -> str:
    """Return a token of the issuer."""
    return bearer(subject, **{"key": ISSUERS_KEY} | options)["Authorization"].removeprefix("Bearer ")


def walk_while_the_database_fails(walker: Walker, url: str) -> None:
    """The statements about accounts and tokens fail one by one, and their errors name what was wrong."""
    email, password = walker.secret("bob@example.com"), walker.secret("nobody knows this password")
    walker.signed_in("sign-up", 201, email=email, password=password)
    for table, path, body in (
        ("accounts", "/auth/sign-in", {"email": email, "password": password}),
        ("attempts", "/auth/sign-in", {"email": email, "password": password}),
        ("sessions", "/auth/refresh", {"refresh_token": walker.secret(f"dnr_{secrets.token_urlsafe(48)}")}),
    ):
        fetchval(url, f"ALTER TABLE {table} RENAME TO hidden")
        walker.ask("POST", path, 500, body)
        fetchval(url, f"ALTER TABLE hidden RENAME TO {table}")
    fetchval(url, "ALTER TABLE personal_tokens RENAME TO hidden")
    walker.ask("GET", "/users/me/tasks", 500, token=walker.secret(f"dnb_{secrets.token_urlsafe(32)}"))
    fetchval(url, "ALTER TABLE hidden RENAME TO personal_tokens")


def kept(url: str) -> set[str]:
    """Return what the database keeps that nobody else may know: the key of sessions, hashes of passwords."""
    key: bytes = fetchval(url, "SELECT secret FROM signing_keys")
    hashes: list[str] = fetchval(url, "SELECT array_agg(password) FROM accounts")
    return {key.hex(), base64.b64encode(key).decode(), str(key), *hashes}


@contextmanager
def a_service(kind: type[Service], url: str, folder: Path, **settings: str) -> Iterator[Service]:
    everything = {
        "DATABASE_URL": url,
        "AUTH": "required",
        "AUTH_JWT_SECRET": ISSUERS_KEY,
        "METRICS_TOKEN": METRICS_TOKEN,
        "TRUSTED_PROXIES": "127.0.0.1",
        "WORKERS": "2",
    }
    with kind(folder, **everything, **settings) as service:
        yield service


@pytest.fixture
def collector() -> Iterator[Collector]:
    with a_collector() as collector:
        yield collector


@pytest.mark.parametrize("traced", [False, True], ids=["with its own stack", "with traces"])
def test_nothing_that_is_secret_is_told(collector: Collector, folder: Path, used_data: Path, *, traced: bool) -> None:
    settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, **SOON} if traced else {}
    kind = ExecutedService if traced else Service
    with postgresql(used_data) as url, a_service(kind, url, folder, **settings) as service:
        with httpx.Client(base_url=service.ready().address) as client:
            walker = Walker(client)
            walk_through_accounts(walker)
            walk_while_the_database_fails(walker, url)
            metrics = client.get("/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"})
        main = psutil.Process(service.process.pid)
        listed = [each.cmdline() for each in (main, *main.children(recursive=True))]
        secret = walker.secrets | kept(url)
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(DEADLINE) == 0
        assert service.process.stderr
        errors = service.process.stderr.read()
    told = {
        "an error or a header": "\n".join(walker.told),
        "the log": "\n".join(map(str, service.lines)) + errors,
        "the metrics": metrics.text,
        "a trace": "\n".join(map(str, collector.spans)),
        "the list of processes": str(listed),
        "PostgreSQL's log": (used_data / "postgresql.log").read_text(),
    }
    assert metrics.status_code == 200
    assert len([line for line in service.lines if line["event"] == "database_error"]) == 4
    assert bool(collector.spans) == traced
    assert len(listed) > 2
    found = [(where, text) for where, content in told.items() for text in secret if text in content]
    assert found == []
