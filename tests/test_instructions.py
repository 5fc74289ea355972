"""The gate on instructions: what has grown fails, what is kept passes."""

from typing import Any

import pytest
from bench import instructions
from bench.callgrind import Instructions
from bench.instructions_report import faults, table

KEPT: dict[str, Any] = {
    "about": {"build": "3.11.7 (main)"},
    "operations": {"get": {"donebase": 300_000, "floor": 200_000}, "list": {"donebase": 800_000, "floor": 900_000}},
}


def changed(operation: str, donebase: int, floor: int, build: str = "3.11.7 (main)") -> dict[str, Any]:
    operations = KEPT["operations"] | {operation: {"donebase": donebase, "floor": floor}}
    return {"about": {"build": build}, "operations": operations}


def test_what_is_as_it_was_passes() -> None:
    assert list(faults(KEPT, KEPT)) == []


def test_an_operation_that_has_grown_by_more_than_3_percent_fails() -> None:
    assert list(faults(changed("get", 308_900, 200_000), KEPT)) == []
    assert list(faults(changed("get", 309_100, 200_000), KEPT)) == ["get has grown by 3.0%, and may by 3%"]
    assert list(faults(changed("list", 960_000, 900_000), KEPT)) == ["list has grown by 20.0%, and may by 3%"]


def test_an_operation_with_a_token_is_not_held_to_what_is_kept() -> None:
    """The tokens are looked for again after 10 seconds, however few requests callgrind has carried out by then."""
    assert list(faults(changed("get_token", 400_000, 200_000), changed("get_token", 250_000, 200_000))) == []
    assert list(faults(changed("get_token", 400_000, 200_000), KEPT)) == []


def test_growth_that_is_kept_passes() -> None:
    grown = changed("get", 400_000, 200_000)
    assert list(faults(grown, kept=grown)) == []


def test_what_grows_with_the_floor_passes() -> None:
    """Another processor or driver changes both."""
    assert list(faults(changed("get", 330_000, 220_000), KEPT)) == []


def test_another_build_of_python_may_differ_by_10_percent() -> None:
    assert list(faults(changed("get", 328_000, 200_000, "3.12.1 (main)"), KEPT)) == []
    assert list(faults(changed("get", 333_000, 200_000, "3.12.1 (main)"), KEPT)) == [
        "get has grown by 11.0%, and may by 10%"
    ]


def test_an_operation_that_is_missing_fails() -> None:
    get = KEPT | {"operations": {"get": KEPT["operations"]["get"]}}
    assert list(faults(get, KEPT)) == ["list is not counted"]
    assert list(faults(KEPT, get)) == ["list is not in the kept results"]
    floor = KEPT | {"operations": {each: {"floor": 1} for each in KEPT["operations"]}}
    assert sorted(faults(floor, KEPT)) == ["get is not counted", "list is not counted"]


def test_the_table_shows_growth_and_targets() -> None:
    now = changed("get", 200_000, 200_000)
    get, everything = table(now, KEPT).rows
    assert get == ["get", "200,000", "300,000", "200,000", "200,000", "-33.3%", "1.000 ≤ 1.15 met", "", ""]
    assert everything[6] == "0.889 > 0.85 MISSED"


def test_what_the_floor_does_not_have_is_held_against_its_plain_operation() -> None:
    poll = KEPT | {"operations": KEPT["operations"] | {"get_304": {"donebase": 230_000}}}
    assert table(poll, KEPT).rows[-1][6:] == ["1.150", "", "0.767 ≤ 0.8 met"]
    grown = KEPT | {"operations": KEPT["operations"] | {"get_304": {"donebase": 240_000}}}
    assert list(faults(grown, poll)) == ["get_304 has grown by 4.3%, and may by 3%"]


def test_a_write_is_held_against_what_it_cost_before_there_was_a_history() -> None:
    write = KEPT | {"operations": {"delete": {"donebase": 150_000, "floor": 100_000}}}
    assert table(write, write).rows[0][7] == "1.165 > 1.15 MISSED"


def test_what_timers_execute_meanwhile_is_not_counted() -> None:
    counted, idle = Instructions(50_900_000, 3.0), Instructions(600_000, 2.0)
    assert instructions.a_request(counted, idle, requests=100) == 500_000


def test_without_valgrind_the_package_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert instructions.main([]) == 1
    assert capsys.readouterr().out.startswith("valgrind is not installed (Debian: apt install valgrind).")
