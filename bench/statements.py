"""The statements of the hand-written peers, as text. They stay as they are while donebase changes its own.

A new member of a task is a name in `COLUMNS`, and in `CREATE` and `CHANGE` where clients may write it.
"""

COLUMNS = (
    "id title description completed due priority tags order completed_at user_id version created_at updated_at".split()
)
# An order of null is the id.
_ROW = ", ".join('coalesce("order", id) AS "order"' if name == "order" else name for name in COLUMNS)
_TOUCHED = "version = version + 1, updated_at = greatest(now(), updated_at + interval '1 microsecond')"

READ = f"SELECT {_ROW} FROM tasks WHERE user_id = $1 AND id = $2"
# A limit of NULL is none.
LIST = f"SELECT {_ROW} FROM tasks WHERE user_id = $1 AND id > $2 ORDER BY id LIMIT $3"
CREATE = f"""
    WITH known_user AS (INSERT INTO users (id) VALUES ($1) ON CONFLICT DO NOTHING)
    INSERT INTO tasks (user_id, title, description, completed, completed_at, due, priority, tags, "order")
    VALUES ($1, $2, $3, $4, CASE WHEN $4 THEN now() END, $5, $6, $7, $8) RETURNING {_ROW}
"""
CHANGE = f"""
    UPDATE tasks SET
        title = coalesce($3, title),
        description = CASE WHEN $4 THEN $5 ELSE description END,
        completed = coalesce($6, completed),
        completed_at = CASE WHEN coalesce($6, completed) THEN coalesce(completed_at, now()) END,
        due = CASE WHEN $7 THEN $8 ELSE due END,
        priority = CASE WHEN $9 THEN $10 ELSE priority END,
        tags = coalesce($11, tags),
        "order" = coalesce($12, "order"),
        {_TOUCHED}
    WHERE user_id = $1 AND id = $2 RETURNING {_ROW}
"""
TOGGLE = f"""
    UPDATE tasks SET completed = NOT completed, completed_at = CASE WHEN NOT completed THEN now() END, {_TOUCHED}
    WHERE user_id = $1 AND id = $2 RETURNING {_ROW}
"""
DELETE = "DELETE FROM tasks WHERE user_id = $1 AND id = $2 RETURNING user_id"
