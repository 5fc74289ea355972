"""The tables as classes."""

from datetime import UTC, datetime

from sqlalchemy import inspect

from donebase.accounts.tables import METADATA
from donebase.core.tables import TaskRow, UserRow


def test_a_user_and_its_tasks_know_each_other() -> None:
    now = datetime.now(UTC)
    alice = UserRow(id=1, clock=1, created_at=now, updated_at=now)
    task = TaskRow(
        id=1, user_id=1, title="x", completed=False, tags=[], version=1, created_at=now, updated_at=now, user=alice
    )
    assert task.user is alice
    assert alice.tasks == [task]
    assert inspect(UserRow).relationships.keys() == ["tasks"]
    assert inspect(TaskRow).relationships.keys() == ["user"]


def test_every_unique_index_holds_the_owner() -> None:
    """Citus distributes by owner, and can keep unique only what holds it. Accounts are distributed by other keys."""
    for name, table in METADATA.tables.items():
        owner = str(table.primary_key.columns[0].name)
        if name in ("users", "tasks", "history", "idempotency_keys", "account_deletions"):
            assert owner == ("id" if name == "users" else "user_id"), "the rows of an owner are stored together"
        assert all(owner in index.columns for index in table.indexes if index.unique)


def test_every_constraint_has_the_name_that_the_rule_gives() -> None:
    names = {constraint.name for table in METADATA.tables.values() for constraint in table.constraints}
    names |= {index.name for table in METADATA.tables.values() for index in table.indexes}
    assert names == {
        "pk_users",
        "pk_tasks",
        "pk_history",
        "pk_idempotency_keys",
        "fk_tasks_user_id_users",
        "ck_tasks_title_length",
        "ck_tasks_description_length",
        "ck_tasks_priority_known",
        "ix_tasks_id",
        "ix_idempotency_keys_key_user_id",
        "pk_accounts",
        "pk_sessions",
        "pk_personal_tokens",
        "pk_identities",
        "pk_attempts",
        "pk_signing_keys",
        "pk_account_deletions",
        "ix_accounts_user_id",
        "ix_sessions_user_id",
        "ix_personal_tokens_user_id",
        "ix_identities_user_id",
    }
