"""Dates, times and numbers in the page are written as the locale of the browser has them."""

import re

import pytest

from tests.support.processes import Service
from tests.support.web_modules import Modules
from tests.support.web_page import NewPage

Written = tuple[str, str | None, str | None]

NOW = "2026-11-22T09:00:00Z"  # a Sunday
DUES: list[Written] = [
    *(("2026-11-22", None, None), ("2026-11-23", "17:00", None), ("2026-11-21", "08:05:07", None)),
    *(("2026-11-28", None, None), ("2026-11-29", None, None), ("2026-11-20", None, None)),
    *(("2026-12-31", "00:00", None), ("2027-01-01", None, None), ("2025-11-22", None, None)),
]
ELSEWHERE: list[Written] = [
    ("2026-11-22", "17:00", "America/Los_Angeles"),  # tomorrow where the person is
    ("2026-11-22", "17:00", "Africa/Lagos"),  # where clocks show the same
    ("2026-11-22", "17:00", "Mars/Base"),
]
WORDS = """async ({ dueWords, instantWords, numberWords }, [texts, now, dues]) => {
    (await import(texts)).setLanguage(null);
    const words = dues.map(([date, time, time_zone]) => dueWords({ date, time, time_zone }, new Date(now)));
    return [...words, instantWords("2026-11-22T08:00:00.123456Z", new Date(now)), numberWords(1234567.5)];
}"""


def written(
    new_page: NewPage, service: Service, locale: str, dues: list[tuple[str, str | None, str | None]]
) -> list[str]:
    """Return how due dates, a moment and a number are written, with plain spaces and without commas."""
    modules = Modules(new_page, service, locale=locale, timezone_id="Europe/Berlin")
    words = modules.run("locale.js", WORDS, [modules.address("texts.js"), NOW, dues])
    return [plain(text) for text in words]


def plain(text: str) -> str:
    """Return a text without what changes from one version of the browser's data to the next."""
    return re.sub("[,،\u2066-\u2069]", "", " ".join(text.split()))


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        (
            "en-US",
            [
                *("Today", "Tomorrow, 5:00 PM", "Yesterday, 8:05:07 AM", "Saturday", "Sun, Nov 29", "Fri, Nov 20"),
                *("Thu, Dec 31, 12:00 AM", "Jan 1, 2027", "Nov 22, 2025", "Today, 9:00 AM", "1,234,567.5"),
            ],
        ),
        (
            "de-DE",
            [
                *("Today", "Tomorrow, 17:00", "Yesterday, 08:05:07", "Saturday", "Sun, 29 Nov", "Fri, 20 Nov"),
                *("Thu, 31 Dec, 00:00", "1 Jan 2027", "22 Nov 2025", "Today, 09:00", "1.234.567,5"),
            ],
        ),
        (
            "ar-EG",
            [
                *("اليوم", "غدًا، ٥:٠٠ م", "أمس، ٨:٠٥:٠٧ ص", "السبت", "الأحد، ٢٩ نوفمبر", "الجمعة، ٢٠ نوفمبر"),
                *("الخميس، ٣١ ديسمبر، ١٢:٠٠ ص", "١ يناير ٢٠٢٧", "٢٢ نوفمبر ٢٠٢٥", "اليوم، ٩:٠٠ ص", "١٬٢٣٤٬٥٦٧٫٥"),
            ],
        ),
    ],
)
def test_dates_times_and_numbers(new_page: NewPage, service: Service, locale: str, expected: list[str]) -> None:
    assert written(new_page, service, locale, DUES) == [plain(text) for text in expected]


def test_a_time_elsewhere_is_told_as_here_and_there(new_page: NewPage, service: Service) -> None:
    expected = ["Tomorrow, 2:00 AM (5:00 PM PST)", "Today, 5:00 PM", "Today, 5:00 PM (Mars/Base)"]
    assert written(new_page, service, "en-US", ELSEWHERE)[:3] == [plain(text) for text in expected]
