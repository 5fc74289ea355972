"""The parameters of a query that say which part of a list is wanted, and in which order."""

import re
from typing import Annotated

from fastapi import Depends, Query

from donebase.core.errors import Fault, InvalidInput
from donebase.core.lists import WHOLE, Section
from donebase.core.orders import CREATED, ORDERS, Place
from donebase.core.tables import MAX_ID
from donebase.http.cursors import MAX_WORD, read_place
from donebase.http.parameters import MAX_LIMIT, PlainDecimal
from donebase.http.providers import query_provider
from donebase.http.task_filter import Boolean, one_of

_Limit = Annotated[
    Annotated[int, PlainDecimal(MAX_LIMIT)] | None,
    Query(
        description="The maximum number of tasks. Omitted: all of them.",
        json_schema_extra={"minimum": 1, "maximum": MAX_LIMIT},
        examples=[50],
    ),
]
_Sort = Annotated[
    Annotated[str, one_of(*ORDERS)] | None,
    Query(
        description="The order, `-` for descending. Tasks without a due date or priority are last either way; those "
        "that are equal are in order of id. Omitted: the order of creation.",
        json_schema_extra={"enum": [*ORDERS]},
    ),
]
_After = Annotated[
    str | None,
    Query(
        description="Only what follows. In the order of creation, the id of a task, 0 for the first one; in any other, "
        "the value that the Link header of the page before has.",
        json_schema_extra={"pattern": f"^[A-Za-z0-9_-]{{1,{MAX_WORD}}}$"},
        examples=["1"],
    ),
]
_Count = Annotated[
    Boolean | None, Query(description="Whether `X-Total-Count` tells how many tasks the filters name, limit apart.")
]
_NUMBER = re.compile("0|[1-9][0-9]{0,18}")


@query_provider(WHOLE)
async def list_section(limit: _Limit = None, after: _After = None, sort: _Sort = None, count: _Count = None) -> Section:
    """Return the section that a query names: WHOLE if it names none."""
    order = sort or CREATED
    return Section(order, None if after is None else _place(order, after), limit, count is True)


def _place(order: str, after: str) -> Place:
    if order == CREATED:
        if _NUMBER.fullmatch(after) and int(after) <= MAX_ID:
            return Place(None, int(after))
        raise InvalidInput([Fault("after", f"must be a whole number from 0 to {MAX_ID}", "out_of_range")])
    place = read_place(order, after)
    if place is None:
        message = "must be a value from the Link header of a list in this order"
        raise InvalidInput([Fault("after", message, "malformed_cursor")])
    return place


ListSection = Annotated[Section, Depends(list_section)]
