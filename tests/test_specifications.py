"""Every requirement of the specifications is listed, and what the lists of requirements and promises name exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SECTIONS = re.split(r"^## ", (ROOT / "docs" / "development" / "specifications.md").read_text(), flags=re.MULTILINE)[1:]
ROWS = {
    section[:3]: re.findall(r"^\| ([^|]+?) \| ([^|]+?) \| ([^|]+?) \|$", section, re.MULTILINE)[1:]
    for section in SECTIONS
}
PROMISES = (ROOT / "docs" / "promises.md").read_text()
PLACES = sorted(
    {place for rows in ROWS.values() for row in rows for place in re.findall(r"`([^`]+)`", row[2])}
    | set(re.findall(r"`(tests/[^`]+)`", PROMISES))
)


def numbered(last: int) -> set[str]:
    return {f"T{number:03}" for number in range(1, last + 1)}


@pytest.mark.parametrize(
    ("specification", "requirements"),
    [
        ("000", numbered(35) | {f"Capability {letter}" for letter in "ABCD"}),
        ("001", numbered(49) | {f"User story {number}" for number in range(1, 5)}),
        ("002", numbered(45) | {f"User story {number}" for number in range(1, 4)}),
        (
            "003",
            {f"Scenario {number}" for number in range(1, 11)}
            | {f"Endpoint {number}" for number in range(1, 7)}
            | {f"Decision {number}" for number in range(1, 9)}
            | {f"Layer {number}" for number in range(1, 7)}
            | {f"Risk {number}" for number in range(1, 5)}
            | {f"Next {number}" for number in range(1, 5)}
            | {f"Future {number}" for number in range(1, 8)}
            | {"Goal", "Constraint", "Scope"},
        ),
        (
            "API",
            {f"Task {number}" for number in range(1, 15)}
            | {f"Address {number}" for number in range(1, 18)}
            | {f"List {number}" for number in range(1, 14)}
            | {f"Access {number}" for number in range(1, 29)}
            | {f"Protocol {number}" for number in range(1, 5)},
        ),
        ("Pag", {f"Page {number}" for number in range(1, 31)}),
    ],
)
def test_every_requirement_has_a_row_that_names_something(specification: str, requirements: set[str]) -> None:
    rows = ROWS[specification]
    assert [identifier for identifier, _, _ in rows if identifier in requirements] == [row[0] for row in rows]
    assert {row[0] for row in rows} == requirements
    assert len(rows) == len(requirements)
    assert all(re.search(r"`[^`]+`", shown) for _, _, shown in rows)


def is_there(place: str) -> bool:
    path, _, test = place.partition("::")
    return (ROOT / path).is_file() and (not test or f"\ndef {test}(" in (ROOT / path).read_text())


def test_what_a_row_names_exists() -> None:
    assert [place for place in PLACES if not is_there(place)] == []


def test_every_outage_is_a_promise() -> None:
    for path in (ROOT / "tests" / "outages").glob("test_*.py"):
        assert f"`tests/outages/{path.name}" in PROMISES
