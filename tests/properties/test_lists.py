"""Lists: any combination of parameters at any address, beside a model in memory; whole, and as pages put together."""

import asyncio
import json
import os
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

import asyncpg
import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from donebase.postgres.migrations import migrate
from donebase.settings import Settings
from tests.properties.budget import rounds
from tests.support.databases import a_database, a_database_with_tables, fetchval
from tests.support.families import FAMILIES, USERS, V1, Family, Json
from tests.support.list_model import listed
from tests.support.processes import Service

OWNERS = (7, 8)
EACH = 40
ORDERS = [sign + name for name in ("created", "updated", "due", "priority", "title", "order") for sign in ("", "-")]
ZONES = ("UTC", "Europe/Berlin", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/St_Johns", "EST")
VALUES: dict[str, list[Any]] = {
    "title": ["Buy milk", "buy MILK", "Zwei Äpfel", "zwei äpfel", "50 % off_today", "a\\b", "straße", "STRASSE", "ﬁne"],
    "description": [None, "", "two litres, the blue one", "ÄPFEL", "a\x01b"],
    "completed": [True, False],
    "priority": [None, "low", "medium", "high"],
    "tags": [[], [], ["shop"], ["shop", "home"], ["Shop", "ünï"], ["a b", "%"]],
    "order": [None, 0.5, -1.0, 3.0, 1e300, 5e-324],
}
WORDS = ["milk", "MILK", "apfel", "ÄPFEL\xa8zwei", "%", "_", "\\", "strasse", "fine", "shop", "a b", "ab", "x"]


def a_due_date(draw: random.Random) -> Json | None:
    """Return one of about now, in any time zone; none for one in five."""
    date = (datetime.now(UTC).date() + timedelta(draw.randint(-3, 3))).isoformat()
    time = draw.choice([None, "00:00", "09:30", "12:00:01", "23:59:59"])
    due = {"date": date, "time": time, "time_zone": draw.choice([None, *ZONES]) if time else None}
    far = {"date": draw.choice(["0001-01-01", "9999-12-31", "2024-02-29"]), "time": None, "time_zone": None}
    return draw.choice([due, due, due, far, None])


async def fill(url: str) -> None:
    """Make the tasks of two users, in turn, and change some of them."""
    draw = random.Random(11)  # noqa: S311 - the same in each run
    connection = await asyncpg.connect(url, statement_cache_size=0)
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)
    try:
        for turn in range(len(OWNERS) * EACH):
            fields = {name: draw.choice(values) for name, values in VALUES.items()} | {"due": a_due_date(draw)}
            names = ", ".join(f'"{name}"' for name in fields)
            places = ", ".join(f"${number}" for number in range(2, len(fields) + 2))
            insert = f"INSERT INTO tasks (user_id, {names}) VALUES ($1, {places})"
            await connection.execute(insert, OWNERS[turn % len(OWNERS)], *fields.values())
        await connection.execute("UPDATE tasks SET description = 'changed' WHERE id % 7 = 0")
    finally:
        await connection.close()


class Filled(NamedTuple):
    """A service and a client of it, and the tasks of each owner; for None, of all."""

    service: Service
    client: httpx.Client
    tasks: Mapping[int | None, list[Json]]


@contextmanager
def a_database_of_a_language() -> Iterator[str]:
    """Make a database that compares text as Turkish is where PostgreSQL has ICU: no list may depend on it."""
    if not fetchval(
        os.environ["TEST_DATABASE_URL"], "SELECT EXISTS (SELECT FROM pg_collation WHERE collname = 'tr-x-icu')"
    ):
        with a_database_with_tables() as url:
            yield url
        return
    with a_database("template0", "LOCALE_PROVIDER icu ICU_LOCALE 'tr' LOCALE 'C' ENCODING 'UTF8'") as url:
        asyncio.run(migrate(Settings.read(database_url=url)))
        yield url


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    with (
        a_database_of_a_language() as url,
        Service(tmp_path_factory.mktemp("lists"), DATABASE_URL=url) as service,
    ):
        asyncio.run(fill(url))
        with httpx.Client(base_url=service.ready().address) as client:
            tasks = {owner: client.get(USERS.address(owner)).json() for owner in OWNERS}
            yield Filled(service, client, tasks | {None: client.get(V1.tasks).json()})


def dates() -> st.SearchStrategy[str]:
    today = datetime.now(UTC).date()
    return st.integers(-3, 3).map(lambda days: (today + timedelta(days)).isoformat())


filters = st.fixed_dictionaries(
    {},
    optional={
        "completed": st.sampled_from(["true", "false"]),
        "priority": st.lists(st.sampled_from(["none", "low", "medium", "high"]), min_size=1, max_size=3),
        "tag": st.lists(st.sampled_from(["shop", "Shop", "home", "ünï", "a b", "%", " shop "]), min_size=1, max_size=2),
        "due_from": dates(),
        "due_to": dates(),
        "q": st.sampled_from(WORDS),
    },
)
due_states = st.sampled_from([{}, {"due": "none"}, {"due": "any"}]) | st.fixed_dictionaries(
    {"due": st.sampled_from(["today", "overdue"])}, optional={"time_zone": st.sampled_from(ZONES)}
)
queries = st.builds(
    lambda one, other, order: one | other | order,
    filters,
    due_states,
    st.sampled_from([{}, *({"sort": each} for each in ORDERS)]),
)


def pages(client: httpx.Client, address: str, query: Mapping[str, Any], limit: int) -> Iterator[httpx.Response]:
    """Yield the pages of a list, each found by the link of the one before."""
    following, followed = f"{address}?{urlencode({**query, 'limit': limit}, doseq=True)}", set[str]()
    while following:
        assert following not in followed, "pages without an end"
        followed.add(following)
        response = client.get(following)
        assert response.status_code == 200, response.text
        yield response
        following = response.links.get("next", {}).get("url", "")
        assert not following.startswith("http")


def is_as_the_model_says(filled: Filled, family: Family, owner: int, query: Mapping[str, Any], limit: int) -> None:
    address, tasks = family.address(owner), filled.tasks[None if family is V1 else owner]
    before, after, asked = None, listed(tasks, query, datetime.now(UTC)), {**query, "count": "true"}
    while before != after:  # midnight has passed, or a time
        before = after
        response = filled.client.get(address, params=asked)
        found = [*pages(filled.client, address, asked, limit)]
        head = filled.client.head(address, params=asked)
        after = listed(tasks, query, datetime.now(UTC))
    assert response.json() == before
    assert [task for page in found for task in page.json()] == before
    assert [len(page.json()) for page in found[:-1]] == [limit] * (len(found) - 1)
    for each in (response, *found):
        assert each.headers["x-total-count"] == str(len(before))
        assert ("etag" in each.headers) == (family is not V1)
    assert (head.status_code, head.content) == (200, b"")
    # The second in which it was asked is in the ETag of a list that follows the clock.
    own = {"x-request-id", "date", *(["etag"] if query.get("due") in ("today", "overdue") else [])}
    assert {**head.headers, **dict.fromkeys(own, "")} == {**response.headers, **dict.fromkeys(own, "")}


def test_any_combination_is_as_the_model_says(filled: Filled) -> None:
    for round_ in rounds(filled.service, 0.1, 60):

        @round_
        @given(st.sampled_from(FAMILIES), st.sampled_from(OWNERS), queries, st.sampled_from([4, 25, 1000]))
        @example(USERS, 7, {}, 7)
        @example(V1, 7, {"sort": "-created"}, 7)
        def check(family: Family, owner: int, query: Mapping[str, Any], limit: int) -> None:
            is_as_the_model_says(filled, family, owner, query, limit)

        check()


def test_each_filter_is_as_the_model_says(filled: Filled) -> None:
    """Alone, so that what it names does not depend on what is drawn."""
    single: list[dict[str, Any]] = [{"q": word} for word in (*WORDS, "buy\ttwo")]
    single += [{"tag": tags} for tags in (["Shop"], ["shop", "home"], ["%"])]
    for query in (*single, {"priority": ["none", "low"]}, {"due": "none"}):
        is_as_the_model_says(filled, USERS, OWNERS[0], query, 1000)


@pytest.mark.parametrize("order", ORDERS)
def test_each_order_is_as_the_model_says(filled: Filled, order: str) -> None:
    for family in FAMILIES:
        is_as_the_model_says(filled, family, OWNERS[0], {"sort": order}, 9)
