"""The expressions of a statement, and whether PostgreSQL takes them for immutable."""

from collections.abc import Iterator
from typing import Any

import asyncpg
from sqlalchemy import BinaryExpression, BindParameter, Column, ColumnElement, Executable, null
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import ClauseList, CollectionAggregate, Grouping
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import ScalarSelect


def names_a_column(element: Any) -> bool:
    """Tell whether a column of a table is a part of it."""
    return any(isinstance(each, Column) for each in visitors.iterate(element))


def with_parameters_for_the_rest(expression: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return an expression without its parameters, and all that names no column: it is evaluated before."""

    def replaced(element: Any, **_: Any) -> Any:
        is_whole = isinstance(element, BinaryExpression | BindParameter | FunctionElement | ScalarSelect)
        return null() if is_whole and not names_a_column(element) else None

    rest: ColumnElement[Any] = visitors.replacement_traverse(expression, {}, replaced)
    return rest


def expressions(statement: Executable | ColumnElement[Any]) -> Iterator[str]:
    """Yield, as SQL, each expression of a statement that is computed from columns."""
    for element in visitors.iterate(statement):  # type: ignore[arg-type]
        is_simple = isinstance(element, Column | ClauseList | CollectionAggregate | Grouping)
        if isinstance(element, ColumnElement) and not is_simple and names_a_column(element):
            compiled = with_parameters_for_the_rest(element).compile(dialect=dialect())  # type: ignore[no-untyped-call]
            assert not compiled.params, compiled
            yield str(compiled)


async def index(url: str, table: str, expression: str) -> None:
    """Make an index of an expression over the columns of a table, for a moment."""
    connection = await asyncpg.connect(url, statement_cache_size=0)
    try:
        async with connection.transaction():
            await connection.execute(f"CREATE TEMPORARY TABLE {table} (LIKE public.{table}) ON COMMIT DROP")
            await connection.execute(f"CREATE INDEX ON {table} (({expression}))")
    finally:
        await connection.close()
