"""`make test-databases`: the tests that meet a PostgreSQL, on one given by its URL and behind PgBouncer.

`make test` runs the same tests on the PostgreSQL that comes with pip. Here they meet the operating system's: without a
pooler those that concern SQL alone, in transaction mode most others, and both ways those for which that makes a
difference. Arguments go to pytest.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.databases import MAX_CONNECTIONS
from tests.support.made_once import folder_of_the_run
from tests.support.pgbouncer import pgbouncer
from tests.support.postgresql import postgresql

# What PostgreSQL makes of the SQL, whoever passes it on.
CONCERN_SQL = (
    "tests/accounts/test_removal_plans.py",
    "tests/core/test_list_plans.py",
    "tests/core/test_moves.py",
    "tests/core/test_plans.py",
    "tests/core/test_searched_text.py",
    "tests/properties/test_due.py",
    "tests/properties/test_lists.py",
    "tests/test_due_moments.py",
    "tests/test_folding.py",
)
DIFFER_WITHOUT_A_POOLER = (
    "tests/core/test_changes.py",
    "tests/core/test_hammer.py",
    "tests/core/test_history_trigger.py",
    "tests/routes/test_fields.py",
    "tests/routes/test_statements.py",
    "tests/test_codecs.py",
    "tests/test_migrations.py",
    "tests/test_upgrade.py",
)
MEET_POSTGRESQL = (
    *DIFFER_WITHOUT_A_POOLER,
    "tests/accounts/test_claims.py",
    "tests/accounts/test_deletion.py",
    "tests/accounts/test_distribution_of_accounts.py",
    "tests/accounts/test_expiry.py",
    "tests/accounts/test_known_grants.py",
    "tests/accounts/test_personal_tokens.py",
    "tests/accounts/test_token_uses.py",
    "tests/core/test_interrupted_writes.py",
    "tests/core/test_keyed.py",
    "tests/core/test_many.py",
    "tests/core/test_models.py",
    "tests/core/test_retention.py",
    "tests/properties/test_followers.py",
    "tests/properties/test_sequences.py",
    "tests/properties/test_undo.py",
    "tests/routes/test_changes.py",
    "tests/routes/test_conditional_reads.py",
    "tests/routes/test_create_many.py",
    "tests/routes/test_due_lists.py",
    "tests/routes/test_events.py",
    "tests/routes/test_history.py",
    "tests/routes/test_idempotency_keys.py",
    "tests/routes/test_lists.py",
    "tests/routes/test_lists_while_writing.py",
    "tests/routes/test_many_at_once.py",
    "tests/routes/test_moves.py",
    "tests/routes/test_moves_at_once.py",
    "tests/routes/test_personal_tokens.py",
    "tests/routes/test_one_story_every_address.py",
    "tests/routes/test_preconditions.py",
    "tests/routes/test_real_titles.py",
    "tests/routes/test_removed_history.py",
    "tests/routes/test_undo.py",
    "tests/routes/test_write_many.py",
    "tests/test_database.py",
)


def main(arguments: list[str]) -> int:
    """Run both, unless the first fails, and return the exit status."""
    try:
        with folder_of_the_run(), postgresql(fsync="off", max_connections=MAX_CONNECTIONS) as server:
            name = f"PostgreSQL {_dotted(server.version)}"
            if status := _passes(name, server.url(), *CONCERN_SQL, *DIFFER_WITHOUT_A_POOLER, *arguments):
                return status
            with pgbouncer(server) as pooler:
                name = f"PgBouncer {_dotted(pooler.version)}"
                return _passes(name, pooler.url(), *MEET_POSTGRESQL, *arguments)
    except (pytest.skip.Exception, pytest.fail.Exception) as missing:  # raised where a program is not installed
        return _report(str(missing))


def _passes(name: str, url: str, *arguments: str) -> int:
    sys.stdout.write(f"The tests that meet a PostgreSQL, on {name}:\n")
    sys.stdout.flush()
    environment = {**os.environ, "TEST_DATABASE_URL": url}
    root = Path(__file__).parent.parent
    return subprocess.run(
        [sys.executable, "-m", "pytest", *arguments], cwd=root, env=environment, check=False
    ).returncode


def _report(sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return 1


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
