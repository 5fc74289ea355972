"""The shapes of accounts: what a request can contain, and what is answered.

Types are strict, and unknown fields are errors, as in the shapes of tasks. Passwords and tokens are left out of the
`repr` of a body, so that no traceback shows them.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import MISSING, AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from donebase.accounts.access_tokens import LIFETIME
from donebase.accounts.email_address import MAX_BYTES, valid_address
from donebase.core.tables import MAX_ID
from donebase.core.text import any_text, visible_text

MIN_PASSWORD, MAX_PASSWORD = 8, 1_000  # characters
NAME_LENGTH = 200
_MAX_TOKEN = 1_000

_PHRASE = "correct horse battery staple"
_REFRESH = "dnr_" + "x" * 64
_ACCESS = "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl"


def _long_enough(password: str) -> str:
    if len(password) < MIN_PASSWORD:
        raise PydanticCustomError("too_short", f"must be at least {MIN_PASSWORD} characters")
    return password


EmailAddress = Annotated[
    str,
    visible_text(MAX_BYTES),
    AfterValidator(valid_address),
    Field(json_schema_extra={"format": "email", "minLength": 3, "maxLength": MAX_BYTES}),
]
Password = Annotated[
    str,
    any_text(MAX_PASSWORD),
    Field(json_schema_extra={"format": "password", "maxLength": MAX_PASSWORD}),
]
NewPassword = Annotated[
    str,
    any_text(MAX_PASSWORD),
    AfterValidator(_long_enough),
    Field(json_schema_extra={"format": "password", "minLength": MIN_PASSWORD, "maxLength": MAX_PASSWORD}),
]
PersonName = Annotated[
    str,
    visible_text(NAME_LENGTH),
    Field(json_schema_extra={"minLength": 1, "maxLength": NAME_LENGTH}),
]


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class NewAccount(_Body):
    """An account to create."""

    email: EmailAddress = Field(
        description="The address to sign in with, in whatever case.", examples=["alice@example.com"]
    )
    password: NewPassword = Field(
        description=f"{MIN_PASSWORD} to {MAX_PASSWORD:,} characters; not one of the 10,000 most common passwords.",
        examples=[_PHRASE],
        repr=False,
    )
    name: PersonName | None = Field(default=None, description="What to call the person.", examples=["Alice"])


class Credentials(_Body):
    """What an account signs in with."""

    email: EmailAddress = Field(description="The address of the account.", examples=["alice@example.com"])
    password: Password = Field(description="The password of the account.", examples=[_PHRASE], repr=False)


class RefreshRequest(_Body):
    """The refresh token to exchange for a new pair of tokens."""

    refresh_token: Annotated[str, any_text(_MAX_TOKEN)] = Field(
        description="The last refresh token of the session. It is good once.",
        examples=[_REFRESH],
        repr=False,
    )


class AccountChanges(_Body):
    """What to change of an account. Omitted fields keep their values."""

    name: PersonName | MISSING | None = Field(
        default=MISSING, description="What to call the person; null for nothing.", examples=["Alice"]
    )
    password: NewPassword | MISSING = Field(
        default=MISSING,
        description="The new password. All other sessions end.",
        examples=["a new correct horse battery staple"],
        repr=False,
    )
    current_password: Password | MISSING = Field(
        default=MISSING,
        description="The present password, which a new password needs.",
        examples=[_PHRASE],
        repr=False,
    )


class PasswordConfirmation(_Body):
    """The present password, which confirms that the account is to be deleted."""

    password: Password = Field(description="The password of the account.", examples=[_PHRASE], repr=False)


class User(BaseModel):
    """A user: `email` and `name` are null for one whom another issuer signs in."""

    id: int = Field(
        description="The number of the user in addresses.",
        json_schema_extra={"minimum": 1, "maximum": MAX_ID, "format": "int64"},
        examples=[123],
    )
    email: str | None = Field(description="The address, as it was typed.", examples=["alice@example.com"])
    name: str | None = Field(description="What to call the person.", examples=["Alice"])
    created_at: datetime = Field(description="In UTC.", examples=["2026-11-20T08:00:00.123456Z"])


class SignedIn(BaseModel):
    """A user who has signed in, and the tokens of the session."""

    user: User = Field(description="The user.")
    access_token: str = Field(
        description="For `Authorization: Bearer`. It is good for `expires_in` seconds.",
        examples=[_ACCESS],
    )
    token_type: Literal["Bearer"] = Field(description="Always `Bearer`.", examples=["Bearer"])
    expires_in: int = Field(description="How long the access token is good, in seconds.", examples=[LIFETIME])
    refresh_token: str = Field(description="For a new pair of tokens, once, within 30 days.", examples=[_REFRESH])
