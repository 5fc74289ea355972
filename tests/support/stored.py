"""What a database holds, in brief: to see that nothing of it has changed."""

import asyncio

import asyncpg

_TABLES = (
    "SELECT c.oid::regclass::text AS name FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
)


def stored(url: str) -> dict[str, tuple[int, str]]:
    """Return how many rows each table has, and a digest of them."""

    async def read() -> dict[str, tuple[int, str]]:
        connection = await asyncpg.connect(url, statement_cache_size=0)
        try:
            names = [row["name"] for row in await connection.fetch(_TABLES)]
            return {name: tuple(await connection.fetchrow(_digest(name))) for name in names}
        finally:
            await connection.close()

    return asyncio.run(read())


def _digest(table: str) -> str:
    # A service notes by itself, a while after, that a token was used.
    rows = f"SELECT (to_jsonb(t) - 'last_used_at')::text AS row FROM {table} t"
    return f"SELECT count(*), md5(coalesce(string_agg(row, '' ORDER BY row), '')) FROM ({rows}) AS rows"
