"""The type of a body that is one object or an array of them."""

from functools import cached_property
from typing import Annotated, Any, get_args

from pydantic import (
    BaseModel,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    TypeAdapter,
    ValidatorFunctionWrapHandler,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from donebase.http.json_arrays import MAX_ITEMS


class OneOrMany:
    """Makes a type `Model | list[Model]` that of a body: an object, or an array of 1 to MAX_ITEMS of them.

    The location of a fault in an array begins with the place of the object. `http/body_readers.py` validates the items
    while they are parsed; FastAPI, in the tests, validates the body in one go.
    """

    def __init__(self, model: type[BaseModel]) -> None:
        self.model = model

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        assert get_args(source) == (self.model, list[self.model]), source  # type: ignore[name-defined]
        return core_schema.no_info_wrap_validator_function(self._validated, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        one, many = handler(schema)["anyOf"]
        return {"anyOf": [one, {**many, "minItems": 1, "maxItems": MAX_ITEMS}]}

    def _validated(self, value: Any, _union: ValidatorFunctionWrapHandler) -> Any:
        adapter = self._many if isinstance(value, list) else TypeAdapter(self.model)
        return adapter.validate_python(value, from_attributes=True)

    @cached_property
    def _many(self) -> TypeAdapter[Any]:
        items: Any = Annotated[list[self.model], Field(min_length=1, max_length=MAX_ITEMS)]  # type: ignore[name-defined]
        return TypeAdapter(items)
