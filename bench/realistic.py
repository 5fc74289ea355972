"""Tasks as people write them: with due dates, priorities, tags, descriptions and accents, and most of them completed.

Which task has what follows from its number: two runs on the same day make the same tasks.
"""

from bench.load import Tasks
from bench.postgres import WITHOUT_TRIGGERS, Postgres

RARE_WORD = "Zebra"
"""A word in one title of 1,000."""
COMMON_WORDS = "crème brûlée"
"""Words in one title of twelve."""
TAGS = ("home", "shop", "work", "garden", "travel", "reading", "health", "school", "music", "repair", "tax", "gift")

_VERBS = ("Buy", "Call", "Plan", "Write to", "Pay", "Repair", "Cancel", "Read", "Collect", "Ask about", "Sell", "Clean")
_THINGS = (COMMON_WORDS, "milk and bread", "Frau Müller", "the dentist", "São Paulo", "the bicycle", "Ελένη", "東京駅",
           "naïve questions", "señor García", "the tax return", "Straße 12")  # fmt: skip
_SENTENCE = "What to look for, whom to ask, and what it may cost at most; the receipt is in the green folder. "
_ZONES = ("Europe/Berlin", "America/New_York", "Asia/Tokyo", "UTC")


def _of(count: int, choice: int) -> str:
    """Return SQL for a number from 0 to `count` - 1, which depends on the number of the task and on the choice."""
    return f"abs(hashint8extended(n, {choice}) % {count})"


def _one_of(values: tuple[str, ...], choice: int) -> str:
    return f"(ARRAY{list(values)})[1 + {_of(len(values), choice)}]"


_PRIORITY = _one_of(("low", "medium", "medium", "high"), 4)
_FIRST_TAG = f"1 + {_of(len(TAGS), 6)}"
# From a year ago to two months ahead: a day, a local time or an instant.
_DATE = f"to_char(CURRENT_DATE - 365 + ({_of(425, 8)})::integer, 'YYYY-MM-DD')"
_TIME = f"CASE WHEN {_of(2, 9)} = 0 THEN {_one_of(('08:30', '12:00', '17:00', '23:59:30'), 10)} END"
_ZONE = f"CASE WHEN {_of(2, 9)} = 0 AND {_of(4, 11)} = 0 THEN {_one_of(_ZONES, 12)} END"
_WRITTEN = f"""
    SELECT n, nextval(pg_get_serial_sequence('tasks', 'id')) AS id,
        {_one_of(_VERBS, 1)} || ' ' || {_one_of(_THINGS, 2)} || ' ' || n
            || CASE WHEN {_of(1000, 3)} = 0 THEN ' {RARE_WORD}' ELSE '' END AS title,
        CASE WHEN {_of(10, 5)} < 4 THEN repeat('{_SENTENCE}', CASE {_of(10, 5)} WHEN 0 THEN 10 ELSE 1 END) END
            AS description,
        {_of(5, 13)} > 0 AS completed,
        CASE WHEN {_of(5, 14)} < 2 THEN {_PRIORITY} END AS priority,
        CASE WHEN {_of(5, 7)} < 3
            THEN (ARRAY{[*TAGS, *TAGS]})[{_FIRST_TAG} : {_FIRST_TAG} + {_of(3, 15)}]
            ELSE '{{}}' END AS tags,
        CASE WHEN {_of(2, 16)} = 0
            THEN jsonb_build_object('date', {_DATE}, 'time', {_TIME}, 'time_zone', {_ZONE}) END AS due,
        timestamptz '2020-01-01' + n * interval '1 minute' AS created_at,
        timestamptz '2020-01-01' + (n + {_of(1_000_000, 17)}) * interval '1 minute' AS updated_at
    FROM generate_series(0, {{count}} - 1) AS n ORDER BY n
"""
_INSERT = f"""
    INSERT INTO tasks (user_id, id, title, description, completed, completed_at, due, priority, tags, "order", search,
        version, created_at, updated_at) OVERRIDING SYSTEM VALUE
    SELECT {{user}}, id, title, description, completed, CASE WHEN completed THEN updated_at END, due, priority, tags,
        CASE WHEN {_of(10, 18)} = 0 THEN id + 500.5 END,
        CASE WHEN octet_length(texts) > char_length(texts) THEN searchable(title, description, tags) END,
        1, created_at, updated_at
    FROM (
        SELECT *, title || coalesce(description, '') || array_to_string(tags, '') AS texts FROM ({_WRITTEN}) AS written
    ) AS with_texts
"""


def fill(database: Postgres, users: int, each: int) -> Tasks:
    """Make so many new users with so many such tasks each, and return where they are; all have version 1."""
    first_user = database.new_users(users)
    insert = _INSERT.replace("{user}", f"{first_user} + n / {each}").replace("{count}", str(users * each))
    database.execute(WITHOUT_TRIGGERS, insert, "VACUUM ANALYZE", "CHECKPOINT")
    return Tasks(first_user, users, database.last_task() - users * each + 1, each)
