"""What the core needs of a database: it runs one statement and returns the rows."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from sqlalchemy import Executable


class Row(Protocol):
    """A row as PostgreSQL returned it: its values by name, and in order those of `statements.COLUMNS`.

    Times are in UTC, without a time zone.
    """

    def __getitem__(self, name: str, /) -> Any:
        """Return the value of a column."""

    def __len__(self) -> int:
        """Return the number of columns."""

    def __iter__(self) -> Iterator[Any]:
        """Yield the values in order."""


class Database(Protocol):
    """A PostgreSQL database."""

    async def fetch(self, statement: Executable, /, **parameters: Any) -> Sequence[Row]:
        """Run a statement in one round trip. Raises Overloaded or DatabaseFailed, of which Collided is one kind."""

    async def answers(self) -> bool:
        """Tell whether PostgreSQL answers within two seconds."""
