"""Services of the version before the history go on when the tables are migrated: what they do is recorded as well."""

import json

from tests.support.databases import fetchval

# Their statements, which make the owner and set the time themselves.
LATER = "updated_at = greatest(now(), timezone('UTC', timezone('UTC', updated_at) + interval '1 microsecond'))"
CREATE = """WITH known_user AS (INSERT INTO users (id) VALUES ($1) ON CONFLICT DO NOTHING)
INSERT INTO tasks (user_id, title, completed) VALUES ($1, $2, $3) RETURNING id"""
CHANGE = f"UPDATE tasks SET title = coalesce($3, title), {LATER} WHERE user_id = $1 AND id = $2 RETURNING id"
TOGGLE = f"UPDATE tasks SET completed = NOT completed, {LATER} WHERE user_id = $1 AND id = $2 RETURNING id"
DELETE = "DELETE FROM tasks WHERE user_id = $1 AND id = $2 RETURNING id"
RECORDED = """SELECT json_agg(json_build_array(change, task_id, before ->> 'title', after ->> 'title') ORDER BY change)
FROM history WHERE user_id = $1"""


def test_the_statements_of_a_service_before_the_history_are_recorded(database_url: str, alice: int) -> None:
    first = fetchval(database_url, CREATE, alice, "a", False)
    second = fetchval(database_url, CREATE, alice, "b", True)
    assert fetchval(database_url, CHANGE, alice, first, "c") == first
    assert fetchval(database_url, CHANGE, alice, first, "c") == first  # nothing new
    assert fetchval(database_url, TOGGLE, alice, first) == first
    assert fetchval(database_url, DELETE, alice, second) == second
    assert json.loads(fetchval(database_url, RECORDED, alice)) == [
        [1, first, None, "a"],
        [2, second, None, "b"],
        [3, first, "a", "c"],
        [4, first, None, None],
        [5, second, "b", None],
    ]
    assert fetchval(database_url, "SELECT version FROM tasks WHERE user_id = $1", alice) == 4
