"""Tokens for tests: of another issuer, whom the guarded service trusts, so that nobody has to sign up."""

import secrets
import time
from typing import Any, NamedTuple, Self

import httpx
import jwt

SECRET = "what the service and the issuer of the tests both know"  # noqa: S105


def bearer(subject: str, *, key: str = SECRET, algorithm: str = "HS256", **claims: Any) -> dict[str, str]:
    """Return the header with a token for somebody whom the issuer names so. A claim of None is left out."""
    everything = {"sub": subject, "exp": int(time.time()) + 3600} | claims
    token = jwt.encode({name: value for name, value in everything.items() if value is not None}, key, algorithm)
    return {"Authorization": f"Bearer {token}"}


class Person(NamedTuple):
    """Somebody with a token: what the issuer calls them, their number here, and the headers of their requests."""

    subject: str
    number: int
    headers: dict[str, str]

    @classmethod
    def new(cls, client: httpx.Client, subject: str | None = None, **claims: Any) -> Self:
        """Return somebody nobody else has heard of, whose token has these claims as well."""
        subject = subject or f"person-{secrets.token_urlsafe(9)}"
        headers = bearer(subject, **claims)
        created = client.post("/users/me/tasks", json={"title": "the first"}, headers=headers)
        assert created.status_code == 201, created.text
        number: int = created.json()["user_id"]
        deleted = client.delete(f"/users/me/tasks/{created.json()['id']}", headers=headers)
        assert deleted.status_code == 200, deleted.text
        return cls(subject, number, headers)


def from_nowhere() -> dict[str, str]:
    """Return the header that lets a request come from an address of its own, which the guarded service believes."""
    return {"X-Forwarded-For": f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}::1"}
