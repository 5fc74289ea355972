"""What `make bench-lists` measures: tasks as the API would have stored them, and every parameter of a list."""

import asyncio
import json
import os
from datetime import date
from typing import Any
from urllib.parse import parse_qsl

import asyncpg
from bench import lists_report, processes, realistic
from bench.lists import SORTS, filters
from bench.postgres import Postgres

from donebase.app import create_app
from donebase.core.orders import ORDERS
from donebase.core.shapes import NewTask
from donebase.settings import Settings
from tests.support.databases import a_database_with_tables

_MEMBERS = 'title, description, completed, due, priority, tags, "order"'
_DAY = date(2026, 11, 22)


def rows_of(url: str, sql: str) -> list[dict[str, Any]]:
    async def fetch() -> list[dict[str, Any]]:
        connection = await asyncpg.connect(url)
        try:
            return [dict(row) for row in await connection.fetch(sql)]
        finally:
            await connection.close()

    return asyncio.run(fetch())


def test_tasks_written_in_bulk_are_as_the_trigger_keeps_them() -> None:
    with a_database_with_tables() as url:
        database = Postgres(url)
        bulk = realistic.fill(database, users=2, each=100)
        copied = f"INSERT INTO tasks (user_id, {_MEMBERS}) SELECT user_id + 2, {_MEMBERS} FROM tasks ORDER BY id"
        database.execute(copied)
        rows = rows_of(url, f"SELECT user_id % 2, {_MEMBERS}, search FROM tasks ORDER BY id")
    assert bulk == (1, 2, 1, 100)
    assert rows[:200] == rows[200:]
    assert {row["search"] is None for row in rows} == {True, False}


def test_tasks_written_in_bulk_are_such_as_the_api_accepts() -> None:
    with a_database_with_tables() as url:
        realistic.fill(Postgres(url), users=1, each=300)
        rows = rows_of(url, f"SELECT {_MEMBERS}, id FROM tasks")
    for row in rows:
        due = row["due"] and json.loads(row["due"])
        new = NewTask.model_validate(row | {"due": due, "order": row["order"] or row["id"]})
        assert (new.title, new.tags, new.due) == (row["title"], row["tags"], due)
    for name in ("due", "priority", "description", "order", "completed"):
        assert len({str(row[name]) for row in rows}) > 1, name


def test_every_filter_and_every_order_is_measured() -> None:
    document = create_app(Settings.read(database_url="postgresql://127.0.0.1:1/nothing")).openapi()
    parameters = document["paths"]["/users/{user_id}/tasks"]["get"]["parameters"]
    of_a_page = {"sort", "limit", "after", "count"}
    queries = "&".join(filters(_DAY).values())
    assert {name for name, _ in parse_qsl(queries)} | of_a_page == {
        each["name"] for each in parameters if each["in"] == "query"
    }
    assert {sort.removeprefix("-") for sort in SORTS} == {order.removeprefix("-") for order in ORDERS}


def test_cpu_time_is_exact_and_that_of_a_whole_tree() -> None:
    before = processes.exact_cpu_seconds(os.getpid())
    while processes.exact_cpu_seconds(os.getpid()) < before + 0.001:
        pass
    assert processes.exact_cpu_seconds(os.getpid()) < processes.cpu_seconds(os.getpid()) + 1


COST = {"cpu_us": {"median": 120.0}, "database_us": {"median": 30.0}, "answer_ms": {"median": 0.5}}
CHEAP = {"cpu_us": {"median": 12.0}, "database_us": {"median": 3.0}, "answer_ms": {"median": 0.05}}


def test_the_tables_show_service_database_and_answer() -> None:
    pages = {"page": COST, "later": COST, "whole": COST, "counted": CHEAP, "named": 1_234}
    now = {
        "filters": {"no filter": {"100": pages}, "tag=shop": {"100": pages}},
        "sorts": {"-due": {"100": pages}},
        "several": {"create": {"1": COST, "10": COST, "1000": CHEAP}},
        "moves": {"first": {"100": COST}},
    }
    by_filter, first_page, later_page, whole, several, moves = lists_report.tables(now)
    assert by_filter.rows[1] == ["`tag=shop`", "120 · 30; 0.5 / 12 · 3; 0.05 (1,234)"]
    assert first_page.rows == later_page.rows == whole.rows == [["`sort=-due`", "120 · 30; 0.5"]]
    assert several.rows == [["create", "120 · 30; 0.5", "120 · 30; 0.5", "12 · 3; 0.05", "1/10"]]
    assert moves.rows == [['`{"to": "first"}`', "120 · 30; 0.5"]]
