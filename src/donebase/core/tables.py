"""The tables as SQLModel classes, and the rules that PostgreSQL enforces.

A trigger numbers the changes of each owner and keeps their history: `postgres/history.sql`.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    Text,
    false,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, Relationship, SQLModel

TITLE_LENGTH = 500
DESCRIPTION_LENGTH = 5_000
PRIORITIES = ("low", "medium", "high")
MAX_TAGS = 20
TAG_LENGTH = 50
MAX_ID = 2**63 - 1

# The migration that leads to the tables below. A test compares it with Alembic, and the tables with the migration.
REVISION = "0006"


class Table(SQLModel):
    """The base of all tables: constraints have names by rule, so that a migration can name what it changes."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        }
    )


def set_by_the_database() -> Any:
    """Return a field for a time that the database sets when the row is made."""
    return Field(sa_type=DateTime(timezone=True), nullable=False, sa_column_kwargs={"server_default": func.now()})


class UserRow(Table, table=True):
    """A user. The row is created with the first task; the client chooses the id.

    `clock` is the number of the user's last change, `clock_xact` the transaction that made it, `updated_at` its time.
    """

    __tablename__ = "users"

    id: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    created_at: datetime = set_by_the_database()
    updated_at: datetime = set_by_the_database()
    clock: int = Field(sa_type=BigInteger, nullable=False, sa_column_kwargs={"server_default": text("0")})
    clock_xact: int | None = Field(default=None, sa_type=BigInteger)

    tasks: list["TaskRow"] = Relationship(back_populates="user")


class TaskRow(Table, table=True):
    """A task. The owner is first in the key: a user's tasks are stored together, on one disk or one Citus shard.

    An `order` of null is the id. `search` is the text to search where it is not ASCII, and else null: the trigger keeps
    it, and `statements.SEARCH` is the text of any task. So a migration need not write the tasks of before again.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        CheckConstraint(f"char_length(title) BETWEEN 1 AND {TITLE_LENGTH}", name="title_length"),
        CheckConstraint(f"char_length(description) <= {DESCRIPTION_LENGTH}", name="description_length"),
        CheckConstraint(f"priority IN {PRIORITIES}", name="priority_known"),
        # For addresses without an owner. Not unique: Citus allows no unique index without the owner. Only the lists of
        # all users ask for nulls first: PostgreSQL would else use this index for the list of one owner too, if it
        # expects to find the first tasks soon, and read all tasks of others that are before them.
        Index("ix_tasks_id", text("id NULLS FIRST")),
    )

    user_id: int = Field(sa_type=BigInteger, sa_column_args=[ForeignKey("users.id")], primary_key=True)
    id: int = Field(sa_type=BigInteger, sa_column_args=[Identity(always=True)], primary_key=True)
    title: str = Field(sa_type=Text, nullable=False)
    description: str | None = Field(default=None, sa_type=Text)
    completed: bool = Field(nullable=False, sa_column_kwargs={"server_default": false()})
    due: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    priority: str | None = Field(default=None, sa_type=Text)
    tags: list[str] = Field(sa_type=ARRAY(Text), nullable=False, sa_column_kwargs={"server_default": text("'{}'")})
    order: float | None = Field(default=None, sa_type=Double)
    search: str | None = Field(default=None, sa_type=Text)
    completed_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    version: int = Field(sa_type=BigInteger, nullable=False)
    created_at: datetime = set_by_the_database()
    updated_at: datetime = set_by_the_database()

    user: UserRow = Relationship(back_populates="tasks")


class HistoryRow(Table, table=True):
    """What one change did to one task: the fields that moved, before and after, times in UTC without an offset.

    A task that was created has no `before`, one that was deleted no `after`, and one that a transaction created and
    deleted has neither. `at` is the `updated_at` that the change left.
    """

    __tablename__ = "history"

    user_id: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    change: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    task_id: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(sa_type=DateTime(timezone=True), nullable=False)
    before: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    after: dict[str, Any] | None = Field(default=None, sa_type=JSONB)


class IdempotencyKeyRow(Table, table=True):
    """The key of a request, with the change that the request made. It goes with the history of that change."""

    __tablename__ = "idempotency_keys"
    # The key is first, for addresses without an owner. It belongs to its owner: two owners can have the same.
    __table_args__ = (Index(None, "key", "user_id", unique=True),)

    user_id: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    change: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    key: str = Field(sa_type=Text, nullable=False)
    fingerprint: bytes = Field(sa_type=LargeBinary, nullable=False)
