"""The priority of a task.

`ADD COLUMN` with null as the default only changes the catalog. For the constraint PostgreSQL reads the table once.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column, null in each task."""
    op.add_column("tasks", sa.Column("priority", sa.Text(), nullable=True))
    known = "priority IN ('low', 'medium', 'high')"
    op.create_check_constraint(op.f("ck_tasks_priority_known"), "tasks", known)


def downgrade() -> None:
    """Drop the column with everything in it."""
    op.drop_column("tasks", "priority")
