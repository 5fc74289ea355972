"""Users: nobody signs up here. The first task of a user brings the user's row with it."""

from sqlalchemy import CTE, bindparam
from sqlalchemy.dialects.postgresql import insert

from donebase.core.tables import UserRow


def known_user(owner: str) -> CTE:
    """Build the part of a statement that makes sure a user's row exists.

    `owner` is the name of the parameter that carries the user's id. The foreign key of the row that needs the user
    is checked at the end of the whole statement, so one statement can bring both, and two at once do not collide.
    """
    return insert(UserRow).values(id=bindparam(owner)).on_conflict_do_nothing().cte("known_user")
