"""Versions of tasks, and the history of their changes, kept by a trigger.

All tasks that exist get version 1, and their owners the clock 1: a constant default only changes the catalog. When a
task was completed was not recorded; `updated_at` is the latest moment that it can have been.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from donebase.postgres.history import history_functions, history_triggers, without_history

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns and the tables, then the trigger that fills them."""
    # PostgreSQL would check it whenever a clock moves. The trigger checks the id where it makes a user.
    op.drop_constraint("ck_users_id_positive", "users")
    op.add_column("users", sa.Column("clock", sa.BigInteger(), server_default="1", nullable=False))
    op.alter_column("users", "clock", server_default="0")
    op.add_column("users", sa.Column("clock_xact", sa.BigInteger(), nullable=True))
    op.add_column("tasks", sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("tasks", sa.Column("version", sa.BigInteger(), server_default="1", nullable=False))
    op.alter_column("tasks", "version", server_default=None)
    op.execute("UPDATE tasks SET completed_at = updated_at WHERE completed")
    op.create_table(
        "history",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("before", JSONB(), nullable=True),
        sa.Column("after", JSONB(), nullable=True),
        sa.PrimaryKeyConstraint("user_id", "change", "task_id", name="pk_history"),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "change", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_key_user_id", "idempotency_keys", ["key", "user_id"], unique=True)
    for statement in (*history_functions(["title", "description", "completed", "priority"]), *history_triggers()):
        op.execute(statement)


def downgrade() -> None:
    """Drop them with everything in them."""
    for statement in without_history():
        op.execute(statement)
    op.drop_table("idempotency_keys")
    op.drop_table("history")
    op.drop_column("tasks", "version")
    op.drop_column("tasks", "completed_at")
    op.drop_column("users", "clock_xact")
    op.drop_column("users", "clock")
    op.create_check_constraint(op.f("ck_users_id_positive"), "users", "id > 0")
