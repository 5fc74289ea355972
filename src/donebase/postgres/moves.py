"""The functions that move tasks: the SQL of `moves.sql`."""

from collections.abc import Iterator
from importlib.resources import files

_FUNCTIONS = (
    "move_task(bigint, bigint, text, bigint, bigint[], boolean)",
    "orders_around(bigint, bigint, text, bigint)",
    "orders_between(float8, float8, int)",
)


def move_functions() -> Iterator[str]:
    """Yield the statements that create or replace the functions. `move_task` returns rows of the table of tasks."""
    _, *functions = (files("donebase.postgres") / "moves.sql").read_text().split("CREATE OR REPLACE ")
    for function in functions:
        yield f"CREATE OR REPLACE {function.rpartition('$$;')[0]}$$"


def without_move_functions() -> Iterator[str]:
    """Yield the statement that drops the functions."""
    yield f"DROP FUNCTION {', '.join(_FUNCTIONS)}"
