"""The fields of a personal token that its owner chooses: its name, what it allows, and when it expires."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from donebase.accounts.callers import READ, WRITE
from donebase.core.text import visible_text

NAME_LENGTH = 100
SCOPES = (READ, WRITE)
"""What a personal token can allow: nothing else, so that a token that was stolen cannot make others."""

# RFC 3339, 5.6, `date-time`: with an offset, or it would not be one moment for everybody.
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)

_INFINITY = datetime.max.replace(tzinfo=UTC)  # as the driver stores this moment


def _known_scope(text: str) -> str:
    if text not in SCOPES:
        raise PydanticCustomError("unknown_value", f'must be "{READ}" or "{WRITE}"')
    return text


def _distinct(scopes: list[str]) -> list[str]:
    if not scopes:
        raise PydanticCustomError("out_of_range", "must have at least one scope")
    if len(set(scopes)) < len(scopes):
        raise PydanticCustomError("repeated_scope", "must not have the same scope twice")
    return scopes


def _future_moment(text: Any) -> datetime:
    if not isinstance(text, str):
        raise PydanticCustomError("wrong_type", "must be a string")
    try:
        if not _MOMENT.fullmatch(text):
            raise ValueError
        moment = datetime.fromisoformat(text.upper()).astimezone(UTC)
        if moment == _INFINITY:
            raise ValueError
    except (ValueError, OverflowError):
        raise PydanticCustomError(
            "invalid_time", "must be a date and a time with an offset, such as 2026-12-01T17:00:00Z"
        ) from None
    if moment <= datetime.now(UTC):
        raise PydanticCustomError("in_the_past", "must be in the future")
    return moment


TokenName = Annotated[
    str, visible_text(NAME_LENGTH), Field(json_schema_extra={"minLength": 1, "maxLength": NAME_LENGTH})
]
Scope = Annotated[str, AfterValidator(_known_scope), Field(json_schema_extra={"enum": [*SCOPES]})]
Scopes = Annotated[list[Scope], AfterValidator(_distinct), Field(json_schema_extra={"minItems": 1})]
Expiry = Annotated[datetime, BeforeValidator(_future_moment)]


class TokenRequest(BaseModel):
    """A personal access token to make."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    name: TokenName = Field(description="What it is for.", examples=["backup script"])
    scopes: Scopes = Field(description="What it allows: to read tasks, to write them, or both.", examples=[[READ]])
    expires_at: Expiry | None = Field(
        default=None,
        description="When it expires (RFC 3339, with an offset); null: when it is revoked.",
        examples=["2036-12-01T17:00:00Z"],
    )
