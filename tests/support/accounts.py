"""People who have accounts of the service's own."""

import secrets
from typing import Any, NamedTuple, Self

import httpx

from tests.support.tokens import from_nowhere

PHRASE = "nobody has ridden this horse"
ANOTHER = "nobody has ridden that one either"

Json = dict[str, Any]


def new_address() -> str:
    """Return an e-mail address that nobody has."""
    return f"{secrets.token_hex(8)}@example.com"


def auth(client: httpx.Client, method: str, path: str, token: str = "", **body: Any) -> httpx.Response:
    """Send a request below `/auth`, from an IP address of its own. Without members, it has no body."""
    headers = from_nowhere() | ({"Authorization": f"Bearer {token}"} if token else {})
    return client.request(method, f"/auth/{path}", json=body or None, headers=headers)


class Member(NamedTuple):
    """Somebody with an account, and the tokens of a session."""

    client: httpx.Client
    email: str
    number: int
    access_token: str
    refresh_token: str

    @classmethod
    def new(cls, client: httpx.Client, email: str = "", password: str = PHRASE, **more: Any) -> Self:
        """Sign up."""
        email = email or new_address()
        response = auth(client, "POST", "sign-up", email=email, password=password, **more)
        assert response.status_code == 201, response.text
        return cls._of(client, email, response.json())

    @classmethod
    def _of(cls, client: httpx.Client, email: str, body: Json) -> Self:
        return cls(client, email, body["user"]["id"], body["access_token"], body["refresh_token"])

    def sign_in(self, password: str = PHRASE) -> "Member":
        """Sign in once more, and return the same person with the tokens of the new session."""
        response = auth(self.client, "POST", "sign-in", email=self.email, password=password)
        assert response.status_code == 200, response.text
        return self._of(self.client, self.email, response.json())

    def knows(self, password: str) -> bool:
        """Return whether the account can be signed in to with a password."""
        status = auth(self.client, "POST", "sign-in", email=self.email, password=password).status_code
        assert status in (200, 401)
        return status == 200

    def refresh(self, token: str = "") -> httpx.Response:
        """Exchange a refresh token: the one of this session, unless another is given."""
        return auth(self.client, "POST", "refresh", refresh_token=token or self.refresh_token)

    def refreshed(self) -> "Member":
        """Return the same person with new tokens of this session."""
        response = self.refresh()
        assert response.status_code == 200, response.text
        return self._of(self.client, self.email, response.json())

    def ask(self, method: str, path: str, **body: Any) -> httpx.Response:
        """Send a request below `/auth` with the access token."""
        return auth(self.client, method, path, self.access_token, **body)

    @property
    def headers(self) -> dict[str, str]:
        """The headers of a request with the access token."""
        return {"Authorization": f"Bearer {self.access_token}"}

    def is_admitted(self) -> bool:
        """Return whether the access token is good for tasks."""
        status = self.client.get("/users/me/tasks", headers=self.headers).status_code
        assert status in (200, 401)
        return status == 200
