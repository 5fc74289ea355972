"""What the number of a user stands for: tasks, an account, a person of another issuer, a deletion."""

from sqlalchemy import BigInteger, Executable, bindparam, literal_column, select

from donebase.accounts.tables import AccountDeletionRow, AccountRow, IdentityRow
from donebase.core.database import Database
from donebase.core.tables import Table

USERS, TASKS = "users", "tasks"
ACCOUNTS, IDENTITIES, DELETIONS = (str(row.__tablename__) for row in (AccountRow, IdentityRow, AccountDeletionRow))


def _owner(name: str) -> str:
    return "id" if name == USERS else "user_id"


_FIND: dict[str, Executable] = {
    name: select(literal_column("1"))
    .select_from(Table.metadata.tables[name])
    .where(Table.metadata.tables[name].c[_owner(name)] == bindparam("number", type_=BigInteger))
    .limit(literal_column("1"))
    for name in (USERS, TASKS, ACCOUNTS, IDENTITIES, DELETIONS)
}


async def tables_with(database: Database, number: int) -> set[str]:
    """Return which of these tables have rows with a user's number. Raises DatabaseFailed or Overloaded."""
    return {name for name, statement in _FIND.items() if await database.fetch(statement, number=number)}
