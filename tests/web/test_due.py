"""When the page takes a task for overdue or due today: as the service does, and as Python's time zones have it."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.support.list_model import due_moment
from tests.support.time_zones import of_the_package
from tests.support.web_modules import Modules
from tests.support.web_page import Json, create

STATES = """({ isOverdue, isToday }, [dues, now, zone]) =>
    dues.map((due) => [isOverdue(due, new Date(now), zone), isToday(due, new Date(now), zone)])"""
MOMENTS = """({ dueInstant }, cases) =>
    cases.map(([due, zone]) => dueInstant(due, zone)?.toISOString().replace(".000", "") ?? null)"""
# With every kind of change: by an hour, half an hour and two, at midnight, over a whole day, and none any more.
ZONES = [
    *("Europe/Berlin", "Europe/Dublin", "America/New_York", "America/St_Johns", "America/Havana", "America/Sao_Paulo"),
    *(
        "Pacific/Apia",
        "Australia/Lord_Howe",
        "Pacific/Chatham",
        "Antarctica/Troll",
        "Asia/Kolkata",
        "Asia/Beirut",
        "UTC",
    ),
    *("Pacific/Kiritimati", "Pacific/Pago_Pago"),
]


def a_due(date: str, time: str | None = None, zone: str | None = None) -> Json:
    return {"date": date, "time": time, "time_zone": zone}


def dues_around(now: datetime) -> Iterator[Json]:
    """Return due dates of each kind, which may or may not be overdue or due today somewhere."""
    draw = random.Random(str(now.date()))  # noqa: S311
    for _ in range(400):
        there = draw.choice(ZONES)
        hours = draw.choice((0, 1, 24, 72)) * draw.uniform(-1, 1)
        at = (now + timedelta(hours=hours)).astimezone(ZoneInfo(there))
        time = draw.choice((f"{at:%H:%M}", f"{at:%H:%M:%S}", None, "00:00", "23:59:59"))
        yield a_due(f"{at:%Y-%m-%d}", time, draw.choice((there, None)) if time else None)


def changes_of_the_clocks(zone: ZoneInfo) -> Iterator[datetime]:
    """Yield the moments, to the hour, before which clocks are changed."""
    moment, until = datetime(2005, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    while moment < until:
        later = moment + timedelta(days=7)
        if moment.astimezone(zone).utcoffset() != later.astimezone(zone).utcoffset():
            while moment.astimezone(zone).utcoffset() == (moment + timedelta(hours=1)).astimezone(zone).utcoffset():
                moment += timedelta(hours=1)
            yield moment
        moment = later


def test_lists_of_the_service_name_the_same_tasks(modules: Modules, client: httpx.Client, alice: int) -> None:
    tasks = create(client, alice, *({"title": "a", "due": due} for due in dues_around(datetime.now(UTC))))
    dues = [task["due"] for task in tasks]
    seen = set()
    for zone in ZONES:
        before = modules.run("due.js", STATES, [dues, datetime.now(UTC).isoformat(), zone])
        named = [
            {task["id"] for task in client.get(f"/users/{alice}/tasks?due={state}&time_zone={zone}").json()}
            for state in ("overdue", "today")
        ]
        after = modules.run("due.js", STATES, [dues, datetime.now(UTC).isoformat(), zone])
        for task, *states in zip(tasks, before, after, strict=True):
            answer = [task["id"] in each for each in named]
            # A moment may have come meanwhile.
            assert all(one in both for one, both in zip(answer, zip(*states, strict=True), strict=True)), (task, zone)
            seen.add(tuple(answer))
    assert seen == {(False, False), (False, True), (True, False), (True, True)}


def test_moments_around_every_change_of_the_clocks(modules: Modules) -> None:
    cases, expected = [], []
    for name in ZONES:
        zone = of_the_package(name)
        for change in changes_of_the_clocks(zone):
            for minutes in range(-180, 240, 30):
                at = (change + timedelta(minutes=minutes)).astimezone(zone).replace(tzinfo=None)
                # As written: times that are left out come from those around them.
                for clock in (at, at + timedelta(hours=1)):
                    due = a_due(f"{clock:%Y-%m-%d}", f"{clock:%H:%M}", name)
                    cases.append([due, "UTC"])
                    expected.append(f"{due_moment_in(due, zone):%Y-%m-%dT%H:%M:%SZ}")
            day = a_due(f"{at:%Y-%m-%d}")
            cases.append([day, name])
            expected.append(f"{due_moment_in(day, zone):%Y-%m-%dT%H:%M:%SZ}")
    assert len(cases) > 5_000
    found = modules.run("due.js", MOMENTS, cases)
    assert [each for each in zip(cases, found, expected, strict=True) if each[1] != each[2]] == []


def due_moment_in(due: Json, zone: ZoneInfo) -> datetime:
    return due_moment({**due, "time_zone": None}, zone)


@pytest.mark.parametrize(
    ("due", "zone", "expected"),
    [
        (a_due("2026-10-25", "02:30", "Europe/Berlin"), "UTC", "2026-10-25T00:30:00Z"),  # occurs twice
        (a_due("2026-03-29", "02:30", "Europe/Berlin"), "UTC", "2026-03-29T01:30:00Z"),  # does not exist
        (a_due("2018-11-03"), "America/Sao_Paulo", "2018-11-04T03:00:00Z"),  # the next day begins at one o'clock
        (a_due("2011-12-30", "12:00", "Pacific/Apia"), "UTC", "2011-12-30T22:00:00Z"),  # the day was left out
        (a_due("2028-02-29"), "UTC", "2028-03-01T00:00:00Z"),
        (a_due("2028-02-29", "23:59:59"), "Asia/Tokyo", "2028-02-29T14:59:59Z"),
        (a_due("0001-01-01", "00:00"), "UTC", "0001-01-01T00:00:00Z"),
        (a_due("9999-12-31", "12:00", "Asia/Tokyo"), "UTC", "9999-12-31T03:00:00Z"),
        (a_due("2026-12-01", "17:00", "Mars/Base"), "UTC", None),
    ],
)
def test_moments_to_be_read(modules: Modules, due: Json, zone: str, expected: str | None) -> None:
    assert modules.run("due.js", MOMENTS, [[due, zone]]) == [expected]


def test_what_is_overdue_and_what_is_today(modules: Modules) -> None:
    def states(due: Json | None, now: str, zone: str) -> Any:
        [found] = modules.run("due.js", STATES, [[due], now, zone])
        return found

    overdue, today = [True, False], [False, True]
    neither, both = [False, False], [True, True]
    for due, now, zone, expected in [
        (a_due("2028-02-29"), "2028-02-29T23:59:59.999Z", "UTC", today),
        (a_due("2028-02-29"), "2028-03-01T00:00Z", "UTC", overdue),
        (a_due("2028-02-29"), "2028-02-29T15:00Z", "Asia/Tokyo", overdue),
        (a_due("2028-02-29"), "2028-02-28T15:00Z", "Asia/Tokyo", today),
        (a_due("2028-02-29", "17:00"), "2028-02-29T16:59Z", "UTC", today),
        (a_due("2028-02-29", "17:00"), "2028-02-29T17:00Z", "UTC", both),
        (a_due("2028-02-29", "17:00"), "2028-02-28T17:00Z", "UTC", neither),
        # In Tokyo it is the first of March when it is five in the afternoon in Los Angeles.
        (a_due("2028-02-29", "17:00", "America/Los_Angeles"), "2028-02-29T12:00Z", "Asia/Tokyo", neither),
        (a_due("2028-02-29", "17:00", "America/Los_Angeles"), "2028-02-29T15:00Z", "Asia/Tokyo", today),
        (a_due("2028-02-29", "17:00", "America/Los_Angeles"), "2028-03-01T01:00Z", "Asia/Tokyo", both),
        # As the service answers for a zone that it does not know.
        (a_due("2028-02-29", "17:00", "Mars/Base"), "2028-02-29T12:00Z", "UTC", neither),
        (a_due("2028-02-29", "17:00", "Mars/Base"), "2028-03-01T12:00Z", "UTC", neither),
        (a_due("2028-02-29", "17:00", "Mars/Base"), "2028-03-02T00:00Z", "UTC", overdue),
        (a_due("0001-01-01"), "2028-02-29T12:00Z", "Asia/Tokyo", overdue),
        (a_due("9999-12-31"), "2028-02-29T12:00Z", "Asia/Tokyo", neither),
        (None, "2028-02-29T12:00Z", "UTC", neither),
    ]:
        assert states(due, now, zone) == expected, (due, now, zone)


def test_a_person_is_where_the_browser_is(modules: Modules) -> None:
    assert modules.run("due.js", "({ personZone }) => personZone()") in ("Asia/Kathmandu", "Asia/Katmandu")
    unknown = """({ personZone }) => {
        Intl.DateTimeFormat.prototype.resolvedOptions = () => ({ timeZone: "Etc/Unknown" });
        return personZone();
    }"""
    assert modules.run("due.js", unknown) == "UTC"
