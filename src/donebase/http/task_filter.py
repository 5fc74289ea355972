"""The parameters of a query that say which tasks are meant: the filter of a list, or of what is done to many tasks."""

from typing import Annotated, Any
from unicodedata import category, combining, normalize

from fastapi import Depends, Header, Query
from pydantic import AfterValidator, PlainValidator
from pydantic_core import PydanticCustomError

from donebase.core.due import DateText, known_time_zone
from donebase.core.errors import Fault, InvalidInput
from donebase.core.filters import EVERYTHING, TaskFilter
from donebase.core.tables import MAX_TAGS, PRIORITIES
from donebase.core.text import visible_text
from donebase.core.values import Tag
from donebase.http.providers import header_provider, query_provider

MAX_SEARCH = 500
_visible: Any = visible_text(18 * MAX_SEARCH).func  # a character is decomposed into at most 18
_NO_PRIORITY = "none"
_PRIORITIES = (*PRIORITIES, _NO_PRIORITY)
DUE_STATES = ("none", "any", "today", "overdue")


def boolean(text: Any) -> bool:
    """Return what a parameter says that is true or false. Raises PydanticCustomError for anything else."""
    if text not in ("true", "false"):
        raise PydanticCustomError("wrong_type", "must be true or false")
    return bool(text == "true")


def one_of(*words: str) -> AfterValidator:
    """Return a validator of a parameter that is one of some words."""

    def validate(text: str) -> str:
        if text not in words:
            listed = ", ".join(f'"{word}"' for word in words[:-1])
            raise PydanticCustomError("unknown_value", f'must be {listed} or "{words[-1]}"')
        return text

    return AfterValidator(validate)


def _not_too_many(tags: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(tags)) > MAX_TAGS:
        raise PydanticCustomError("too_long", f"must have at most {MAX_TAGS} tags")
    return tags


def _decomposed(text: str) -> str:
    # As folding does it: an accent that stands alone becomes a space with a mark, which is in most texts.
    text = normalize("NFKD", text)
    # Folding removes marks: nothing would be left to search, and a DELETE would find every task.
    _visible("".join(char for char in text if not (combining(char) or category(char) in ("Mn", "Me"))))
    return text


Boolean = Annotated[bool, PlainValidator(boolean, json_schema_input_type=bool)]
_Completed = Annotated[Boolean | None, Query(description="Only tasks that are completed, or that are not.")]
_Priorities = Annotated[
    tuple[Annotated[str, one_of(*_PRIORITIES)], ...],
    Query(
        alias="priority",
        description=f"Only tasks with this priority, or with one of several; `{_NO_PRIORITY}`: without any.",
        json_schema_extra={"items": {"type": "string", "enum": [*_PRIORITIES]}},
    ),
]
_Tags = Annotated[
    tuple[Tag, ...],
    Query(alias="tag", description=f"Only tasks with this tag, or with all of several: up to {MAX_TAGS}."),
    AfterValidator(_not_too_many),
]
_DueFrom = Annotated[DateText | None, Query(description="Only tasks that are due on this date or later, as written.")]
_DueTo = Annotated[DateText | None, Query(description="Only tasks that are due on this date or earlier, as written.")]
_DueState = Annotated[
    Annotated[str, one_of(*DUE_STATES)] | None,
    Query(
        alias="due",
        description="Only tasks without a due date, with any, due today, or overdue: a day is overdue when it is over, "
        "a time when it has passed. Completed tasks are among them: `completed=false` leaves them out.",
        json_schema_extra={"enum": [*DUE_STATES]},
    ),
]
_TimeZone = Annotated[
    Annotated[str, AfterValidator(known_time_zone)] | None,
    Query(
        description="Where the person is who asks what is due today or overdue: the IANA name of a time zone. "
        "Omitted: UTC.",
        examples=["Europe/Berlin"],
    ),
]
_Search = Annotated[
    Annotated[str, visible_text(MAX_SEARCH), AfterValidator(_decomposed)] | None,
    Query(
        alias="q",
        description="Only tasks in which each of these words stands, in the title, the description or a tag: also as a "
        "part of a word, and in whatever case and with whatever accents.",
        json_schema_extra={"minLength": 1, "maxLength": MAX_SEARCH},
        examples=["milk two"],
    ),
]


@query_provider(EVERYTHING)
async def task_filter(
    completed: _Completed = None,
    priorities: _Priorities = (),
    tags: _Tags = (),
    due_from: _DueFrom = None,
    due_to: _DueTo = None,
    due: _DueState = None,
    time_zone: _TimeZone = None,
    search: _Search = None,
) -> TaskFilter:
    """Return the filter that a query names: EVERYTHING if it names none."""
    if time_zone is not None and due not in ("today", "overdue"):
        raise InvalidInput([Fault("time_zone", "is only for due=today and due=overdue", "not_applicable")])
    return TaskFilter(
        completed,
        tuple(None if priority == _NO_PRIORITY else priority for priority in dict.fromkeys(priorities)),
        tuple(dict.fromkeys(tags)),
        due_from,
        due_to,
        due,  # type: ignore[arg-type]  # one of its words
        time_zone or EVERYTHING.time_zone,
        tuple(dict.fromkeys(search.split())) if search else (),
    )


Filter = Annotated[TaskFilter, Depends(task_filter)]
Everything = Annotated[
    Boolean, Query(alias="all", description="Whether all tasks are meant, where no filter names any.", examples=[True])
]


@header_provider
async def _no_condition(
    if_match: Annotated[str | None, Header(alias="If-Match", include_in_schema=False)] = None,
) -> None:
    """Refuse a condition on the version of a task, where there may be many."""
    if if_match is not None:
        raise InvalidInput([Fault("If-Match", "is a condition on one task", "not_applicable")])


NoCondition = Annotated[None, Depends(_no_condition)]
