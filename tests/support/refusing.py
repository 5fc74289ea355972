"""A database that refuses one statement, as one that is in the way of another for too long."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Executable

from donebase.core.database import Database
from donebase.core.errors import DatabaseFailed


class Refusing:
    """A database in which a statement with these parameters fails, as long as `refuses` is set."""

    def __init__(self, database: Database, refused: Executable, **parameters: Any) -> None:
        self._database = database
        self._refused = refused
        self._parameters = parameters
        self.refuses = True

    async def fetch(self, statement: Executable, /, **parameters: Any) -> Sequence[Any]:
        """Run a statement, unless it is refused."""
        if self.refuses and statement is self._refused and self._parameters.items() <= parameters.items():
            raise DatabaseFailed("refused")
        return await self._database.fetch(statement, **parameters)

    async def answers(self) -> bool:
        """Tell that it is well."""
        return True
