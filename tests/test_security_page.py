"""docs/security.md: every row of its tables names a test, and every risk that OWASP lists has a row."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "security.md").read_text()
ROWS = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)
# OWASP API Security Top 10, 2023: https://owasp.org/API-Security/editions/2023/en/0x11-t10/
RISKS = [
    "API1 Broken object level authorization",
    "API2 Broken authentication",
    "API3 Broken object property level authorization",
    "API4 Unrestricted resource consumption",
    "API5 Broken function level authorization",
    "API6 Unrestricted access to sensitive business flows",
    "API7 Server side request forgery",
    "API8 Security misconfiguration",
    "API9 Improper inventory management",
    "API10 Unsafe consumption of APIs",
]


def test_every_defence_is_shown_by_a_test() -> None:
    """Of the tables with tests; the others compare the modes and list OWASP's risks."""
    for section in re.split(r"^## ", PAGE, flags=re.MULTILINE):
        if "| shown by |" in section:
            rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
            assert rows
            for row in rows:
                assert "`tests/" in row.split(" | ")[-1], row


@pytest.mark.parametrize("place", sorted(set(re.findall(r"`(tests/[^`]+)`", PAGE))))
def test_what_a_row_names_exists(place: str) -> None:
    path, _, test = place.partition("::")
    assert (ROOT / path).is_file()
    if test:
        assert re.search(rf"^def {test}\(", (ROOT / path).read_text(), re.MULTILINE)


def test_every_risk_has_a_row_and_says_what_is_left_to_the_operator() -> None:
    risks = [row for row in ROWS if row[0].startswith("API")]
    assert [name for name, _, _ in risks] == RISKS
    assert all(left for _, _, left in risks)
