"""What a due date may be: days that the calendar has, times of day, time zones by their exact names."""

from datetime import date, time
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from donebase.core.due import Due
from tests.support.time_zones import EVERY_NAME, of_the_package

DUE: TypeAdapter[Any] = TypeAdapter(Due)
few = settings(max_examples=200, derandomize=True)


def faults(due: object) -> list[tuple[Any, str]]:
    """Return where a due date is wrong, and the code of each fault."""
    try:
        DUE.validate_python(due)
    except ValidationError as refused:
        return [(fault["loc"][-1] if fault["loc"] else None, fault["type"]) for fault in refused.errors()]
    return []


@pytest.mark.parametrize("year", [0, 1, 4, 1900, 2000, 2026, 2028, 9999])
def test_a_date_is_one_that_the_calendar_has(year: int) -> None:
    for month, day in product(range(14), range(33)):
        text = f"{year:04}-{month:02}-{day:02}"
        try:
            date.fromisoformat(text)
        except ValueError:
            assert faults({"date": text}) == [("date", "invalid_date")]
        else:
            assert DUE.validate_python({"date": text}) == {"date": text, "time": None, "time_zone": None}


@few
@given(st.times())
def test_a_time_is_kept_as_it_was_meant(at: time) -> None:
    seconds = f"{at:%H:%M:%S}"
    expected = f"{at:%H:%M}" if at.second == 0 else seconds
    for text in (seconds, expected):
        assert DUE.validate_python({"date": "2026-12-01", "time": text})["time"] == expected


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        *(({"date": text}, ("date", "invalid_date")) for text in ("", "today", "2026-1-1", "20261201", "2026-W49-2")),
        *(
            ({"date": text}, ("date", "invalid_date"))
            for text in ("2026-12-01\n", " 2026-12-01", "\uff12026-12-01", "2026/12/01")
        ),
        *(({"date": text}, ("date", "invalid_date")) for text in ("12026-01-01", "-001-01-01", "2026-12-01T17:00")),
        *(
            ({"time": text}, ("time", "invalid_time"))
            for text in ("", "7:00", "24:00", "17:60", "17:00:60", "17", "1700")
        ),
        *(
            ({"time": text}, ("time", "invalid_time"))
            for text in ("17:00Z", "17:00:00.5", "5 pm", "17:00\n", "\uff117:00")
        ),
        *(
            ({"time_zone": text}, ("time_zone", "unknown_time_zone"))
            for text in ("", "Nowhere", "europe/berlin", "+01:00")
        ),
        *(
            ({"time_zone": text}, ("time_zone", "unknown_time_zone"))
            for text in ("../etc/passwd", "localtime", "PST", "UTC+3")
        ),
        *(
            ({"time_zone": text}, ("time_zone", "unknown_time_zone"))
            for text in ("Europe", "Europe/", "zones", "posixrules")
        ),
        ({"time": None}, ("time_zone", "needs_time")),
        ({"at": "17:00"}, ("at", "extra_forbidden")),
        *(({name: 17}, (name, "string_type")) for name in ("date", "time", "time_zone")),
        ({"date": None}, ("date", "string_type")),
    ],
)
def test_what_a_due_date_is_not(members: dict[str, Any], fault: tuple[str, str]) -> None:
    assert faults({"date": "2026-12-01", "time": "17:00", "time_zone": "Europe/Berlin", **members}) == [fault]


@pytest.mark.parametrize("due", ["2026-12-01", 20261201, [], ["2026-12-01"], True, 1.5])
def test_it_is_an_object(due: object) -> None:
    assert [code for _, code in faults(due)] == ["wrong_type"]


def test_every_time_zone_is_known_by_its_exact_name() -> None:
    assert len(EVERY_NAME) > 500
    for name in EVERY_NAME:
        assert of_the_package(name)
        assert faults({"date": "2026-12-01", "time": "17:00", "time_zone": name}) == []
        if name.lower() not in EVERY_NAME:
            assert faults({"date": "2026-12-01", "time": "17:00", "time_zone": name.lower()}) != []
