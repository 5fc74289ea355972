"""What may be sent for a task, the rules for it, and what is answered: the types that every address shares.

Left out, null and a value are three different things: `MISSING` in a type is "left out", and `model_dump()`
then leaves the field out as well. Types are strict: nothing is converted from another type.
"""

import re
import unicodedata
from datetime import datetime
from typing import Annotated, Any

from pydantic import MISSING, AfterValidator, BaseModel, ConfigDict, Field, JsonValue
from pydantic_core import PydanticCustomError

from donebase.core.tables import DESCRIPTION_LENGTH, MAX_ID, TITLE_LENGTH

# White space, controls, formats, surrogates, private use. Not "Cn": a new emoji is unassigned to an older Python.
_UNSEEN_CATEGORIES = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co"})
# What shows nothing all the same: fillers, joiners, variation selectors, tags and noncharacters.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufdd0-\ufdef\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\U000e0000-\U000e0fff" + "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF)) + "]"
)


def _storable(text: str) -> str:
    if "\x00" in text:
        raise PydanticCustomError("nul_character", "must not contain the character U+0000")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise PydanticCustomError("not_unicode", "must be valid Unicode, without lone surrogates") from None
    return text


def _visible(text: str) -> str:
    if not any(unicodedata.category(char) not in _UNSEEN_CATEGORIES and not _UNSEEN.match(char) for char in text):
        raise PydanticCustomError("blank", "must contain at least one visible character")
    return text


def _at_most(length: int) -> AfterValidator:
    def within(text: str) -> str:
        if len(text) > length:
            raise PydanticCustomError("too_long", f"must be at most {length} characters")
        return text

    return AfterValidator(within)


def _positive_int8(number: int) -> int:
    if not 1 <= number <= MAX_ID:
        raise PydanticCustomError("out_of_range", f"must be from 1 to {MAX_ID}")
    return number


Title = Annotated[
    str,
    AfterValidator(_storable),
    AfterValidator(str.strip),
    _at_most(TITLE_LENGTH),  # before what looks at each character
    AfterValidator(_visible),
    Field(
        description="What is to be done. Stored without surrounding white space.",
        json_schema_extra={"minLength": 1, "maxLength": TITLE_LENGTH},
        examples=["Buy milk"],
    ),
]
Description = Annotated[
    str,
    AfterValidator(_storable),
    _at_most(DESCRIPTION_LENGTH),
    Field(json_schema_extra={"maxLength": DESCRIPTION_LENGTH}),
]
Id = Annotated[
    int,
    AfterValidator(_positive_int8),
    Field(
        description="The owner of the task. The user need not exist yet.",
        json_schema_extra={"minimum": 1, "maximum": MAX_ID, "format": "int64"},
        examples=[123],
    ),
]
# Read-only is what the service tells and is not told: generators and the documentation's page do not fill it in.
_READ_ONLY: dict[str, JsonValue] = {"readOnly": True}
_Ignored = Annotated[Any, Field(exclude=True, description="Accepted and ignored.", json_schema_extra=_READ_ONLY)]


class TaskInput(BaseModel):
    """What a GET returned may be sent back whole: what only the database sets is accepted and ignored."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    user_id: Id | MISSING = Field(
        default=MISSING,
        description="The owner, which cannot be changed: must be the current owner.",
        json_schema_extra=_READ_ONLY,
    )
    id: _Ignored = None
    created_at: _Ignored = None
    updated_at: _Ignored = None


class NewTask(TaskInput):
    """A task to create: omitted fields take their defaults."""

    title: Title
    description: Description | None = Field(
        default=None,
        description="More about the task, stored byte for byte.",
        examples=["Two litres, the blue carton"],
    )
    completed: bool = Field(default=False, description="Whether the task is completed.", examples=[False])


class TaskChanges(TaskInput):
    """The fields to change. Omitted fields keep their values; null clears a field that can be null."""

    title: Title | MISSING = MISSING
    description: Description | MISSING | None = Field(
        default=MISSING,
        description="More about the task, stored byte for byte.",
        examples=["Two litres, the blue carton"],
    )
    completed: bool | MISSING = Field(default=MISSING, description="Whether the task is completed.", examples=[False])


class Completion(TaskInput):
    """The state to set. Setting it twice has the same effect as setting it once."""

    completed: bool | MISSING = Field(default=MISSING, description="true: completed; false: open.", examples=[True])


FIELDS = frozenset(NewTask.model_fields)
"""All the fields that a body can have."""


_AnsweredId = Annotated[int, Field(ge=1, le=MAX_ID, json_schema_extra={"format": "int64"})]


class Task(BaseModel):
    """A task as it is stored."""

    model_config = ConfigDict(title="Task")

    id: _AnsweredId = Field(description="Assigned by the database, never reused.", examples=[1])
    title: str = Field(
        min_length=1,
        max_length=TITLE_LENGTH,
        description="What is to be done. Stored without surrounding white space.",
        examples=["Buy milk"],
    )
    description: str | None = Field(
        max_length=DESCRIPTION_LENGTH,
        description="More about the task, stored byte for byte.",
        examples=["Two litres, the blue carton"],
    )
    completed: bool = Field(description="Whether the task is completed.", examples=[False])
    user_id: _AnsweredId = Field(description="The owner.", examples=[123])
    created_at: datetime = Field(
        description="When the task was created, in UTC.", examples=["2026-11-20T08:00:00.123456Z"]
    )
    updated_at: datetime = Field(
        description="When the task was last changed, in UTC.", examples=["2026-11-20T08:00:00.123456Z"]
    )
