"""What Citus asks of the tables and the statements of accounts, as far as PostgreSQL alone can tell.

tests/core/test_distribution.py says how. docs/scaling.md says by which column each table is distributed.
"""

import asyncio
import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, ColumnElement, Delete, Executable, Insert, Select, Update
from sqlalchemy.sql import visitors

from donebase import accounts
from donebase.accounts.tables import METADATA
from tests.support.distribution import expressions, index

PAGE = (Path(__file__).parents[2] / "docs" / "scaling.md").read_text()
DISTRIBUTED_BY = dict(re.findall(r"create_distributed_table\('(\w+)', '(\w+)'", PAGE))
OF_OWNERS = {"users", *re.findall(r"create_distributed_table\('(\w+)', '\w+', colocate_with => 'users'", PAGE)}
REFERENCE = set(re.findall(r"create_reference_table\('(\w+)'", PAGE))


def statements_in(value: object) -> Iterator[Executable]:
    """Yield the statements in a value of a module: one, or several in a collection."""
    if isinstance(value, Executable):
        yield value
    elif isinstance(value, Mapping):
        yield from statements_in([*value.values()])
    elif isinstance(value, Iterable) and not isinstance(value, str | bytes):
        for each in value:
            yield from statements_in(each)


STATEMENTS = [
    statement
    for module in pkgutil.iter_modules(accounts.__path__, f"{accounts.__name__}.")
    for name, value in vars(importlib.import_module(module.name)).items()
    if isinstance(value, Executable | list | tuple | dict) and not name.startswith("__")
    for statement in statements_in(value)
]


def writing(statement: Executable) -> list[Any]:
    """Return the parts of a statement that write."""
    parts = visitors.iterate(statement)  # type: ignore[arg-type]
    return [part for part in parts if isinstance(part, Update | Delete | Insert)]


def computed(part: Any) -> set[str]:
    """Return, as SQL, what a part that writes computes from the columns of its table alone: subqueries run before."""
    conflict = getattr(part, "_post_values_clause", None)
    changes = [*dict(getattr(conflict, "update_values_to_set", {})).values()]
    condition = getattr(conflict, "update_whereclause", None)
    several = [*changes, *([] if condition is None else [condition])] if isinstance(part, Insert) else [part]
    found: set[str] = set()
    for element in (element for whole in several for element in visitors.iterate(whole)):
        inside = [*visitors.iterate(element)]
        tables = {each.table for each in inside if isinstance(each, Column)}
        has_query = any(isinstance(each, Select) for each in inside)
        if isinstance(element, ColumnElement) and not has_query and tables == {part.table}:
            found |= {*expressions(element)}
    return found


COMPUTED = sorted(
    {(part.table.name, each) for statement in STATEMENTS for part in writing(statement) for each in computed(part)}
)


def test_every_table_is_distributed_by_the_first_column_of_its_key() -> None:
    """A statement then finds the shard by what a request looks for first."""
    first = {name: table.primary_key.columns[0].name for name, table in METADATA.tables.items()}
    assert {name: column for name, column in first.items() if name not in REFERENCE} == DISTRIBUTED_BY
    assert {"signing_keys"} == REFERENCE


def test_no_statement_writes_to_tables_that_are_distributed_differently() -> None:
    assert len(STATEMENTS) > 40
    for statement in STATEMENTS:
        tables = {part.table.name for part in writing(statement)}
        assert len(tables) <= 1 or tables <= OF_OWNERS, statement


@pytest.mark.parametrize(("table", "expression"), COMPUTED)
def test_what_is_computed_from_a_column_is_immutable(database_url: str, table: str, expression: str) -> None:
    asyncio.run(index(database_url, table, expression))


def test_what_is_computed_is_found() -> None:
    assert {
        ("personal_tokens", "personal_tokens.expires_at > NULL"),
        ("accounts", "coalesce(NULL, accounts.password)"),
    } <= {*COMPUTED}
