"""Undo: what a change did is put back by another change, in one statement."""

import asyncio
import json
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from sqlalchemy import BigInteger, LargeBinary, Text, TextClause, bindparam, select, text
from sqlalchemy.dialects.postgresql.asyncpg import dialect

from donebase.core import events
from donebase.core.changes import Change, read_first_change
from donebase.core.database import Database, Row
from donebase.core.errors import ChangeNotFound, Collided, Conflict, HistoryPruned, UndoConflict
from donebase.core.history_statements import HISTORY_STATE
from donebase.core.keyed import First, fetch_once
from donebase.core.rows import task_fields
from donebase.core.shapes import DEFAULTS, FIELDS, WRITABLE
from donebase.core.statements import COLUMNS, meant
from donebase.core.writes import RequestKey


class Undone(NamedTuple):
    """The change that an undo has made, None where there was nothing to put back; `replayed` as in `Written`."""

    change: Change | None
    replayed: bool = False


def _undo(key: dict[str, str]) -> TextClause:
    compiler = dialect()  # type: ignore[no-untyped-call]
    quoted = compiler.identifier_preparer.quote
    columns = [quoted(name) for name in WRITABLE]
    filled = key | {
        "fields": ", ".join(f"'{name}', {meant(name).compile(dialect=compiler)}" for name in WRITABLE),
        "defaults": json.dumps(DEFAULTS),
        "columns": ", ".join(columns),
        "were": ", ".join(f"was.{column}" for column in columns),
        "values": ", ".join(f"{column} = wanted.{column}" for column in columns),
        "answered": select(*COLUMNS).compile(dialect=compiler).string.removeprefix("SELECT ").partition("\nFROM")[0],
        "names": ", ".join(map(quoted, FIELDS)),
        "nulls": ", ".join("NULL" for _ in FIELDS),
    }
    sql = text(_SQL.format(**filled))
    types = {"owner": BigInteger, "change": BigInteger, "key": Text, "fingerprint": LargeBinary}
    return sql.bindparams(*(bindparam(name, type_=types[name]) for name in sql.compile().params))


# The tasks are locked in the order in which every statement locks them, then compared, and only then written: each
# write reads all of `conflicts` first. What is compared is in `touched`, as the lock found it: `tasks` would show it as
# it was when the statement began. A task that another undo has put back since then is not seen: its key collides, and
# nothing is done. A task that was deleted before there was a field comes back with its default. Where many tasks meet,
# they are looked up or listed: a join of what PostgreSQL takes for a few rows would compare each with each.
_SQL = """
WITH {seen}touched AS MATERIALIZED (
    SELECT past.*, task.id, task.completed_at, task.fields
    FROM (
        SELECT task_id, at, before, after FROM history
        WHERE user_id = :owner AND change = :change{unseen} ORDER BY task_id
    ) AS past LEFT JOIN LATERAL (
        SELECT id, completed_at, jsonb_build_object({fields}) AS fields FROM tasks
        WHERE user_id = :owner AND id = past.task_id FOR UPDATE
    ) AS task ON true
), conflicts AS MATERIALIZED (
    SELECT task_id, 'id' AS field FROM touched WHERE (after IS NULL) <> (id IS NULL)
    UNION ALL
    SELECT task_id, member.key FROM touched, jsonb_each(after) AS member WHERE fields -> member.key <> member.value
), removed AS (
    DELETE FROM tasks
    WHERE user_id = :owner AND NOT EXISTS (SELECT FROM conflicts)
        AND id = ANY ((SELECT array_agg(task_id) FROM touched WHERE before IS NULL)::bigint[])
    RETURNING id, deleted_by_change(version) AS number
), restored AS (
    INSERT INTO tasks (user_id, id, {columns}, completed_at, created_at, updated_at) OVERRIDING SYSTEM VALUE
    SELECT
        :owner, task_id, {were},
        timezone('UTC', (before ->> 'completed_at')::timestamp),
        timezone('UTC', (before ->> 'created_at')::timestamp),
        greatest(now(), at + interval '1 microsecond')
    FROM touched, jsonb_populate_record(
        NULL::tasks, '{defaults}' || (before - '{{completed_at,created_at,updated_at}}'::text[])
    ) AS was
    WHERE after IS NULL AND before IS NOT NULL AND NOT EXISTS (SELECT FROM conflicts)
    RETURNING {answered}
), wanted AS MATERIALIZED (
    SELECT task_id, {were}, moment.completed_at
    FROM touched, jsonb_populate_record(NULL::tasks, fields || (before - 'completed_at')) AS was, LATERAL (
        SELECT CASE WHEN was.completed THEN
            coalesce(timezone('UTC', (before ->> 'completed_at')::timestamp), touched.completed_at)
        END AS completed_at
    ) AS moment
    WHERE before IS NOT NULL AND after IS NOT NULL
        AND (fields || (before - 'completed_at'), moment.completed_at) IS DISTINCT FROM (fields, touched.completed_at)
), changed AS (
    UPDATE tasks SET {values}, completed_at = wanted.completed_at FROM wanted
    WHERE user_id = :owner AND tasks.id = wanted.task_id AND NOT EXISTS (SELECT FROM conflicts)
    RETURNING {answered}
), outcome AS (
    SELECT {names}, id AS task_id, NULL AS field, version AS number FROM restored
    UNION ALL SELECT {names}, id, NULL, version FROM changed
    UNION ALL SELECT {nulls}, id, NULL, number FROM removed
    UNION ALL SELECT {nulls}, task_id, field, NULL FROM conflicts
){kept}
SELECT outcome.*{first} FROM outcome{or_seen} ORDER BY task_id
"""
_KEYED = {
    "seen": """seen AS MATERIALIZED (
    SELECT user_id, change, fingerprint = :fingerprint AS is_same FROM idempotency_keys
    WHERE user_id = :owner AND key = :key
), """,
    "unseen": " AND NOT EXISTS (SELECT FROM seen)",
    "kept": """, kept AS (
    INSERT INTO idempotency_keys (user_id, change, key, fingerprint)
    SELECT :owner, number, :key, :fingerprint FROM outcome WHERE number IS NOT NULL LIMIT 1
)""",
    "first": ", seen.user_id AS first_owner, seen.change AS first_change, seen.is_same",
    "or_seen": " FULL JOIN seen ON false",
}

UNDO = _undo(dict.fromkeys(_KEYED, ""))
KEYED_UNDO = _undo(_KEYED)
"""Keeps the key of its request, as the statements of `core/keyed.py` do."""


async def undo_change(database: Database, owner: int, number: int, key: RequestKey | None = None) -> Undone:
    """Put back what a change did, in every task that it touched: created tasks go, deleted ones come back.

    Raises UndoConflict where something is no longer as the change left it, ChangeNotFound, HistoryPruned, and
    IdempotencyKeyReused.
    """
    statement = UNDO if key is None else KEYED_UNDO
    fetch = partial(fetch_once, database, statement, key, {"owner": owner, "change": number}, _has_no_conflict)
    try:
        done = await fetch()
    except Collided:  # a task is there again, which the next statement sees
        done = await fetch()
    if isinstance(done, First):
        events.record("task.replayed", owner, None)
        return Undone(await read_first_change(database, done), replayed=True)
    if not done:
        await _check_number(database, owner, number)
        return Undone(None)
    conflicts = [Conflict(row["task_id"], row["field"]) for row in done if row["field"] is not None]
    if conflicts:
        raise UndoConflict(sorted(conflicts, key=lambda each: (each.task_id, FIELDS.index(each.field))))
    undone = await _change(done)
    events.record("task.undone", owner, None, undone.number)
    return Undone(undone)


def _has_no_conflict(row: Row) -> bool:
    return row["field"] is None


async def _check_number(database: Database, owner: int, number: int) -> None:
    """Raise ChangeNotFound or HistoryPruned if the history does not have the change."""
    [state] = await database.fetch(HISTORY_STATE, owner=owner)
    if number > state["clock"]:
        raise ChangeNotFound
    if number <= state["floor"]:
        raise HistoryPruned


async def _change(rows: Sequence[Row]) -> Change:
    """Return the change that rows of UNDO are about."""
    undone = Change(max(row["number"] for row in rows), [], [])
    for count, row in enumerate(rows, start=1):
        if count % 100 == 0:
            await asyncio.sleep(0)  # other requests get their turn
        if row["id"] is None:
            undone.deleted.append(row["task_id"])
        else:
            undone.tasks.append(task_fields(row))
    return undone
