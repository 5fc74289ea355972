"""What Citus asks of a statement, as far as PostgreSQL alone can tell.

Citus refuses an UPDATE or DELETE that applies a function to a column unless the function is immutable. PostgreSQL asks
the same of the expression of an index, so each expression becomes an index here. Citus itself is not installed here.
"""

import asyncio

import asyncpg
import pytest
from sqlalchemy import Delete, Update, text, update
from sqlalchemy.sql import visitors
from sqlmodel import col

from donebase.core import filters, statements
from donebase.core.statements import Verb
from donebase.core.tables import TaskRow
from tests.support.distribution import expressions, index

VERBS = [verb for verb in vars(statements).values() if isinstance(verb, Verb)]
CHANGING = [
    element
    for verb in VERBS
    for statement in (verb.owned, verb.flat)
    for element in visitors.iterate(statement)  # type: ignore[arg-type]
    if isinstance(element, Update | Delete)
]


def test_the_statements_that_change_tasks_are_known() -> None:
    assert len(CHANGING) == 6
    assert all(any("version" in each for each in expressions(found)) for found in CHANGING)


FILTERS = [condition for name in filters._CONDITIONS for condition in filters.conditions(frozenset({name}))]


# Many tasks are changed and deleted by what their filter says.
@pytest.mark.parametrize("expression", sorted({each for found in [*CHANGING, *FILTERS] for each in expressions(found)}))
def test_what_is_computed_from_a_column_is_immutable(database_url: str, expression: str) -> None:
    asyncio.run(index(database_url, "tasks", expression))


def test_postgresql_refuses_what_is_not_immutable(database_url: str) -> None:
    later = col(TaskRow.updated_at) + text("interval '1 microsecond'")
    [stable] = expressions(update(TaskRow).values(updated_at=later))
    with pytest.raises(asyncpg.InvalidObjectDefinitionError, match="IMMUTABLE"):
        asyncio.run(index(database_url, "tasks", stable))
