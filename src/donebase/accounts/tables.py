"""The tables of accounts and tokens as SQLModel classes.

Each can be distributed by the first column of its key: what a request looks for first, an e-mail address or the hash of
a token, leads its own table. So nothing here refers to `users`, and no rule spans two tables.
"""

from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, DateTime, Identity, Index, LargeBinary, Text
from sqlmodel import Field

from donebase.core.tables import Table, set_by_the_database


class AccountRow(Table, table=True):
    """An account. `email` is the normalised address, `address` the one that was typed, `password` a hash (PHC)."""

    __tablename__ = "accounts"
    __table_args__ = (Index(None, "user_id"),)

    email: str = Field(sa_type=Text, primary_key=True)
    user_id: int = Field(sa_type=BigInteger, nullable=False)
    address: str = Field(sa_type=Text, nullable=False)
    name: str | None = Field(default=None, sa_type=Text)
    password: str = Field(sa_type=Text, nullable=False)
    created_at: datetime = set_by_the_database()


class SessionRow(Table, table=True):
    """A session of an account: the hashes of both halves of its refresh token. The first half stays the same."""

    __tablename__ = "sessions"
    __table_args__ = (Index(None, "user_id"),)

    id: bytes = Field(sa_type=LargeBinary, primary_key=True)
    user_id: int = Field(sa_type=BigInteger, nullable=False)
    secret: bytes = Field(sa_type=LargeBinary, nullable=False)
    created_at: datetime = set_by_the_database()
    expires_at: datetime = Field(sa_type=DateTime(timezone=True), nullable=False)


class PersonalTokenRow(Table, table=True):
    """A personal access token: its hash. The id names it to its owner."""

    __tablename__ = "personal_tokens"
    __table_args__ = (Index(None, "user_id"),)

    hash: bytes = Field(sa_type=LargeBinary, primary_key=True)
    id: int = Field(sa_type=BigInteger, sa_column_args=[Identity(always=True)], nullable=False)
    user_id: int = Field(sa_type=BigInteger, nullable=False)
    name: str = Field(sa_type=Text, nullable=False)
    scopes: list[str] = Field(sa_type=ARRAY(Text), nullable=False)
    created_at: datetime = set_by_the_database()
    last_used_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    expires_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class IdentityRow(Table, table=True):
    """A person as another issuer names them, with their number here. `issuer` is empty where their tokens name none."""

    __tablename__ = "identities"
    __table_args__ = (Index(None, "user_id"),)

    subject: str = Field(sa_type=Text, primary_key=True)
    issuer: str = Field(sa_type=Text, primary_key=True)
    user_id: int = Field(sa_type=BigInteger, nullable=False)
    created_at: datetime = set_by_the_database()


class AttemptsRow(Table, table=True):
    """When the last attempts to sign in have failed, the newest first, for one address; `key` is a hash of it."""

    __tablename__ = "attempts"

    key: bytes = Field(sa_type=LargeBinary, primary_key=True)
    failed_at: list[datetime] = Field(sa_type=ARRAY(DateTime(timezone=True)), nullable=False)


class SigningKeyRow(Table, table=True):
    """The key that signs the access tokens of sessions. It is made once, and `id` is always the same."""

    __tablename__ = "signing_keys"

    id: str = Field(sa_type=Text, primary_key=True)
    secret: bytes = Field(sa_type=LargeBinary, nullable=False)
    created_at: datetime = set_by_the_database()


class AccountDeletionRow(Table, table=True):
    """A user who is being deleted, with all that is theirs."""

    __tablename__ = "account_deletions"

    user_id: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    requested_at: datetime = set_by_the_database()


METADATA = Table.metadata
"""All tables: those above, and those of tasks and their users."""
