"""The values that single fields can have: a type for each. Its errors have a sentence for people and a code."""

import math
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from donebase.core.tables import DESCRIPTION_LENGTH, MAX_ID, MAX_TAGS, PRIORITIES, TAG_LENGTH, TITLE_LENGTH
from donebase.core.text import any_text, visible_text


def _positive_int8(number: int) -> int:
    if not 1 <= number <= MAX_ID:
        raise PydanticCustomError("out_of_range", f"must be from 1 to {MAX_ID}")
    return number


def _as_float(number: Any) -> Any:
    try:
        return float(number) if type(number) is int else number
    except OverflowError:
        return math.inf  # pydantic would call it no number


def _known_priority(text: str) -> str:
    if text not in PRIORITIES:
        raise PydanticCustomError("unknown_value", 'must be "low", "medium" or "high"')
    return text


def _distinct(tags: list[str]) -> list[str]:
    if len(tags) > MAX_TAGS:
        raise PydanticCustomError("too_long", f"must have at most {MAX_TAGS} tags")
    if len(set(tags)) < len(tags):
        raise PydanticCustomError("repeated_tag", "must not have the same tag twice")
    return tags


PositiveInt8 = Annotated[
    int,
    AfterValidator(_positive_int8),
    Field(json_schema_extra={"minimum": 1, "maximum": MAX_ID, "format": "int64"}),
]
Title = Annotated[
    str,
    visible_text(TITLE_LENGTH),
    Field(json_schema_extra={"minLength": 1, "maxLength": TITLE_LENGTH}),
]
Description = Annotated[
    str,
    any_text(DESCRIPTION_LENGTH),
    Field(json_schema_extra={"maxLength": DESCRIPTION_LENGTH}),
]
Priority = Annotated[str, AfterValidator(_known_priority), Field(json_schema_extra={"enum": [*PRIORITIES]})]
Tag = Annotated[
    str,
    visible_text(TAG_LENGTH),
    Field(json_schema_extra={"minLength": 1, "maxLength": TAG_LENGTH}),
]
Tags = Annotated[
    list[Tag],
    AfterValidator(_distinct),
    Field(json_schema_extra={"maxItems": MAX_TAGS}),
]
Order = Annotated[float, BeforeValidator(_as_float), Field(allow_inf_nan=False, json_schema_extra={"format": "double"})]
