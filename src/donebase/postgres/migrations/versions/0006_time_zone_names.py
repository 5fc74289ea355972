"""The former names of time zones, such as Asia/Calcutta, also where PostgreSQL does not know them."""

from alembic import op

from donebase.postgres.task_functions import task_functions

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Replace the functions of tasks. `unabbreviated` stays for services of the version before, which call it."""
    for statement in task_functions():
        op.execute(statement)


def downgrade() -> None:
    """Leave the functions as they are: what they are called with gives the same as before, or more."""
