"""When a task is due: a day, a local time, or an instant, as a person has meant it.

A day is over at its end, and a local time passes, wherever the person is who asks. A time with a time zone is one
instant for everybody.
"""

import re
from functools import cache
from importlib.resources import files
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_TIME = re.compile(r"((?:[01][0-9]|2[0-3]):[0-5][0-9])(:[0-5][0-9])?")
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def known_date(text: str) -> str:
    """Return a date of the years 0001 to 9999, `YYYY-MM-DD`. Raises PydanticCustomError for anything else."""
    found = _DATE.fullmatch(text)
    if found:
        year, month, day = map(int, found.groups())
        is_leap_day = (month, day) == (2, 29) and ((year % 4 == 0 and year % 100 != 0) or year % 400 == 0)
        if year >= 1 and 1 <= month <= 12 and (1 <= day <= _DAYS[month - 1] or is_leap_day):
            return text
    raise PydanticCustomError("invalid_date", "must be a date, such as 2026-12-01")


def known_time_zone(text: str) -> str:
    """Return the name of a time zone of the IANA database. Raises PydanticCustomError for anything else."""
    if text not in _time_zones():
        raise PydanticCustomError("unknown_time_zone", "must be the name of a time zone, such as Europe/Berlin")
    return text


@cache
def _time_zones() -> frozenset[str]:
    # Of the package, not of the system: every machine then accepts the same names.
    return frozenset((files("tzdata") / "zones").read_text().split())


def _known_time(text: str) -> str:
    found = _TIME.fullmatch(text)
    if not found:
        raise PydanticCustomError("invalid_time", "must be a time of day, such as 17:00 or 17:00:30")
    return found[1] if found[2] == ":00" else text


DateText = Annotated[str, AfterValidator(known_date), Field(json_schema_extra={"format": "date"})]
_TimeText = Annotated[str, AfterValidator(_known_time), Field(json_schema_extra={"pattern": f"^{_TIME.pattern}$"})]


class DueDate(BaseModel):
    """When the task is due: a day, a time wherever the person is, or with a time zone an instant."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, title="DueDate")

    date: DateText = Field(description="The day.", examples=["2026-12-01"])
    time: _TimeText | None = Field(
        default=None,
        description="The time of day, `HH:MM` or `HH:MM:SS`; null: the whole day. Seconds that are zero are left out.",
        examples=["17:00"],
    )
    time_zone: Annotated[str, AfterValidator(known_time_zone)] | None = Field(
        default=None,
        description="The time zone of the time, by its IANA name; null: wherever the person is.",
        examples=["Europe/Berlin"],
    )

    @model_validator(mode="before")
    @classmethod
    def _is_object(cls, value: object) -> object:
        if not isinstance(value, dict):  # many clients have a string here
            raise PydanticCustomError("wrong_type", 'must be an object, such as {"date": "2026-12-01"}')
        return value

    @field_validator("time_zone")
    @classmethod
    def _only_with_a_time(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and "time" in info.data and info.data["time"] is None:
            raise PydanticCustomError("needs_time", "is only for a due date with a time")
        return value


def _members(due: DueDate) -> dict[str, Any]:
    return {"date": due.date, "time": due.time, "time_zone": due.time_zone}


# The serializer keeps the dictionary as it is; it is documented as a DueDate because it names no other type.
Due = Annotated[DueDate, AfterValidator(_members), PlainSerializer(lambda members: members)]
"""A due date; validated, it is a dictionary of all three members, as it is stored and answered."""
