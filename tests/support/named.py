"""People as addresses write them where AUTH is `required`: by number, as `me`, by the name that their issuer has."""

from collections.abc import Iterator
from typing import Self
from urllib.parse import quote

import httpx

from tests.support.tokens import Person

SUBJECTS = [
    *("ann@example.com", "a b", " a ", "déjà", "\N{GRINNING FACE}", "\u202e", "x" * 255, "auth0|65f", "~", "a#b&c=d"),
    *("me?", "%41%2e%2F", "...", "v1", "users", "ME", "true", "null", "<a>\"'`{}|\\^", "a;b,c", "a\nb", "\x01\x7f"),
    *("123", "0", "-1", "007", "1.5", str(2**63), "1" * 200, "1_0", "\N{FULLWIDTH DIGIT ONE}"),
]
"""Names that issuers could give. An address can hold any name without a slash that is not one or two dots."""


class Named(int):
    """The number of a user, which addresses have as another name, and everything else as the number."""

    in_addresses: str

    @classmethod
    def of(cls, person: Person, name: str) -> Self:
        """Return somebody's number, which addresses have as a name."""
        named = cls(person.number)
        named.in_addresses = quote(name, safe="")
        return named

    def __format__(self, _spec: str) -> str:
        """Return the name, as an address has it."""
        return self.in_addresses

    def __str__(self) -> str:
        """Return the number."""
        return repr(self)


class TokenOf(httpx.Auth):
    """Sends the token of one person, and with a request that says the number of another the token of that one."""

    requires_request_body = True

    def __init__(self, one: Person, another: Person) -> None:
        self._one = one
        self._another = another

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:  # type: ignore[override]
        """Add the token."""
        said = f"{request.url}".encode() + (request.content if request.method == "POST" else b"")
        person = self._another if str(self._another.number).encode() in said else self._one
        request.headers["Authorization"] = person.headers["Authorization"]
        yield request
