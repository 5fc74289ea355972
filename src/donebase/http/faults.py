"""Faults of the fields of a request, in sentences that contain nothing that was sent."""

from collections.abc import Container, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, get_args

from pydantic_core import core_schema

from donebase.core.errors import Fault, InvalidInput

MAX_FAULTS = 20

# pydantic's own kinds of error in our words: its messages can hold what was sent.
# Two names are ours as well: pydantic's `too_long` and `too_short` are about arrays and contain only numbers.
_PYDANTICS = frozenset(get_args(core_schema.ErrorType)) - {"too_long", "too_short"}
_MESSAGES = {
    "missing": ("is required", "required"),
    "extra_forbidden": ("is not a known field", "unknown_field"),
    "string_type": ("must be a string", "wrong_type"),
    "string_unicode": ("must be valid Unicode in UTF-8, without lone surrogates", "not_unicode"),
    "bool_type": ("must be true or false", "wrong_type"),
    "int_type": ("must be an integer", "wrong_type"),
    "float_type": ("must be a finite number", "wrong_type"),  # also of an integer above all floats
    "finite_number": ("must be a finite number", "out_of_range"),
    "list_type": ("must be an array", "wrong_type"),
    "model_attributes_type": ("must be an object", "wrong_type"),
}
_ANY_OTHER = ("is invalid", "invalid")


def unknown_fields(names: Iterable[str], fields: Container[str], place: str = "") -> InvalidInput:
    """Return the error for an object with more members than are validated: some of its names are not of `fields`."""
    unknown = (name for name in names if name not in fields)
    return InvalidInput([Fault(place + name, *_MESSAGES["extra_forbidden"]) for name in islice(unknown, MAX_FAULTS)])


def validation_fault(found: Mapping[str, Any]) -> Fault:
    """Return the fault that a validator found, from one item of pydantic's `errors()` with FastAPI's location.

    An error that is not one of pydantic's own is a PydanticCustomError of donebase: its message and type are answered.
    """
    place, kind = found["loc"], found["type"]
    message, code = _MESSAGES.get(kind, _ANY_OTHER) if kind in _PYDANTICS else (found["msg"], kind)
    return Fault(_name(place), message, code)


def _name(place: Sequence[str | int]) -> str:
    """Return the name of a field from its location: of ("body", 3, "due", "date"), `[3].due.date`."""
    source, *inside = place
    if source != "body":
        return str(inside[0])  # a parameter has one name, also where it is a list
    if not inside:
        return source
    return "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in inside).removeprefix(".")
