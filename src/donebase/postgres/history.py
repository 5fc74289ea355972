"""The functions and triggers of the history: the SQL of `history.sql`, for the columns of a revision of the schema."""

from collections.abc import Iterator, Sequence
from importlib.resources import files

_FUNCTIONS = ("record_task_created()", "record_task_changed()", "record_task_deleted()")
_TRIGGERS = {
    "task_created": "BEFORE INSERT ON tasks FOR EACH ROW",
    "task_changed": "BEFORE UPDATE ON tasks FOR EACH ROW",
    "task_deleted": "BEFORE DELETE ON tasks FOR EACH ROW",
}
_OTHER_FUNCTIONS = (
    "current_change(bigint)",
    "deleted_by_change(bigint)",
    "record_task_changed_again(bigint, bigint, bigint, timestamptz, jsonb, jsonb)",
)
# Moves the clock of an owner on, once in a transaction. The transaction is known by its id and its start: a restored
# database counts its transactions anew. It is a part of each trigger, because a call would cost every write more.
_NEXT_CHANGE = """UPDATE users SET clock = clock + 1, clock_xact = txid_current(), updated_at = now()
        WHERE id = {row}.user_id AND (clock_xact IS DISTINCT FROM txid_current() OR updated_at <> now())
        RETURNING clock INTO number;
    IF number IS NULL THEN
        number := current_change({row}.user_id);
    END IF;"""


def history_functions(columns: Sequence[str]) -> Iterator[str]:
    """Yield the statements that create or replace the functions, for the columns that a client can set.

    A migration that adds such a column runs them again, with all of them.
    """
    sql = (files("donebase.postgres") / "history.sql").read_text()
    filled = sql.format(
        created=_members("NEW", columns),
        deleted=_members("OLD", columns),
        changed="\n    ".join(_if_changed(column) for column in columns if column != "completed"),
        next_change_of_new=_NEXT_CHANGE.format(row="NEW"),
        next_change_of_old=_NEXT_CHANGE.format(row="OLD"),
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
    yield f"DROP FUNCTION {', '.join((*_FUNCTIONS, *_OTHER_FUNCTIONS))}"


def _members(row: str, columns: Sequence[str]) -> str:
    return ", ".join(f"'{column}', {row}.{column}" for column in columns)


def _if_changed(column: str) -> str:
    return (
        f"IF NEW.{column} IS DISTINCT FROM OLD.{column} THEN "
        f"former := former || jsonb_build_object('{column}', OLD.{column}); "
        f"latter := latter || jsonb_build_object('{column}', NEW.{column}); END IF;"
    )
