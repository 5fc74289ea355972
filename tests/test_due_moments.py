"""The moment at which a task is overdue, case by case; `tests/properties/test_due.py` compares it with Python's."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.psql import Psql, with_task_functions
from tests.support.time_zones import CANONICAL, EVERY_NAME, of_the_package

MOMENTS = (
    "SELECT array_agg(due_moment(due, $2) ORDER BY n) "
    "FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS each (due, n)"
)


class Sql(Psql):
    """A session that asks for moments."""

    def moments(self, dues: list[Any], time_zone: str) -> list[datetime | None]:
        """Return the moment of each."""
        found: list[datetime | None] = self.value(MOMENTS, dues, time_zone)
        return found

    def moment(self, day: str, at: str | None = None, own: str | None = None, asker: str = "UTC") -> datetime | None:
        """Return one moment."""
        [found] = self.moments([{"date": day, "time": at, "time_zone": own}], asker)
        return found


@pytest.fixture(scope="module")
def sql() -> Iterator[Sql]:
    with with_task_functions(Sql) as session:
        yield session


@pytest.mark.parametrize(
    ("day", "at", "zone", "expected"),
    [
        ("2026-12-01", None, "Europe/Berlin", "2026-12-01T23:00Z"),
        ("2026-12-01", "17:00", "Europe/Berlin", "2026-12-01T16:00Z"),
        ("2026-12-01", "17:00:30", "Europe/Berlin", "2026-12-01T16:00:30Z"),
        ("2026-10-25", "02:30", "Europe/Berlin", "2026-10-25T00:30Z"),  # occurs twice
        ("2026-03-29", "02:30", "Europe/Berlin", "2026-03-29T01:30Z"),  # does not exist: half an hour after the change
        ("2026-11-01", "01:30", "America/New_York", "2026-11-01T05:30Z"),
        ("2018-11-03", None, "America/Sao_Paulo", "2018-11-04T03:00Z"),  # the next day begins at one o'clock
        ("2026-11-01", "00:30", "America/Havana", "2026-11-01T04:30Z"),  # midnight comes twice
        ("2026-10-31", None, "America/Havana", "2026-11-01T04:00Z"),
        ("2011-12-29", None, "Pacific/Apia", "2011-12-30T10:00Z"),  # the next day is left out
        ("2011-12-30", "12:00", "Pacific/Apia", "2011-12-30T22:00Z"),
        ("1993-08-21", "12:00", "Pacific/Kwajalein", "1993-08-22T00:00Z"),  # is left out
        ("1969-09-30", "12:00", "Pacific/Kwajalein", "1969-09-30T01:00Z"),  # comes twice, 23 hours apart
        ("2028-02-28", None, "UTC", "2028-02-29T00:00Z"),
        ("2028-02-29", None, "UTC", "2028-03-01T00:00Z"),
        ("0001-01-01", "00:00", "UTC", "0001-01-01T00:00Z"),
        ("2026-07-01", "12:00", "CET", "2026-07-01T10:00Z"),  # which is summer time
        ("2026-07-01", "12:00", "EST", "2026-07-01T17:00Z"),
        ("2026-07-01", "12:00", "Asia/Calcutta", "2026-07-01T06:30Z"),
        ("2026-07-01", "12:00", "Etc/GMT+5", "2026-07-01T17:00Z"),
    ],
)
def test_moments_to_be_read(sql: Sql, day: str, at: str | None, zone: str, expected: str) -> None:
    own = zone if at else None
    assert sql.moment(day, at, own, zone) == sql.moment(day, at, None, zone) == datetime.fromisoformat(expected)


def test_the_settings_of_the_session_do_not_matter(sql: Sql) -> None:
    twice = ("2026-10-25", "02:30", "Europe/Berlin")
    expected = sql.moment(*twice)
    for setting, value in (
        *(("TimeZone", name) for name in ("Europe/Berlin", "Asia/Tokyo")),
        *(("DateStyle", "German, DMY"), ("IntervalStyle", "sql_standard")),
    ):
        sql.value(f"SET {setting} = '{value}'")
        assert sql.moment(*twice) == expected
    sql.value("RESET ALL")


def test_every_time_zone_has_a_name_that_every_postgresql_knows(sql: Sql) -> None:
    """Also that of Debian, without its package of former names."""
    canonical = {name: sql.value("SELECT canonical_time_zone($1)", name) for name in EVERY_NAME}
    known = set(sql.value("SELECT array_agg(name) FROM pg_timezone_names"))
    abbreviations = sql.value("SELECT array_agg(abbrev) FROM pg_timezone_abbrevs")
    assert {name for name in canonical.values() if name.upper() in abbreviations} == {"GMT", "UTC"}
    by_rule = {
        "CST6CDT",
        "EST5EDT",
        "MST7MDT",
        "PST8PDT",
    }  # which PostgreSQL reads as POSIX has it, where it has no data
    assert set(canonical.values()) - known <= by_rule
    assert {name for name in canonical.values() if "/" not in name} <= by_rule | {"GMT", "UTC", "Factory"}
    for name in ("Asia/Calcutta", "Europe/Kiev", "US/Eastern", "America/Buenos_Aires", "Zulu", "CET", "EST", "MST"):
        assert canonical[name] != name
    for name in ("Asia/Kolkata", "Europe/Oslo", "America/Creston", "Etc/GMT+5"):
        assert canonical[name] == name


@pytest.mark.parametrize(("name", "meant"), CANONICAL.items())
def test_a_former_name_means_the_same_time_zone(name: str, meant: str) -> None:
    one, another = of_the_package(name), of_the_package(meant)
    for year in range(1800, 2040):
        noon = datetime(year, 7, 1, 12)
        assert noon.replace(tzinfo=one).utcoffset() == noon.replace(tzinfo=another).utcoffset()


READABLE = {"date": "2026-12-01", "time": "17:00", "time_zone": "Europe/Berlin"}
NO_DATES: list[Any] = [
    *(None, "", 1, {}, "today", "infinity", "20261201", "2026-1-1", "2026-12-01\n", "2026-12-01 BC"),
    *("2026-02-29", "2026-13-01", "0000-01-01", "12026-01-01", "-2026-01-01"),
]
NO_TIMES: list[Any] = ["", 17, "now", "17", "7:00", "24:00", "25:00", "17:60", "17:00:60", "17:00:00.5", "17:00Z"]
NO_ZONES = ["", "Nowhere", "Europe/Nowhere", "../etc/passwd", "x" * 5000]
UNREADABLE: list[Any] = [
    *(None, "2026-12-01", 20261201, [], ["date"], {}, True),
    *({**READABLE, "date": date} for date in NO_DATES),
    *({**READABLE, "time": time} for time in NO_TIMES),
    *({**READABLE, "time_zone": zone} for zone in NO_ZONES),
]


@pytest.mark.parametrize("due", UNREADABLE, ids=lambda due: json.dumps(due)[:60])
def test_what_cannot_be_read_is_due_never(sql: Sql, due: object) -> None:
    assert sql.moments([due, READABLE], "UTC") == [None, sql.moment("2026-12-01", "17:00", "Europe/Berlin")]


def test_an_asker_in_no_known_zone_is_told_nothing(sql: Sql) -> None:
    for zone in NO_ZONES:
        assert sql.moment("2026-12-01", asker=zone) is None
        assert sql.moment("2026-12-01", "17:00", asker=zone) is None
        assert sql.moment("2026-12-01", "17:00", "UTC", zone) == datetime(2026, 12, 1, 17, tzinfo=UTC)


def test_the_last_day_that_can_be_written(sql: Sql) -> None:
    assert sql.value("SELECT due_moment('{\"date\": \"9999-12-31\"}', 'UTC') > '9999-12-31T23:59Z'") is True
