"""The functions and triggers of the history: the SQL of `history.sql`, for the columns of a revision of the schema."""

from collections.abc import Iterator, Sequence
from importlib.resources import files

_FUNCTIONS = ("record_task_created()", "record_task_changed()", "record_task_deleted()")
_TRIGGERS = {
    "task_created": "BEFORE INSERT ON tasks FOR EACH ROW",
    "task_changed": "BEFORE UPDATE ON tasks FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)",
    "task_deleted": "BEFORE DELETE ON tasks FOR EACH ROW",
}


def history_functions(columns: Sequence[str]) -> Iterator[str]:
    """Yield the statements that create or replace the functions, for the columns that a client can set.

    A migration that adds such a column runs them again, with all of them.
    """
    sql = (files("donebase.postgres") / "history.sql").read_text()
    filled = sql.format(
        created=_members("NEW", columns),
        deleted=_members("OLD", columns),
        changed="\n    ".join(map(_if_changed, columns)),
    )
    for function in filled.split("CREATE OR REPLACE ")[1:]:
        yield f"CREATE OR REPLACE {function.partition('END $$;')[0]}END $$"


def history_triggers() -> Iterator[str]:
    """Yield the statements that create the triggers."""
    for (name, when), function in zip(_TRIGGERS.items(), _FUNCTIONS, strict=True):
        yield f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION {function}"


def without_history() -> Iterator[str]:
    """Yield the statements that drop the triggers and the functions."""
    for name in _TRIGGERS:
        yield f"DROP TRIGGER {name} ON tasks"
    yield f"DROP FUNCTION {', '.join(_FUNCTIONS)}, next_change(bigint), last_change(bigint)"


def _members(row: str, columns: Sequence[str]) -> str:
    return ", ".join(f"'{column}', {row}.{column}" for column in columns)


def _if_changed(column: str) -> str:
    return (
        f"IF NEW.{column} IS DISTINCT FROM OLD.{column} THEN "
        f"before := before || jsonb_build_object('{column}', OLD.{column}); "
        f"after := after || jsonb_build_object('{column}', NEW.{column}); END IF;"
    )
