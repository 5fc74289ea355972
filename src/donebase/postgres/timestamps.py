"""How the driver reads `timestamp` values: as PostgreSQL's text, by `datetime.fromisoformat`.

asyncpg's own reader adds a timedelta to an epoch, which takes six times as long.
"""

from datetime import datetime

import asyncpg

# The database or the user may have another DateStyle. Poolers accept this setting: JDBC's driver always sends it.
TEXT_FORMAT = {"DateStyle": "ISO"}


async def read_timestamps_as_text(connection: asyncpg.Connection) -> None:
    """Set the codec on a connection that was opened with `TEXT_FORMAT`, without a round trip.

    A statement raises ValueError where it returns infinity or a year that `datetime` does not have.
    """
    # Not a function of ours around it: calling Python from C twice for each row was 11 % of a list.
    await connection.set_type_codec(
        "timestamp", schema="pg_catalog", encoder=datetime.isoformat, decoder=datetime.fromisoformat, format="text"
    )
