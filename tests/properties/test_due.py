"""When tasks are overdue and due today, for whoever asks: PostgreSQL and Python agree, if their time zones do."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlmodel import col

from donebase.core.filters import EVERYTHING, conditions, filter_parameters
from donebase.core.tables import TaskRow
from donebase.postgres.compiled import compile_statement
from tests.properties.budget import rounds
from tests.support.databases import a_database_with_tables
from tests.support.psql import Psql
from tests.support.time_zones import NAMES, TimeZones

HOUR = timedelta(hours=1)
# Those with the offsets that are furthest from UTC, and those whose clocks change around midnight.
ZONES = ["Pacific/Kiritimati", "Etc/GMT+12", "Asia/Kathmandu", "America/Havana", "Africa/Cairo", "Europe/Berlin", "CET"]
MOMENTS = (
    "SELECT array_agg(due_moment(due, $2) ORDER BY n) FROM jsonb_array_elements($1) WITH ORDINALITY AS each (due, n)"
)


@pytest.fixture(scope="module")
def psql() -> Iterator[Psql]:
    with a_database_with_tables() as url:
        session = Psql(url, 7)
        yield session
        session.close()


@pytest.fixture(scope="module")
def zones(psql: Psql) -> TimeZones:
    return TimeZones(psql)


def changes(zone: ZoneInfo, year: int) -> Iterator[datetime]:
    """Yield the local times before and after each change of the clocks in a year."""
    moment = datetime(year, 1, 1, tzinfo=UTC)
    while moment.year == year:
        later = moment + timedelta(days=1)
        if moment.astimezone(zone).utcoffset() != later.astimezone(zone).utcoffset():
            first, last = moment, later
            while last - first > timedelta(seconds=1):
                middle = first + (last - first) // 2
                same = middle.astimezone(zone).utcoffset() == moment.astimezone(zone).utcoffset()
                first, last = (middle, last) if same else (first, middle)
            for each in (first, last):
                yield each.astimezone(zone).replace(tzinfo=None, microsecond=0)
        moment = later


@pytest.mark.parametrize("kind", ["instant", "local time"])
def test_times_around_each_change_of_the_clocks(psql: Psql, zones: TimeZones, kind: str) -> None:
    for round_ in rounds(None, 0.05, 60):

        @round_
        @given(st.sampled_from(NAMES), st.integers(1970, 2040), st.integers(0, 59))
        def check(name: str, year: int, minute: int) -> None:
            about = [datetime(year, 2, 28, 23, 59), datetime(year, 12, 31, 23), *changes(zones[name], year)]
            hours = range(-26, 27)
            times = [
                each + timedelta(hours=hour, minutes=more) for each in about for hour in hours for more in (0, minute)
            ]
            own, asker = (name, "Asia/Tokyo") if kind == "instant" else (None, name)
            dues = [{"date": f"{each:%Y-%m-%d}", "time": f"{each:%H:%M:%S}", "time_zone": own} for each in times]
            assert psql.value(MOMENTS, dues, asker) == [zones.moment(due, asker) for due in dues]

        check()


def test_a_day_is_over_at_the_next_midnight_of_the_asker(psql: Psql, zones: TimeZones) -> None:
    for round_ in rounds(None, 0.05, 60):

        @round_
        @given(st.sampled_from(NAMES), st.integers(1970, 2040))
        def check(name: str, year: int) -> None:
            days = [date(year, 1, 1) + timedelta(days=number) for number in range(365)]
            dues = [{"date": f"{day}", "time": None, "time_zone": None} for day in days]
            assert psql.value(MOMENTS, dues, name) == [zones.moment(due, name) for due in dues]

        check()


def test_no_zone_is_16_hours_from_utc(psql: Psql) -> None:
    """So a list need ask for the moments of three days only: of all others the date tells."""

    for round_ in rounds(None, 0.02, 100):

        @round_
        @given(
            name=st.sampled_from(NAMES),
            day=st.dates(date(1, 1, 3), date(9999, 12, 28)),
            at=st.none() | st.times().map(lambda at: at.replace(microsecond=0)),
        )
        def check(name: str, day: date, at: time | None) -> None:
            [moment] = psql.value(MOMENTS, [{"date": f"{day}", "time": at and f"{at}", "time_zone": None}], name)
            begin = datetime.combine(day, time(), UTC)
            assert moment <= begin + 40 * HOUR
            assert moment >= begin - 16 * HOUR

        check()


def found(psql: Psql, due: Literal["overdue", "today"], time_zone: str, now: datetime) -> set[int]:
    """Return the tasks that a filter names."""
    wanted = EVERYTHING._replace(due=due, time_zone=time_zone)
    compiled = compile_statement(select(col(TaskRow.id)).where(*conditions(wanted.shape)))
    return {row["id"] for row in psql.run(compiled.sql, *compiled.arguments(filter_parameters(wanted, now)))}


def dues(now: datetime, zones: TimeZones, names: list[str]) -> Iterator[dict[str, Any]]:
    """Yield due dates of each kind around a moment."""
    for name in names:
        here = now.astimezone(zones[name]).replace(tzinfo=None)
        for hours in (*range(-30, 31, 3), -0.5, 0.5):
            at = here + hours * HOUR
            for time_zone in (None, name):
                yield {"date": f"{at:%Y-%m-%d}", "time": f"{at:%H:%M}", "time_zone": time_zone}
        yield {"date": f"{here:%Y-%m-%d}", "time": f"{here:%H:%M:%S}", "time_zone": name}
    for days in range(-4, 5):
        yield {"date": f"{now + timedelta(days=days):%Y-%m-%d}", "time": None, "time_zone": None}


def test_overdue_and_today(psql: Psql, zones: TimeZones) -> None:
    for round_ in rounds(None, 0.1, 40):

        @round_
        @given(
            now=st.datetimes(datetime(1975, 1, 1), datetime(2037, 1, 1)).map(lambda now: now.replace(microsecond=0)),
            asker=st.sampled_from(NAMES) | st.sampled_from(ZONES),
            others=st.lists(st.sampled_from(NAMES) | st.sampled_from(ZONES), min_size=1, max_size=2),
        )
        @example(now=datetime(2026, 10, 25, 0, 30), asker="Europe/Berlin", others=["Europe/Berlin"])
        @example(now=datetime(2026, 3, 29, 1, 0), asker="Europe/Berlin", others=["America/New_York"])
        @example(now=datetime(2026, 11, 1, 4, 30), asker="America/Havana", others=["Europe/Berlin"])
        @example(now=datetime(2026, 7, 1, 22, 30), asker="CET", others=["CET"])
        @example(now=datetime(2026, 11, 22, 5, 0), asker="Pacific/Kiritimati", others=["Etc/GMT+12"])
        @example(now=datetime(2026, 11, 22, 13, 0), asker="Etc/GMT+12", others=["Pacific/Kiritimati"])
        @example(now=datetime(2028, 2, 29, 11, 0), asker="Pacific/Kiritimati", others=["Etc/GMT+12"])
        def check(now: datetime, asker: str, others: list[str]) -> None:
            now = now.replace(tzinfo=UTC)
            every = list(dues(now, zones, [asker, *others]))
            with psql.transaction(rolled_back=True):
                psql.run("SET LOCAL session_replication_role = replica")
                rows = psql.run(
                    "INSERT INTO tasks (user_id, title, version, due) SELECT 7, 'x', 1, NULLIF(due, 'null') "
                    "FROM jsonb_array_elements($1) AS due RETURNING id, due",
                    [*every, None],
                )
                due = [row for row in rows if row["due"]]
                assert len(due) == len(every)
                overdue = {row["id"] for row in due if zones.moment(row["due"], asker) <= now}
                today = {row["id"] for row in due if zones.is_today(row["due"], asker, now)}
                assert found(psql, "overdue", asker, now) == overdue
                assert found(psql, "today", asker, now) == today
                assert overdue
                assert today

        check()


def test_one_that_cannot_be_read_spoils_no_list(psql: Psql) -> None:
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    unreadable: list[Any] = [
        *("2026-11-22", [], {}, {"date": 1}, {"date": "x", "time": None, "time_zone": None}),
        *({"date": "2026-11-22", "time": time, "time_zone": None} for time in ("x", "25:00", 5)),
        {"date": "2026-02-30", "time": None, "time_zone": None},
    ]
    with psql.transaction(rolled_back=True):
        tasks = {psql.create("x", due=due)[0] for due in unreadable}
        [nowhere] = psql.create("x", due={"date": "2026-11-22", "time": "11:00", "time_zone": "Europe/Nowhere"})
        [readable] = psql.create("x", due={"date": "2026-11-22", "time": "11:00", "time_zone": "UTC"})
        for listed in (found(psql, "overdue", "UTC", now), found(psql, "today", "UTC", now)):
            assert (nowhere in listed, listed - tasks) == (False, {readable})
