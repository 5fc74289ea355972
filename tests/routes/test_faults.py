"""What a validator says reaches the client as it is; what pydantic says does not, as it can repeat what was sent."""

from typing import Annotated, Any, Literal, get_args

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError, core_schema

from donebase.core.errors import Fault
from donebase.http import faults
from donebase.http.faults import validation_fault

SENT = "nobody-must-read-this"


def _not_a_weekday(_day: str) -> str:
    raise PydanticCustomError("weekday", "must not be a {day}", {"day": "Sunday"})


def _wrong(_text: str) -> str:
    raise ValueError(SENT)


class Shape(BaseModel):
    """A body with rules that donebase does not have."""

    model_config = ConfigDict(strict=True, extra="forbid")

    day: Annotated[str, AfterValidator(_not_a_weekday)] = "Monday"
    text: Annotated[str, AfterValidator(_wrong)] = ""
    size: Literal["small", "large"] = "small"
    number: Annotated[int, Field(multiple_of=7)] = 7
    when: float = 0.0


def fault(**sent: Any) -> Fault:
    """Return the fault that a value is answered with."""
    with pytest.raises(ValidationError) as raised:
        Shape.model_validate(sent)
    [found] = raised.value.errors()
    return validation_fault({**found, "loc": ("body", *found["loc"])})


def test_a_validators_own_words_and_code_are_answered() -> None:
    assert fault(day="Sunday") == Fault("day", "must not be a Sunday", "weekday")


@pytest.mark.parametrize(("name", "sent"), [("text", SENT), ("size", SENT), ("number", 8), ("when", SENT), (SENT, 1)])
def test_pydantics_own_words_are_not(name: str, sent: Any) -> None:
    found = fault(**{name: sent})
    assert found.field == name
    assert SENT not in found.message
    assert found.code in {"invalid", "unknown_field", "wrong_type"}


def test_every_kind_that_is_translated_is_one_of_pydantics() -> None:
    assert set(get_args(core_schema.ErrorType)) >= faults._MESSAGES.keys()
