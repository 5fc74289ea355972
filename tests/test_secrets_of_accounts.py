"""Whatever is sent to the addresses of accounts, nothing secret is in a log, an error, a trace, a metric, or in `ps`.

`test_secrets.py` looks for what a service keeps. Here everything that is sent has a mark, for each operation there is,
with logs as text as well, and while PostgreSQL refuses accounts in words that have the whole row.
"""

import asyncio
import base64
import json
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import httpx
import jwt
import psutil
import pytest

from tests.conftest import NO_HURRY
from tests.support.collector import SOON, a_collector
from tests.support.databases import ended, execute, fetchval
from tests.support.processes import DONEBASE, clean_environment
from tests.support.servers import free_port
from tests.support.waiting import DEADLINE, wait_for

CLIENT = "127.0.0.77"  # every address of 127.0.0.0/8 is this machine; no other test comes from this one
OPERATIONS = {
    "POST /auth/sign-up",
    "POST /auth/sign-in",
    "POST /auth/refresh",
    "POST /auth/sign-out",
    "GET /auth/me",
    "PATCH /auth/me",
    "DELETE /auth/me",
    "POST /auth/tokens",
    "GET /auth/tokens",
    "DELETE /auth/tokens/{token_id}",
}


class Marks:
    """Everything that must be found nowhere, by what it is."""

    def __init__(self) -> None:
        self.known: list[tuple[str, str]] = [("address of the client", CLIENT)]

    def new(self, what: str) -> str:
        """Return a mark that is sent as a part of this."""
        mark = secrets.token_hex(12)
        self.known.append((what, mark))
        return mark

    def email(self) -> str:
        return f"{self.new('e-mail address')}@example.com"

    def password(self) -> str:
        return f"horse {self.new('password')} battery"

    def address(self) -> str:
        """Return an IP address for X-Forwarded-For."""
        network = f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}"
        self.known.append(("address in X-Forwarded-For", network))
        return f"{network}::1"

    def token(self, what: str, token: str) -> str:
        """Note a token that was sent: its end, which nobody could guess."""
        self.known.append((what, token[-24:]))
        return token

    def found_in(self, text: str) -> list[str]:
        """Return what is in a text, as it is or as it would be in an address."""
        lower = text.lower()
        return [what for what, mark in self.known if mark.lower() in lower or quote(mark).lower() in lower]


class Watched(NamedTuple):
    """A service whose every word is kept in a file."""

    marks: Marks
    process: subprocess.Popen[bytes]
    written: Path
    client: httpx.Client
    metrics_token: str


@contextmanager
def watched(folder: Path, database_url: str, **settings: str) -> Iterator[Watched]:
    marks, port, written = Marks(), free_port(), folder / "written"
    secret, metrics_token = marks.new("AUTH_JWT_SECRET") * 2, marks.new("METRICS_TOKEN")
    environment = clean_environment(
        DATABASE_URL=database_url, PORT=str(port), AUTH="required", AUTH_JWT_SECRET=secret,
        METRICS_TOKEN=metrics_token, TRUSTED_PROXIES=CLIENT, DATABASE_POOL_SIZE="3", **NO_HURRY, **settings,
    )  # fmt: skip
    with written.open("wb") as output:
        process = subprocess.Popen([*DONEBASE, "serve"], cwd=folder, env=environment, stdout=output, stderr=output)
    transport = httpx.HTTPTransport(local_address=CLIENT)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", transport=transport, timeout=DEADLINE) as client:
            wait_for(lambda: is_ready(client), lambda: written.read_text(), every=0.1)
            yield Watched(marks, process, written, client, metrics_token)
        process.terminate()
        assert process.wait(DEADLINE) == 0
    finally:
        process.kill()
        process.wait(DEADLINE)


def is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/health").status_code == 200
    except httpx.TransportError:
        return False


class Visit:
    """Requests to all addresses of accounts, each answer of which is kept."""

    def __init__(self, service: Watched) -> None:
        self.service, self.marks = service, service.marks
        self.statuses: dict[str, set[int]] = {operation: set() for operation in OPERATIONS}
        self.refusals: list[str] = []

    def ask(self, operation: str, *, token: str = "", content: bytes | None = None, **body: Any) -> dict[str, Any]:
        """Send a request, and note its answer where it is none that was asked for."""
        method, path = operation.split()
        path = path.format(token_id=body.pop("token_id", 1))
        headers = {"X-Forwarded-For": self.marks.address(), "Content-Type": "application/json"}
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        query = body.pop("query", "")
        content = json.dumps(body).encode() if content is None and body else content
        response = self.service.client.request(method, f"{path}{query}", content=content, headers=headers)
        self.statuses[operation].add(response.status_code)
        if response.is_success:
            return response.json() if response.content else {}
        self.refusals.append(f"{response.headers.raw} {response.text}")
        return {}

    def everything(self) -> None:
        """Ask for everything, well, with wrong passwords and dead tokens, and with bodies that are none."""
        marks = self.marks
        email, password = marks.email(), marks.password()
        entered = self.ask("POST /auth/sign-up", email=email, password=password)
        self.ask("POST /auth/sign-up", email=email, password=marks.password())
        self.ask("POST /auth/sign-in", email=email, password=marks.password())
        entered = self.ask("POST /auth/sign-in", email=email.upper(), password=password) or entered
        entered = self.tokens_of(entered)
        made = self.ask("POST /auth/tokens", token=entered["access_token"], name="script", scopes=["tasks:read"])
        personal = marks.token("personal token", made.get("token", f"dnb_{marks.new('personal token')}"))
        for token in (entered["access_token"], personal, *self.bad_tokens()):
            self.ask("GET /auth/me", token=token)
            self.ask("GET /auth/tokens", token=token)
        self.bad_bodies(entered["access_token"])
        self.ask("DELETE /auth/tokens/{token_id}", token=entered["access_token"], token_id=made.get("id", 1))
        self.ask("PATCH /auth/me", token=entered["access_token"], password=marks.password(),
                 current_password=marks.password())  # fmt: skip
        self.ask("PATCH /auth/me", token=entered["access_token"], password=marks.password(), current_password=password)
        refreshed = self.tokens_of(self.ask("POST /auth/refresh", refresh_token=entered["refresh_token"]))
        self.ask("POST /auth/refresh", refresh_token=entered["refresh_token"])
        self.ask("POST /auth/sign-out", token=refreshed["access_token"])
        for _ in range(11):
            self.ask("POST /auth/sign-in", email=email, password=marks.password())
        another: dict[str, Any] = {"email": marks.email(), "password": marks.password()}
        last = self.tokens_of(self.ask("POST /auth/sign-up", **another))
        self.ask("POST /auth/sign-out", token=self.tokens_of(self.ask("POST /auth/sign-in", **another))["access_token"])
        self.ask("DELETE /auth/me", token=last["access_token"], password=self.marks.password())
        self.ask("DELETE /auth/me", token=last["access_token"], password=another["password"])

    def tokens_of(self, entered: dict[str, Any]) -> dict[str, str]:
        """Return the tokens of an answer, or others where there is none, which are secrets in any case."""
        made_up = {
            "access_token": next(self.bad_tokens()),
            "refresh_token": f"dnr_{self.marks.new('refresh') * 3}"[:68],
        }
        return {name: self.marks.token(name, entered.get(name, other)) for name, other in made_up.items()}

    def bad_tokens(self) -> Iterator[str]:
        marks = self.marks
        yield jwt.encode({"sub": marks.new("sub"), "exp": 1}, "x" * 32)
        yield jwt.encode({"sub": marks.new("sub"), "exp": 4e9}, "x" * 32, headers={"kid": marks.new("kid")})
        yield f"dnb_{marks.new('token') * 2}"[:47]
        yield f"{marks.new('token')}.{marks.new('token')}.{marks.new('token')}"
        yield marks.new("token")

    def bad_bodies(self, token: str) -> None:
        """Send what cannot be read, values of wrong types, and secrets where they do not belong."""
        marks = self.marks
        for operation in ("sign-up", "sign-in", "refresh", "tokens"):
            post = f"POST /auth/{operation}"
            sent = marks.token("token", token)
            self.ask(
                post, token=sent, content=f'{{"email": "{marks.email()}", "password": "{marks.password()}"'.encode()
            )
            self.ask(post, token=sent, content=f'["{marks.password()}"]'.encode())
            wrong: dict[str, Any] = {
                "email": [marks.email()],
                "password": {"of": marks.password()},
                "name": marks.new("name") * 50,
            }
            wrong |= {"refresh_token": [marks.new("refresh token")], "scopes": marks.new("scope")}
            self.ask(post, token=sent, **wrong)
            self.ask(post, token=sent, email=f"{marks.email()}\0", password=marks.password() * 50)
            self.ask(post, token=sent, query=f"?token={marks.new('token in a query')}", email=marks.email())
        self.ask("GET /auth/me", token=token, query=f"?access_token={marks.new('token in a query')}")
        self.ask("DELETE /auth/tokens/{token_id}", token=token, token_id=f"dnb_{marks.new('token in a path')}")


def key_of(database_url: str) -> list[str]:
    """Return the key that signs access tokens, as it could be written."""
    key = fetchval(database_url, "SELECT secret FROM signing_keys")
    return [key.hex(), base64.b64encode(key).decode()[:40], base64.urlsafe_b64encode(key).decode()[:40], str(key)]


@pytest.mark.long
@pytest.mark.parametrize("log_format", ["json", "text"])
def test_nothing_that_is_sent_is_found_anywhere(own_database: str, folder: Path, log_format: str) -> None:
    database = urlsplit(own_database).path[1:]
    with a_collector() as collector:
        traces = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, **SOON}
        with watched(folder, own_database, LOG_FORMAT=log_format, **traces) as service:
            document = service.client.get("/openapi.json").json()
            operations = {f"{method.upper()} {path}" for path, each in document["paths"].items() for method in each}
            assert {each for each in operations if " /auth/" in each} == OPERATIONS
            visits = [Visit(service) for _ in range(3)]
            visits[0].everything()
            listed = processes(service.process)
            keys = key_of(own_database)
            fetchval(own_database, "ALTER TABLE accounts ADD CHECK (false) NOT VALID")
            visits[1].everything()
            asyncio.run(execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS false", ended(database)))
            visits[2].everything()
            asyncio.run(execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS true"))
            metrics = service.client.get("/metrics", headers={"Authorization": f"Bearer {service.metrics_token}"})
            assert metrics.status_code == 200
    assert_visited(*visits)
    written = service.written.read_text()
    traced = str(collector.spans)
    assert "database_error" in written
    assert "INSERT INTO accounts" in traced
    places = {"log": written, "metrics": metrics.text, "processes": listed, "traces": traced}
    places["errors"] = "\n".join(refusal for visit in visits for refusal in visit.refusals)
    marks = service.marks
    marks.known += [("signing key", key) for key in keys]
    assert {place: marks.found_in(text) for place, text in places.items()} == {place: [] for place in places}
    assert len(marks.known) > 300


def assert_visited(healthy: Visit, refused: Visit, away: Visit) -> None:
    """See that each visit met what it is for."""
    for operation, statuses in healthy.statuses.items():
        assert any(status < 300 for status in statuses), (operation, statuses)
        assert any(400 <= status < 500 for status in statuses), (operation, statuses)
        assert 500 not in statuses, operation
    assert 500 in refused.statuses["POST /auth/sign-up"]
    assert 500 in away.statuses["POST /auth/sign-up"] & away.statuses["POST /auth/sign-in"]
    assert 429 in healthy.statuses["POST /auth/sign-in"]


def processes(service: subprocess.Popen[bytes]) -> str:
    """Return what everybody on the machine sees of the service: the arguments and names of processes and threads."""
    process = psutil.Process(service.pid)
    family = [process, *process.children(recursive=True)]
    threads = [path.read_text() for each in family for path in Path(f"/proc/{each.pid}/task").glob("*/comm")]
    return " ".join(
        [*threads, *(word for each in psutil.process_iter(["cmdline"]) for word in each.info["cmdline"] or ())]
    )


def test_what_is_searched_for_would_be_found() -> None:
    marks = Marks()
    email, password, address = marks.email(), marks.password(), marks.address()
    token = marks.token("token", f"dnb_{secrets.token_urlsafe(32)}")
    for each in (email, email.upper(), password, address, token, quote(email)):
        assert marks.found_in(f'{{"event": "x {each}"}}')
    assert marks.found_in("nothing") == []
