"""How the driver reads `timestamp` values: as PostgreSQL's text, by `datetime.fromisoformat`.

asyncpg's own reader adds a timedelta to an epoch, which takes six times as long.
"""

from datetime import datetime

import asyncpg

# The database or the user may have another DateStyle. Poolers accept this setting: JDBC's driver always sends it.
TEXT_FORMAT = {"DateStyle": "ISO"}


async def read_timestamps_as_text(connection: asyncpg.Connection) -> None:
    """Set the codec on a connection that was opened with `TEXT_FORMAT`, without a round trip."""
    await connection.set_type_codec(
        "timestamp", schema="pg_catalog", encoder=datetime.isoformat, decoder=_timestamp, format="text"
    )


def _timestamp(text: str) -> datetime:
    """Return a time; for infinity and the years that `datetime` does not have, its nearest one."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return datetime.min if text.endswith("BC") or text == "-infinity" else datetime.max
