"""Due dates, tags, the order of tasks, the text that is searched, and an index for the lists of all users alone.

No task is written again: an order of null is the id, and a task without a text to search is searched in its own.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from donebase.postgres.history import history_functions
from donebase.postgres.moves import move_functions, without_move_functions
from donebase.postgres.task_functions import task_functions, without_task_functions

revision = "0004"
down_revision = "0003"

_BEFORE = ("title", "description", "completed", "priority")


def upgrade() -> None:
    """Add the columns, empty in each task, and the functions that fill and read them."""
    op.add_column("tasks", sa.Column("due", JSONB(), nullable=True))
    op.add_column("tasks", sa.Column("tags", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False))
    op.add_column("tasks", sa.Column("order", sa.Double(), nullable=True))
    op.add_column("tasks", sa.Column("search", sa.Text(), nullable=True))
    op.drop_index("ix_tasks_id", "tasks")
    op.create_index("ix_tasks_id", "tasks", [sa.text("id NULLS FIRST")])
    history = history_functions([*_BEFORE, "due", "tags", "order"])
    for statement in (*task_functions(), *history, *move_functions()):
        op.execute(statement)


def downgrade() -> None:
    """Drop them with everything in them."""
    for statement in (*without_move_functions(), *history_functions(_BEFORE), *without_task_functions()):
        op.execute(statement)
    op.drop_index("ix_tasks_id", "tasks")
    op.create_index("ix_tasks_id", "tasks", ["id"])
    for column in ("search", "order", "tags", "due"):
        op.drop_column("tasks", column)
