"""Tokens for the users of a run, of each kind that donebase accepts with AUTH=required.

Each function makes `count` of them, for one user after the other, and what donebase's tables hold of them.
"""

import base64
import hashlib
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from bench.load import Tasks
from bench.postgres import Postgres
from donebase.accounts.access_tokens import KEY_ID

ISSUERS_KEY = "what an issuer signs its tokens with, in a benchmark"
"""AUTH_JWT_SECRET of the guarded service."""
_SCOPES = ["tasks:read", "tasks:write"]


def personal(database: Postgres, tasks: Tasks, count: int) -> list[str]:
    """Make personal tokens."""
    made = [f"dnb_{secrets.token_urlsafe(32)}" for _ in range(count)]
    rows = [
        (_sha256(token.encode()), user, "bench", _SCOPES)
        for token, user in zip(made, _users(tasks, count), strict=True)
    ]
    database.insert("personal_tokens", ["hash", "user_id", "name", "scopes"], rows)
    return made


def session(database: Postgres, tasks: Tasks, count: int) -> list[str]:
    """Make access tokens of sessions, each of a session of its own."""
    key, end = secrets.token_bytes(32), datetime.now(UTC) + timedelta(days=30)
    database.insert("signing_keys", ["id", "secret"], [(KEY_ID, key)])
    rows = [(secrets.token_bytes(32), user, secrets.token_bytes(32), end) for user in _users(tasks, count)]
    database.insert("sessions", ["id", "user_id", "secret", "expires_at"], rows)
    own = {"iss": "donebase", "aud": "donebase"}
    return [
        jwt.encode(_claims(str(user)) | own | {"sid": _base64(each)}, key, headers={"kid": KEY_ID})
        for each, user, *_ in rows
    ]


def issued(database: Postgres, tasks: Tasks, count: int) -> list[str]:
    """Make tokens of another issuer, to whom each user is a string."""
    people = range(tasks.first_user, tasks.first_user + tasks.users)
    database.insert("identities", ["subject", "issuer", "user_id"], [(f"bench-{each}", "", each) for each in people])
    return [jwt.encode(_claims(f"bench-{user}"), ISSUERS_KEY) for user in _users(tasks, count)]


KINDS: dict[str, Callable[[Postgres, Tasks, int], list[str]]] = {
    "personal": personal,
    "session": session,
    "issued": issued,
}


def _users(tasks: Tasks, count: int) -> list[int]:
    return [tasks.first_user + number % tasks.users for number in range(count)]


def _claims(subject: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {"sub": subject, "iat": now, "exp": now + timedelta(hours=10), "jti": secrets.token_hex(16)}


def _sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode()
