"""The database that a command works on."""

from collections.abc import Iterator
from contextlib import contextmanager

from donebase.settings import Settings


@contextmanager
def command_database(settings: Settings) -> Iterator[Settings]:
    """Yield the settings with DATABASE_URL, which is the embedded PostgreSQL if it is unset. Signals end the block."""
    from donebase.postgres.embedded import postgresql
    from donebase.signals import exit_on_signals

    exit_on_signals()
    if settings.database_url is None:
        with postgresql(settings.data_dir) as url:
            yield settings.on(url)
    else:
        yield settings
