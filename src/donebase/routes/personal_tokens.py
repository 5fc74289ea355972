"""`/auth/tokens`: the personal access tokens of the caller, for scripts and agents."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Depends
from pydantic import BaseModel, Field
from starlette.responses import Response

from donebase.accounts import personal_tokens
from donebase.accounts.authenticator import Authenticator
from donebase.accounts.personal_tokens import FIELDS
from donebase.accounts.token_fields import TokenRequest
from donebase.core.database import Row
from donebase.core.errors import InsufficientScope, TokenNotFound
from donebase.core.values import PositiveInt8
from donebase.http import responses
from donebase.http.access import Access
from donebase.http.bytes_response import BytesResponse
from donebase.http.family import Answer, Family
from donebase.http.parameters import CurrentCaller, Database, TokenId
from donebase.http.problems import Problem
from donebase.http.providers import FromApp

_Authenticator = Annotated[Authenticator, Depends(FromApp("authenticator"))]


class PersonalToken(BaseModel):
    """A personal access token, without the token itself."""

    id: PositiveInt8 = Field(description="Names the token where it is revoked.", examples=[7])
    name: str = Field(description="What it is for.", examples=["backup script"])
    scopes: list[Literal["tasks:read", "tasks:write"]] = Field(description="What it allows.", examples=[["tasks:read"]])
    created_at: datetime = Field(description="When it was made, in UTC.", examples=["2026-11-20T08:00:00.123456Z"])
    last_used_at: datetime | None = Field(
        description="When it was last used, in UTC, to a minute or so; null: never.", examples=[None]
    )
    expires_at: datetime | None = Field(
        description="When it expires, in UTC; null: when it is revoked.", examples=["2036-12-01T17:00:00Z"]
    )


class CreatedToken(PersonalToken):
    """A personal access token that was just made."""

    token: str = Field(
        description="The token, to be sent as `Authorization: Bearer`. It is shown this once.",
        examples=["dnb_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"],
    )


def _fields(row: Row) -> dict[str, object]:
    return {name: row[name] for name in FIELDS}


async def create_token(
    database: Database, caller: CurrentCaller, new: TokenRequest
) -> Annotated[Response, Answer(201, CreatedToken, "The token was made.")]:
    """Make a personal access token. It is shown this once: only a hash of it is kept."""
    for scope in new.scopes:
        if scope not in caller.scopes:  # who is limited by their token could take what it does not allow
            raise InsufficientScope(scope)
    made = await personal_tokens.create_token(database, caller.user_id, new.name, new.scopes, new.expires_at)
    return responses.json({**_fields(made.row), "token": made.token}, 201)


async def list_tokens(
    database: Database, caller: CurrentCaller
) -> Annotated[Response, Answer(200, list[PersonalToken], "The tokens, the oldest first.")]:
    """List your personal access tokens, including those that have expired."""
    return responses.json([_fields(row) for row in await personal_tokens.list_tokens(database, caller.user_id)])


async def delete_token(
    database: Database, caller: CurrentCaller, authenticator: _Authenticator, token_id: TokenId
) -> Annotated[
    Response,
    Answer(204, None, "The token was revoked."),
    Answer(404, Problem, "The token does not exist.", errors=[TokenNotFound]),
]:
    """Revoke a personal access token. It is refused from now on here, and within 10 seconds everywhere."""
    authenticator.forget(await personal_tokens.delete_token(database, caller.user_id, token_id))
    return BytesResponse(204)


FAMILY = Family(
    "tokens",
    "/auth/tokens",
    [
        ("POST", "", create_token),
        ("GET", "", list_tokens),
        ("DELETE", "/{token_id}", delete_token),
    ],
    access=Access.ACCOUNT,
    tag="Personal tokens",
    description="Personal access tokens, for scripts and agents. A personal token cannot make another.",
    whose="personal",
)
