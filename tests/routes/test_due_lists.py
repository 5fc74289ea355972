"""Lists of what is due today and what is overdue, at every address: they follow the clock, and who asks."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from tests.support.databases import fetchval
from tests.support.families import USERS, Family
from tests.support.waiting import wait_for

# A day there is over here whenever it is: the clocks are 25 hours apart.
LAST, FIRST = "Pacific/Pago_Pago", "Pacific/Kiritimati"


def titles(client: httpx.Client, family: Family, user: int, **query: str) -> list[str]:
    """Return the titles of a user's tasks that a list contains."""
    response = client.get(family.address(user), params=query)
    assert response.status_code == 200, response.text
    return [task["title"] for task in response.json() if task["user_id"] == user]


def at(moment: datetime, time_zone: str) -> dict[str, Any]:
    """Return the due date that is a moment, as it is written in a time zone."""
    there = moment.astimezone(ZoneInfo(time_zone))
    return {"date": f"{there:%Y-%m-%d}", "time": f"{there:%H:%M:%S}", "time_zone": time_zone}


def test_a_day_is_over_for_one_and_not_for_another(client: httpx.Client, family: Family, alice: int) -> None:
    before = None
    while before != (day := datetime.now(ZoneInfo(LAST)).date()):  # once more if midnight comes in between
        before = day
        day_there = family.created(client, alice, title=f"of {day}", due={"date": f"{day}"})["title"]
        asked = [(due, zone) for due in ("overdue", "today") for zone in (LAST, FIRST)]
        found = [titles(client, family, alice, due=due, time_zone=zone) for due, zone in asked]
        found = [[title for title in each if title == day_there][:1] for each in found]
    assert found == [[], [day_there], [day_there], []]


def is_written_once(moment: datetime, time_zone: str) -> bool:
    """Tell whether the clocks of a time zone show the time of a moment once, and not again an hour later."""
    there = moment.astimezone(ZoneInfo(time_zone))
    return there.replace(fold=0).utcoffset() == there.replace(fold=1).utcoffset()


def test_an_instant_is_the_same_for_everybody(client: httpx.Client, family: Family, alice: int) -> None:
    zones = (FIRST, LAST, "Europe/Berlin", "CET")
    past, to_come = datetime.now(UTC) - timedelta(minutes=1), datetime.now(UTC) + timedelta(hours=1)
    while not all(is_written_once(past, zone) for zone in zones):
        past -= timedelta(hours=1)
    while not all(is_written_once(to_come, zone) for zone in zones):
        to_come += timedelta(hours=1)
    for zone in zones:
        family.created(client, alice, title=f"past in {zone}", due=at(past, zone))
        family.created(client, alice, title=f"to come in {zone}", due=at(to_come, zone))
    for asker in (FIRST, LAST, "UTC", "America/St_Johns"):
        found = titles(client, family, alice, due="overdue", time_zone=asker)
        assert sorted(found) == sorted(f"past in {zone}" for zone in zones)


def test_a_task_becomes_overdue_while_nobody_writes(client: httpx.Client, owned: Family, alice: int) -> None:
    """What a client has kept of such a list is not confirmed by a number alone."""
    address, query = owned.address(alice), {"due": "overdue"}
    nothing = client.get(address, params=query)
    soon = at(datetime.now(UTC) + timedelta(seconds=2), "Asia/Tokyo")
    task = owned.created(client, alice, due=soon)
    kept = client.get(address, params=query)

    def asked_again() -> bool:
        response = client.get(address, params=query, headers={"If-None-Match": kept.headers["etag"]})
        return response.status_code == 200 and response.json() == [task]

    assert nothing.json() == []
    wait_for(asked_again)
    assert client.get(address, params={"due": "overdue", "count": "true"}).headers["x-total-count"] == "1"
    for due in ("overdue", "today"):
        confirmed = client.get(address, params={"due": due}, headers={"If-None-Match": f'W/"{kept.headers["change"]}"'})
        assert confirmed.status_code == 200


def test_a_due_date_that_nobody_can_read_spoils_no_list(
    client: httpx.Client, database_url: str, family: Family, alice: int
) -> None:
    """As somebody has written it by hand, or a newer service in a time zone that this PostgreSQL does not know."""
    now = datetime.now(UTC)
    past = at(now - timedelta(minutes=1), "UTC")
    family.created(client, alice, title="readable", due=past)
    stranger = past | {"time_zone": "Europe/Nowhere"}
    for due in (stranger, {"date": f"{now:%Y-%m-%d}", "time": "25:00", "time_zone": None}):
        task = family.created(client, alice, title="not readable")
        fetchval(database_url, "UPDATE tasks SET due = $2::text::jsonb WHERE id = $1", task["id"], json.dumps(due))
        read = family.read(client, alice, task["id"])
        assert (read.status_code, read.json()["due"]) == (200, due)
        assert family.change(client, alice, task["id"], priority="high").status_code == 200
    assert titles(client, family, alice, due="overdue") == ["readable"]
    titles(client, family, alice, due="today")
    for query in ({"due": "any"}, {"sort": "due"}, {"sort": "-due"}, {"due_from": past["date"]}):
        assert "readable" in titles(client, family, alice, **query)
    assert titles(client, USERS, alice, due="any", sort="title") == ["not readable", "not readable", "readable"]
