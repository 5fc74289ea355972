"""What Citus asks of a statement, as far as PostgreSQL alone can tell.

Citus refuses an UPDATE or DELETE that applies a function to a column unless the function is immutable. PostgreSQL asks
the same of the expression of an index, so each expression becomes an index here. Citus itself is not installed here.
"""

import asyncio
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest
from sqlalchemy import BindParameter, Column, ColumnElement, Delete, Executable, Update, null, text, update
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import ClauseList, Grouping
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import ScalarSelect
from sqlmodel import col

from donebase.core import filters, statements
from donebase.core.statements import Verb
from donebase.core.tables import TaskRow

VERBS = [verb for verb in vars(statements).values() if isinstance(verb, Verb)]
CHANGING = [
    element
    for verb in VERBS
    for statement in (verb.owned, verb.flat)
    for element in visitors.iterate(statement)  # type: ignore[arg-type]
    if isinstance(element, Update | Delete)
]


def names_a_column(element: Any) -> bool:
    return any(isinstance(each, Column) for each in visitors.iterate(element))


def with_parameters_for_the_rest(expression: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return an expression without its parameters, and all that names no column: it is evaluated before."""

    def replaced(element: Any, **_: Any) -> Any:
        is_whole = isinstance(element, BindParameter | FunctionElement | ScalarSelect)
        return null() if is_whole and not names_a_column(element) else None

    rest: ColumnElement[Any] = visitors.replacement_traverse(expression, {}, replaced)
    return rest


def expressions(statement: Executable | ColumnElement[Any]) -> Iterator[str]:
    """Yield, as SQL, each expression of a statement that is computed from columns."""
    for element in visitors.iterate(statement):  # type: ignore[arg-type]
        is_simple = isinstance(element, Column | ClauseList | Grouping)
        if isinstance(element, ColumnElement) and not is_simple and names_a_column(element):
            compiled = with_parameters_for_the_rest(element).compile(dialect=dialect())  # type: ignore[no-untyped-call]
            assert not compiled.params, compiled
            yield str(compiled)


async def index(url: str, expression: str) -> None:
    """Make an index of an expression over the columns of a task, for a moment."""
    connection = await asyncpg.connect(url, statement_cache_size=0)
    try:
        async with connection.transaction():
            await connection.execute("CREATE TEMPORARY TABLE tasks (LIKE public.tasks) ON COMMIT DROP")
            await connection.execute(f"CREATE INDEX ON tasks (({expression}))")
    finally:
        await connection.close()


def test_the_statements_that_change_tasks_are_known() -> None:
    assert len(CHANGING) == 6
    assert all(any("version" in each for each in expressions(found)) for found in CHANGING)


FILTERS = [condition for name in filters._CONDITIONS for condition in filters.conditions(frozenset({name}))]


# Many tasks are changed and deleted by what their filter says.
@pytest.mark.parametrize("expression", sorted({each for found in [*CHANGING, *FILTERS] for each in expressions(found)}))
def test_what_is_computed_from_a_column_is_immutable(database_url: str, expression: str) -> None:
    asyncio.run(index(database_url, expression))


def test_postgresql_refuses_what_is_not_immutable(database_url: str) -> None:
    later = col(TaskRow.updated_at) + text("interval '1 microsecond'")
    [stable] = expressions(update(TaskRow).values(updated_at=later))
    with pytest.raises(asyncpg.InvalidObjectDefinitionError, match="IMMUTABLE"):
        asyncio.run(index(database_url, stable))
