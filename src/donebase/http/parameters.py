"""The types of handlers' parameters: each says where a value is found, what is valid, and how it is documented."""

from typing import Annotated

from fastapi import Depends, Header, Path, Query
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from donebase.core import database, writes
from donebase.core.tables import MAX_ID
from donebase.core.writes import Versions
from donebase.http.entity_tags import EntityTags
from donebase.http.idempotency import request_key
from donebase.http.providers import FromApp, FromScope

MAX_LIMIT = 1_000


class _PlainDecimal:
    """Accepts digits as a person writes a number, and nothing else that Python would read as one.

    pydantic's core validates them, at half of the cost of a function in Python.
    """

    def __init__(self, at_most: int, at_least: int = 1) -> None:
        self._at_most = at_most
        self._at_least = at_least

    def __get_pydantic_core_schema__(self, _source: object, _handler: GetCoreSchemaHandler) -> CoreSchema:
        digits = core_schema.str_schema(pattern="^(0|[1-9][0-9]{0,18})$")
        number = core_schema.chain_schema([digits, core_schema.int_schema(ge=self._at_least, le=self._at_most)])
        message = f"must be a whole number from {self._at_least} to {self._at_most}"
        return core_schema.custom_error_schema(number, "out_of_range", custom_error_message=message)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(core_schema.int_schema())


_id = {"minimum": 1, "maximum": MAX_ID, "format": "int64"}
_limit = {"minimum": 1, "maximum": MAX_LIMIT}
_after = _id | {"minimum": 0}

Database = Annotated[database.Database, Depends(FromApp("database"))]
RequestPath = Annotated[str, Depends(FromScope("path"))]
RequestQuery = Annotated[bytes, Depends(FromScope("query_string"))]
Owner = Annotated[
    int,
    Path(
        alias="user_id",
        description="The owner of the tasks. The user need not exist yet.",
        json_schema_extra=_id,
        examples=[123],
    ),
    _PlainDecimal(MAX_ID),
]
TaskId = Annotated[
    int, Path(description="The id of the task.", json_schema_extra=_id, examples=[1]), _PlainDecimal(MAX_ID)
]
RequestKey = Annotated[writes.RequestKey | None, Depends(request_key)]
Limit = Annotated[
    Annotated[int, _PlainDecimal(MAX_LIMIT)] | None,
    Query(
        description="The maximum number of tasks. Omitted: all of them.",
        json_schema_extra=_limit,
        examples=[50],
    ),
]
After = Annotated[
    Annotated[int, _PlainDecimal(MAX_ID, at_least=0)] | None,
    Query(
        description="Only tasks with a greater id; 0 starts with the first task.",
        json_schema_extra=_after,
        examples=[1],
    ),
]
IfMatch = Annotated[
    Versions,
    Header(
        alias="If-Match",
        description="Carry out the request only if the task has one of these entity tags. `*` stands for any.",
        examples=['"17"'],
    ),
    EntityTags(weak=False),
]
IfNoneMatch = Annotated[
    Versions,
    Header(
        alias="If-None-Match",
        description="Answer 304, without a body, if what there is has one of these entity tags. `*` stands for any.",
        examples=['W/"57"'],
    ),
    EntityTags(weak=True),
]
