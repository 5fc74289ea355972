"""The functions and triggers of the history: the SQL of `history.sql`, for the columns of a revision of the schema."""

from collections.abc import Iterator, Sequence
from importlib.resources import files

_FUNCTIONS = ("record_task_created()", "record_task_changed()", "record_task_deleted()", "deleted_by_change(bigint)")
_TRIGGERS = {
    "task_created": "BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION record_task_created()",
    "task_changed": "BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION record_task_changed()",
    "task_deleted": "BEFORE DELETE ON tasks FOR EACH ROW EXECUTE FUNCTION record_task_deleted()",
}

_SEARCHED = {"title", "description", "tags"}
# ASCII is folded when it is read, which costs less than to store it twice.
_TEXTS = "NEW.title || coalesce(NEW.description, '') || array_to_string(NEW.tags, '')"
_KEEP_SEARCH = (
    f"NEW.search := CASE WHEN octet_length({_TEXTS}) > char_length({_TEXTS}) "
    "THEN searchable(NEW.title, NEW.description, NEW.tags) END; "
)


def history_functions(columns: Sequence[str]) -> Iterator[str]:
    """Yield the statements that create or replace the functions, for the columns that a client can set.

    A migration that adds such a column runs them again, with all of them.
    """
    preamble, *functions = (files("donebase.postgres") / "history.sql").read_text().split("CREATE OR REPLACE ")
    next_change = preamble.partition("-- next_change:")[2].strip()
    fragments = {
        "created": _members("NEW", columns),
        "changed": "\n    ".join(_if_changed(column, columns) for column in columns if column != "completed"),
        "deleted": _members("OLD", columns),
        "search_of_new": _KEEP_SEARCH if _is_searched(columns) else "",
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
    return ", ".join(f"'{column}', {_value(row, column)}" for column in columns)


def _value(row: str, column: str) -> str:
    return f'coalesce({row}."order", {row}.id)' if column == "order" else f"{row}.{column}"


def _if_changed(column: str, columns: Sequence[str]) -> str:
    old, new = _value("OLD", column), _value("NEW", column)
    keep_search = _KEEP_SEARCH if column in _SEARCHED and _is_searched(columns) else ""
    return (
        f"IF {new} IS DISTINCT FROM {old} THEN {keep_search}"
        f"former := coalesce(former, '{{}}') || jsonb_build_object('{column}', {old}); "
        f"latter := coalesce(latter, '{{}}') || jsonb_build_object('{column}', {new}); END IF;"
    )


def _is_searched(columns: Sequence[str]) -> bool:
    """Return whether the table has a column for the text that is searched, which has come with `tags`."""
    return set(columns) >= _SEARCHED
