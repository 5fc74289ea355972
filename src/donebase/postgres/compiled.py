"""SQL from statements of SQLAlchemy Core, compiled once."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Executable
from sqlalchemy.dialects.postgresql.asyncpg import dialect

_MOST = 512


class Compiled(NamedTuple):
    """A statement's SQL, the names of its parameters in their order, and the values of those that are constant."""

    sql: str
    names: tuple[str, ...]
    constants: dict[str, Any]
    arguments: Callable[[dict[str, Any]], Sequence[Any]]
    """Returns the values for the parameters, in their order, from those by name."""


@lru_cache(_MOST)
def compile_statement(statement: Executable) -> Compiled:
    """Compile a statement of SQLAlchemy Core to SQL for asyncpg, once for each statement object.

    Build each statement once, at module level; if its SQL depends on something, with `core.deferred`. The SQL of at
    most `_MOST` statements stays in memory.
    """
    compiled = statement.compile(dialect=dialect())  # type: ignore[no-untyped-call, attr-defined]
    names = tuple(compiled.positiontup or ())
    constants = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
    return Compiled(compiled.string, names, constants, _arguments(names, constants))


def _arguments(names: tuple[str, ...], constants: dict[str, Any]) -> Callable[[dict[str, Any]], Sequence[Any]]:
    if len(names) > 1 and not constants:
        return itemgetter(*names)  # returns a tuple, in less than half the time
    return lambda parameters: [(constants | parameters)[name] for name in names]
