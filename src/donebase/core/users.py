"""Users: there is no sign-up. The row of a user is created with the user's first task."""

from sqlalchemy import CTE, bindparam
from sqlalchemy.dialects.postgresql import insert

from donebase.core.tables import UserRow


def known_user(owner: str) -> CTE:
    """Build the part of a statement that makes sure a user's row exists.

    `owner` is the name of the parameter that contains the user's id. PostgreSQL checks the task's foreign key at the
    end of the whole statement, so one statement can create both rows, and two statements at once do not collide.
    """
    return insert(UserRow).values(id=bindparam(owner)).on_conflict_do_nothing().cte("known_user")
