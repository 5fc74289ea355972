"""The functions and triggers of the history: the SQL of `history.sql`, for the columns of a revision of the schema."""

from collections.abc import Iterator, Sequence
from importlib.resources import files

_FUNCTIONS = ("record_task_created()", "record_task_changed()", "record_task_deleted()", "deleted_by_change(bigint)")
_TRIGGERS = {
    "task_created": "BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION record_task_created()",
    "task_changed": "BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION record_task_changed()",
    "task_deleted": "BEFORE DELETE ON tasks FOR EACH ROW EXECUTE FUNCTION record_task_deleted()",
}


def history_functions(columns: Sequence[str]) -> Iterator[str]:
    """Yield the statements that create or replace the functions, for the columns that a client can set.

    A migration that adds such a column runs them again, with all of them.
    """
    preamble, *functions = (files("donebase.postgres") / "history.sql").read_text().split("CREATE OR REPLACE ")
    next_change = preamble.partition("-- next_change:")[2].strip()
    fragments = {
        "created": _members("NEW", columns),
        "changed": "\n    ".join(_if_changed(column) for column in columns if column != "completed"),
        "deleted": _members("OLD", columns),
        "next_change_of_new": next_change.format(row="NEW"),
        "next_change_of_old": next_change.format(row="OLD"),
    }
    for function in functions:
        yield f"CREATE OR REPLACE {function.partition('END $$;')[0].format(**fragments)}END $$"


def history_triggers() -> Iterator[str]:
    """Yield the statements that create the triggers."""
    for name, trigger in _TRIGGERS.items():
        yield f"CREATE TRIGGER {name} {trigger}"


def without_history() -> Iterator[str]:
    """Yield the statements that drop the triggers and the functions."""
    for name in _TRIGGERS:
        yield f"DROP TRIGGER {name} ON tasks"
    yield f"DROP FUNCTION {', '.join(_FUNCTIONS)}"


def _members(row: str, columns: Sequence[str]) -> str:
    return ", ".join(f"'{column}', {row}.{column}" for column in columns)


def _if_changed(column: str) -> str:
    return (
        f"IF NEW.{column} IS DISTINCT FROM OLD.{column} THEN "
        f"former := coalesce(former, '{{}}') || jsonb_build_object('{column}', OLD.{column}); "
        f"latter := coalesce(latter, '{{}}') || jsonb_build_object('{column}', NEW.{column}); END IF;"
    )
