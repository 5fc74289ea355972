"""A service that asks for the tokens of one issuer and one audience, and what its operations are."""

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from donebase.accounts.access_tokens import KEY_ID
from donebase.app import create_app
from donebase.http.access import Access
from donebase.http.family import Route
from donebase.settings import Settings
from tests.support.databases import a_database_with_tables, fetchval
from tests.support.forged_tokens import HS256, forged, hmac_with, segment
from tests.support.operations import plain
from tests.support.processes import Service
from tests.support.psql import Psql
from tests.support.refused_tokens import Known
from tests.support.tokens import SECRET, Person, bearer

ISSUER, AUDIENCE = "https://issuer.example", "the tasks of the tests"
REQUIRED = {"AUTH": "required", "AUTH_JWT_SECRET": SECRET, "AUTH_ISSUER": ISSUER, "AUTH_AUDIENCE": AUDIENCE}
_OF_TESTS = {"HISTORY_DAYS": "0", "TRUSTED_PROXIES": "127.0.0.1"}
SETTINGS = Settings.read(
    database_url="postgresql://127.0.0.1:1/nothing", **{name.lower(): value for name, value in REQUIRED.items()}
)
ROUTES = create_app(SETTINGS).routes
GUARDED = {
    f"{route.method} {route.path_format}": route
    for route in ROUTES
    if isinstance(route, Route) and route.access is not Access.FREE
}
"""Every operation of the app that needs a token."""
_OWN_SECRET = secrets.token_bytes(32)
_KEY = "INSERT INTO signing_keys (id, secret) VALUES ($1, $2)"
_IDENTITY = "INSERT INTO identities (subject, issuer, user_id) VALUES ($1, $2, $3)"
_SESSION = "INSERT INTO sessions (id, user_id, secret, expires_at) VALUES ($1, $2, $3, now() + '30 days')"


def token(subject: str, **claims: Any) -> dict[str, str]:
    """Return the header with a token for somebody whom the issuer names so."""
    return bearer(subject, **{"iss": ISSUER, "aud": AUDIENCE} | claims)


class Whole(NamedTuple):
    """All that a response says, apart from the time of the day."""

    status: int
    headers: list[tuple[bytes, bytes]]
    content: bytes


def whole(response: httpx.Response) -> Whole:
    """Return all that a response says."""
    headers = [header for header in response.headers.raw if header[0].lower() != b"date"]
    return Whole(response.status_code, headers, response.content)


class Asked(NamedTuple):
    """Where the service is, a client of it without a token, its database, and its process if it has one of its own."""

    address: str
    client: httpx.Client
    url: str
    psql: Psql
    service: Service | None = None

    def person(self, subject: str | None = None) -> Person:
        """Return somebody whose token the service knows, and who has done nothing yet."""
        subject = subject or f"person-{secrets.token_urlsafe(9)}"
        number = secrets.randbelow(2**53) + 1
        self.psql.value(_IDENTITY, subject, ISSUER, number)
        return Person(subject, number, token(subject))

    def known_of(self, person: Person, clock: int = 0) -> Known:
        """Return two good tokens of a person: the issuer's, and one of a session that was made in the database.

        The one of the session is from a machine whose clock is so many seconds ahead.
        """
        session = secrets.token_bytes(32)
        self.psql.value(_SESSION, session, person.number, b"")
        now = int(time.time()) + clock
        claims = {"iss": "donebase", "aud": "donebase", "sub": str(person.number), "sid": segment(session) + "="}
        own = forged(claims | {"iat": now, "exp": now + 900}, hmac_with(_OWN_SECRET), HS256 | {"kid": KEY_ID})
        issued = person.headers["Authorization"].removeprefix("Bearer ")
        return Known(issued, SECRET.encode(), own, _OWN_SECRET)

    def ask(
        self,
        operation: str,
        headers: Any,
        user: int,
        task_id: int = 1,
        *,
        change: int = 1,
        name: str = "",
        head: bool = False,
    ) -> httpx.Response:
        """Send a plain request of an operation, with the id `the-only-one`; a stream of events by HEAD, which ends."""
        sent = plain(GUARDED[operation], user, task_id, change, name)
        head = head or operation.endswith("/events")
        content = json.dumps(sent.body) if sent.body is not None else None
        own = [(b"x-request-id", b"the-only-one"), (b"content-type", b"application/json")]
        method = "HEAD" if head else sent.method
        more = [*headers.items()] if isinstance(headers, dict) else headers
        return self.client.request(method, sent.path, params=sent.query or None, content=content, headers=[*own, *more])


@contextmanager
def asking(folder: Path, settings: dict[str, str]) -> Iterator[Asked]:
    """Run such a service over a database of its own."""
    with (
        a_database_with_a_key() as url,
        Service(folder, **{"DATABASE_URL": url} | REQUIRED | _OF_TESTS | settings) as service,
        asked_at(service.ready().address, url, service) as asked,
    ):
        yield asked


@contextmanager
def a_database_with_a_key() -> Iterator[str]:
    """Make a database whose key for the tokens of sessions the tests know."""
    with a_database_with_tables() as url:
        fetchval(url, _KEY, KEY_ID, _OWN_SECRET)
        yield url


@contextmanager
def asked_at(address: str, url: str, service: Service | None = None) -> Iterator[Asked]:
    """Yield such a service that is at an address, over a database with that key."""
    with httpx.Client(base_url=address) as client, closing(Psql(url)) as psql:
        yield Asked(address, client, url, psql, service)
