"""Personal tokens for tests: made by their owner, as a script has them."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import httpx

from tests.support.tokens import Person

TOKENS = "/auth/tokens"
BOTH = ("tasks:read", "tasks:write")


class ScriptsToken(NamedTuple):
    """A personal token: its id, the token itself, and the headers of requests with it."""

    id: int
    token: str
    headers: dict[str, str]

    @classmethod
    def made(cls, client: httpx.Client, person: Person, scopes: Sequence[str] = BOTH, **fields: Any) -> Self:
        """Let somebody make a token."""
        body = {"name": "a script", "scopes": scopes, **fields}
        response = client.post(TOKENS, json=body, headers=person.headers)
        assert response.status_code == 201, response.text
        made = response.json()
        return cls(made["id"], made["token"], {"Authorization": f"Bearer {made['token']}"})

    def status(self, client: httpx.Client) -> int:
        """Return how a request with it is answered."""
        return client.get("/users/me/tasks", headers=self.headers).status_code

    def revoked(self, client: httpx.Client, person: Person) -> None:
        """Let its owner revoke it."""
        response = client.delete(f"{TOKENS}/{self.id}", headers=person.headers)
        assert (response.status_code, response.content) == (204, b"")
