"""The functions that PostgreSQL runs on the members of a task: the SQL of `task_functions.sql`."""

import json
from collections.abc import Iterator
from importlib.resources import files

from donebase.postgres.folding import any_of, common, rare, removed
from donebase.postgres.time_zones import canonical_names

_FUNCTIONS = (
    *("due_moment(jsonb, text)", "canonical_time_zone(text)"),
    *("searchable(text, text, text[])", "folded(text)", "folded_texts(text)"),
)


def task_functions() -> Iterator[str]:
    """Yield the statements that create or replace the functions."""
    (common_from, common_to), (rare_from, rare_to) = common(), rare()
    filled = {
        **{"removed": removed(), "any_of_common": any_of(f"{common_from}ßẞ"), "any_of_rare": any_of(rare_from)},
        **{"common": f"{common_from}ẞ", "common_folded": f"{common_to}ß", "rare": rare_from, "rare_folded": rare_to},
        "none_of_rare": f"{any_of(rare_from).replace('[', '[^')}+",
        "canonical_names": json.dumps(canonical_names()),
    }
    _, *functions = (files("donebase.postgres") / "task_functions.sql").read_text().split("CREATE OR REPLACE ")
    for function in functions:
        statement = function.rpartition("$$;")[0]
        for name, value in filled.items():
            statement = statement.replace(f"{{{name}}}", value)
        yield f"CREATE OR REPLACE {statement}$$"


def without_task_functions() -> Iterator[str]:
    """Yield the statement that drops the functions."""
    yield f"DROP FUNCTION {', '.join(_FUNCTIONS)}"
