"""Reads the body of a request as a parameter: an object, or an array of objects item by item."""

from typing import Any

from fastapi._compat import ModelField
from pydantic import ValidationError

from donebase.core.errors import Fault, InvalidInput
from donebase.http.faults import MAX_FAULTS, unknown_fields
from donebase.http.json_arrays import MAX_ITEMS, parse_items
from donebase.http.one_or_many import OneOrMany
from donebase.http.readers import Reader, models_in
from donebase.http.request_parts import ARRAY, RequestParts
from donebase.http.strict_json import MAX_MEMBERS


class BodyReader(Reader):
    """Reads the whole body as one parameter."""

    source = "body"
    takes_lists = True
    can_be_array = False

    def __init__(self, field: ModelField) -> None:
        super().__init__(field)
        self._location = (self.source,)
        models = models_in(field.field_info.annotation)
        self.fields = frozenset(name for model in models for name in model.model_fields)
        """The names of all fields that the body can have."""

    def find(self, parts: RequestParts) -> Any:
        """Return the parsed body."""
        return parts.body


class OneOrManyReader(BodyReader):
    """Reads a body that is an object or an array of objects (http/one_or_many.py)."""

    can_be_array = True

    def __init__(self, field: ModelField, kind: OneOrMany) -> None:
        super().__init__(field)
        self._validate = kind.model.__pydantic_validator__.validate_python

    def read(self, parts: RequestParts) -> Any:
        """Return an object as the other readers do, and None for an array, which `read_many` reads."""
        return None if parts.body is ARRAY else super().read(parts)

    async def read_many(self, parts: RequestParts) -> list[Any]:
        """Return the items of an array. Add the faults to `parts`: no more than those that are answered.

        Raises MalformedJSON, and InvalidInput where the array or an item has too many members.
        """
        items: list[Any] = []

        def take(item: Any) -> None:
            place = len(items)
            if place == MAX_ITEMS:
                raise _wrong_length()
            if isinstance(item, dict) and len(item) >= MAX_MEMBERS:
                raise unknown_fields(item, self.fields, f"[{place}].")
            items.append(None if len(parts.faults) >= MAX_FAULTS else self._item(parts, item, place))

        await parse_items(parts.content, take)
        if not items:
            raise _wrong_length()
        return items

    def _item(self, parts: RequestParts, item: Any, place: int) -> Any:
        try:
            return self._validate(item, from_attributes=True)
        except ValidationError as error:
            self.add_faults(parts, error, place)
            return None


def _wrong_length() -> InvalidInput:
    return InvalidInput([Fault("body", f"must be an array of 1 to {MAX_ITEMS:,} objects", "out_of_range")])


def body_reader(field: ModelField) -> BodyReader:
    """Return the reader of the parameter that takes the body."""
    kinds = [each for each in field.field_info.metadata if isinstance(each, OneOrMany)]
    return OneOrManyReader(field, kinds[0]) if kinds else BodyReader(field)
