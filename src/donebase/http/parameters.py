"""What a route's signature is made of: each name stands for where a value comes from and what is right."""

from typing import Annotated

from fastapi import Depends, Path, Query
from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from donebase.core import database
from donebase.core.tables import MAX_ID
from donebase.http.providers import FromApp, FromScope

MAX_LIMIT = 1_000


def _plain_decimal(at_most: int, at_least: int = 1) -> BeforeValidator:
    """Take digits as a person writes a number, and nothing else that Python would read as one."""

    def number(text: str) -> int:
        plain = text.isascii() and text.isdigit() and len(text) <= 19 and text == str(int(text))
        if not (plain and at_least <= int(text) <= at_most):
            raise PydanticCustomError("out_of_range", f"must be a whole number from {at_least} to {at_most}")
        return int(text)

    return BeforeValidator(number)


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
    _plain_decimal(MAX_ID),
]
TaskId = Annotated[
    int, Path(description="The id of the task.", json_schema_extra=_id, examples=[1]), _plain_decimal(MAX_ID)
]
Limit = Annotated[
    int | None,
    Query(
        description="The maximum number of tasks. Omitted: all of them.",
        json_schema_extra=_limit,
        examples=[50],
    ),
    _plain_decimal(MAX_LIMIT),
]
After = Annotated[
    int | None,
    Query(
        description="Only tasks with a greater id; 0 starts with the first task.",
        json_schema_extra=_after,
        examples=[1],
    ),
    _plain_decimal(MAX_ID, at_least=0),
]
