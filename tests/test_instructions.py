"""The gate on instructions: what has grown fails, what is kept passes."""

from bench.instructions_report import faults

KEPT = {"get": {"donebase": 300_000, "floor": 200_000}, "list": {"donebase": 800_000, "floor": 900_000}}


def changed(operation: str, donebase: int, floor: int) -> dict[str, dict[str, int]]:
    return KEPT | {operation: {"donebase": donebase, "floor": floor}}


def test_what_is_as_it_was_passes() -> None:
    assert list(faults(KEPT, KEPT)) == []


def test_an_operation_that_has_grown_by_more_than_3_percent_fails() -> None:
    assert list(faults(changed("get", 308_900, 200_000), KEPT)) == []
    assert list(faults(changed("get", 309_100, 200_000), KEPT)) == ["get has grown by 3.0%, and may by 3%"]
    assert list(faults(changed("list", 960_000, 900_000), KEPT)) == ["list has grown by 20.0%, and may by 3%"]


def test_growth_that_is_kept_passes() -> None:
    grown = changed("get", 400_000, 200_000)
    assert list(faults(grown, kept=grown)) == []


def test_what_grows_with_the_floor_passes() -> None:
    """Another Python, driver or processor changes both."""
    assert list(faults(changed("get", 330_000, 220_000), KEPT)) == []


def test_an_operation_that_is_missing_fails() -> None:
    get = {"get": KEPT["get"]}
    assert list(faults(get, KEPT)) == ["list is in the kept results and was not counted"]
    assert list(faults(KEPT, get)) == ["list has no kept results"]
