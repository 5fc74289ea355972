"""The types of handlers' parameters: each says where a value is found, what is valid, and how it is documented."""

import re
from typing import Annotated

from fastapi import Depends, Header, Path, Query
from pydantic import AfterValidator, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from donebase.accounts.callers import Caller
from donebase.core import database, writes
from donebase.core.history import ACTIONS
from donebase.core.tables import MAX_ID
from donebase.core.writes import Versions
from donebase.http.entity_tags import EntityTags
from donebase.http.guard import CALLER
from donebase.http.headers import Headers
from donebase.http.idempotency import request_key
from donebase.http.providers import FromApp, FromScope

MAX_LIMIT = 1_000


class PlainDecimal:
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


def _known_action(text: str) -> str:
    if text not in ACTIONS:
        raise PydanticCustomError("unknown_value", 'must be "created", "changed" or "deleted"')
    return text


def _place_in_history(text: str) -> str:
    numbers = re.fullmatch(_PLACE_IN_HISTORY, text)
    if not numbers or any(int(number) > MAX_ID for number in numbers.groups("0")):
        raise PydanticCustomError("out_of_range", "must be the number of a change, or a value from a Link header")
    return text


_PLACE_IN_HISTORY = r"([1-9][0-9]{0,18})(?:\.([1-9][0-9]{0,18}))?"
_id = {"minimum": 1, "maximum": MAX_ID, "format": "int64"}
_limit = {"minimum": 1, "maximum": MAX_LIMIT}
_after = _id | {"minimum": 0}

Database = Annotated[database.Database, Depends(FromApp("database"))]
CurrentCaller = Annotated[Caller, Depends(FromScope(CALLER))]
RequestPath = Annotated[str, Depends(FromScope("path"))]
RequestQuery = Annotated[bytes, Depends(FromScope("query_string"))]
RequestHeaders = Annotated[Headers, Depends(FromScope("headers"))]
Owner = Annotated[
    int,
    Path(
        alias="user_id",
        description="The owner of the tasks. The user need not exist yet.",
        json_schema_extra=_id,
        examples=[123],
    ),
    PlainDecimal(MAX_ID),
]
TaskId = Annotated[
    int, Path(description="The id of the task.", json_schema_extra=_id, examples=[1]), PlainDecimal(MAX_ID)
]
TokenId = Annotated[
    int, Path(description="The id of the token.", json_schema_extra=_id, examples=[1]), PlainDecimal(MAX_ID)
]
RequestKey = Annotated[writes.RequestKey | None, Depends(request_key)]
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
QueryOwner = Annotated[
    int,
    Query(alias="user_id", description="The owner of the tasks.", json_schema_extra=_id, examples=[123]),
    PlainDecimal(MAX_ID),
]
Since = Annotated[
    int,
    Query(
        description="The number that a copy has come to; 0 asks for all tasks.",
        json_schema_extra=_after,
        examples=[0],
    ),
    PlainDecimal(MAX_ID, at_least=0),
]
PageLimit = Annotated[
    int,
    Query(description="The maximum number of entries.", json_schema_extra=_limit, examples=[50]),
    PlainDecimal(MAX_LIMIT),
]
ChangeNumber = Annotated[
    int,
    Path(alias="change", description="The number of the change.", json_schema_extra=_id, examples=[1]),
    PlainDecimal(MAX_ID),
]
OfTask = Annotated[
    Annotated[int, PlainDecimal(MAX_ID)] | None,
    Query(alias="task_id", description="Only changes of this task.", json_schema_extra=_id, examples=[1]),
]
OfAction = Annotated[
    Annotated[str, AfterValidator(_known_action)] | None,
    Query(
        alias="action",
        description="Only what was done in this way.",
        json_schema_extra={"enum": [*ACTIONS]},
    ),
]
AfterChange = Annotated[
    Annotated[str, AfterValidator(_place_in_history)] | None,
    Query(
        alias="after",
        description="Only older changes than this one. A Link header also has `58.7`: what follows task 7 of 58.",
        json_schema_extra={"pattern": f"^{_PLACE_IN_HISTORY}$"},
        examples=["58"],
    ),
]
SinceOrNow = Annotated[
    Annotated[int, PlainDecimal(MAX_ID, at_least=0)] | None,
    Query(description="Only changes after the one with this number.", json_schema_extra=_after, examples=[57]),
]
LastEventId = Annotated[
    Annotated[int, PlainDecimal(MAX_ID, at_least=0)] | None,
    Header(
        alias="Last-Event-ID",
        description="The same as `since`, and it takes precedence: browsers send it when they reconnect.",
        json_schema_extra=_after,
        examples=[57],
    ),
]
