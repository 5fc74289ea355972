"""Faults of the fields of a request, in sentences that contain nothing that was sent."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic_core import core_schema

from donebase.core.errors import Fault

MAX_FAULTS = 20

# pydantic's own kinds of error in our words: its messages can hold what was sent.
# One name is ours as well: pydantic's `too_long` is about arrays and contains only numbers.
_PYDANTICS = frozenset(get_args(core_schema.ErrorType)) - {"too_long"}
_MESSAGES = {
    "missing": ("is required", "required"),
    "extra_forbidden": ("is not a known field", "unknown_field"),
    "string_type": ("must be a string", "wrong_type"),
    "string_unicode": ("must be valid Unicode, without lone surrogates", "not_unicode"),
    "bool_type": ("must be true or false", "wrong_type"),
    "int_type": ("must be an integer", "wrong_type"),
    "float_type": ("must be a number", "wrong_type"),
    "finite_number": ("must be a finite number", "out_of_range"),
    "list_type": ("must be an array", "wrong_type"),
    "model_attributes_type": ("must be an object", "wrong_type"),
}
_ANY_OTHER = ("is invalid", "invalid")


def unknown_field(name: str) -> Fault:
    """Return the fault of a field that an address does not know."""
    return Fault(name, *_MESSAGES["extra_forbidden"])


def validation_fault(found: Mapping[str, Any]) -> Fault:
    """Return the fault that a validator found, from one item of pydantic's `errors()` with FastAPI's location.

    An error that is not one of pydantic's own is a PydanticCustomError of donebase: its message and type are answered.
    """
    place, kind = found["loc"], found["type"]
    message, code = _MESSAGES.get(kind, _ANY_OTHER) if kind in _PYDANTICS else (found["msg"], kind)
    return Fault(_field(place[1:] or place), message, code)


def _field(place: Sequence[str | int]) -> str:
    """Return the name of a field by its place: `due.date`, `tags[2]`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return "".join(parts).removeprefix(".")
