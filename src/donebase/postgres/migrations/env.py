"""What Alembic runs: the steps, on the connection and in the transaction that `migrate` gives it."""

from alembic import context

from donebase.core.tables import Table

context.configure(connection=context.config.attributes["connection"], target_metadata=Table.metadata)
context.run_migrations()
