"""The two tables as SQLModel classes, and the rules that PostgreSQL enforces."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Identity, Index, MetaData, Text, false, func
from sqlmodel import Field, Relationship, SQLModel

TITLE_LENGTH = 500
DESCRIPTION_LENGTH = 5_000
PRIORITIES = ("low", "medium", "high")
MAX_ID = 2**63 - 1

# The migration that leads to the tables below. A test compares it with Alembic, and the tables with the migration.
REVISION = "0002"


class Table(SQLModel):
    """The base of both tables: constraints have names by rule, so that a migration can name what it changes."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        }
    )


def _set_by_the_database() -> Any:
    return Field(sa_type=DateTime(timezone=True), nullable=False, sa_column_kwargs={"server_default": func.now()})


class UserRow(Table, table=True):
    """A user. The row is created with the first task; the client chooses the id."""

    __tablename__ = "users"
    __table_args__ = (CheckConstraint("id > 0", name="id_positive"),)

    id: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    created_at: datetime = _set_by_the_database()
    updated_at: datetime = _set_by_the_database()

    tasks: list["TaskRow"] = Relationship(back_populates="user")


class TaskRow(Table, table=True):
    """A task. The owner is first in the key: a user's tasks are stored together, on one disk or one Citus shard."""

    __tablename__ = "tasks"
    __table_args__ = (
        CheckConstraint(f"char_length(title) BETWEEN 1 AND {TITLE_LENGTH}", name="title_length"),
        CheckConstraint(f"char_length(description) <= {DESCRIPTION_LENGTH}", name="description_length"),
        CheckConstraint(f"priority IN {PRIORITIES}", name="priority_known"),
        # For addresses without an owner. Not unique: Citus allows no unique index without the owner.
        Index(None, "id"),
    )

    user_id: int = Field(sa_type=BigInteger, sa_column_args=[ForeignKey("users.id")], primary_key=True)
    id: int = Field(sa_type=BigInteger, sa_column_args=[Identity(always=True)], primary_key=True)
    title: str = Field(sa_type=Text, nullable=False)
    description: str | None = Field(default=None, sa_type=Text)
    completed: bool = Field(nullable=False, sa_column_kwargs={"server_default": false()})
    priority: str | None = Field(default=None, sa_type=Text)
    created_at: datetime = _set_by_the_database()
    updated_at: datetime = _set_by_the_database()

    user: UserRow = Relationship(back_populates="tasks")
