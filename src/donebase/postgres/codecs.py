"""How the driver reads and writes values of some types: times as PostgreSQL's text, JSON as Python values.

asyncpg's own reader of times adds a timedelta to an epoch, which takes six times as long as `datetime.fromisoformat`.
"""

from datetime import datetime
from typing import Any

import asyncpg
import orjson

# The database or the user may have another DateStyle. Poolers accept this setting: JDBC's driver always sends it.
TEXT_FORMAT = {"DateStyle": "ISO"}


async def set_codecs(connection: asyncpg.Connection) -> None:
    """Set the codecs on a connection that was opened with `TEXT_FORMAT`, without a round trip.

    A statement raises ValueError where it returns infinity or a year that `datetime` does not have.
    """
    # Not functions of ours around the decoders: calling Python from C twice for each row was 11 % of a list.
    for name, encoder, decoder in (
        ("timestamp", datetime.isoformat, datetime.fromisoformat),
        ("jsonb", _json, orjson.loads),
    ):
        await connection.set_type_codec(name, schema="pg_catalog", encoder=encoder, decoder=decoder, format="text")


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
