"""`make screenshots`: the pictures of docs/images, of the real page with tasks of a person's day.

They are in the fonts of the machine. Arguments are folders: the pictures go there instead.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from playwright.sync_api import Browser, expect

from tests.support.browser import chromium, new_context
from tests.support.databases import a_database_with_tables, postgresql_of_the_run
from tests.support.made_once import folder_of_the_run
from tests.support.processes import Service
from tests.support.web_page import Json, create

IMAGES = Path(__file__).parents[1] / "docs/images"
NOW = "2026-12-01T08:30:00+01:00"
WINDOWS: dict[str, Json] = {
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
    "desktop": {"viewport": {"width": 1440, "height": 900}},
}
SCHEMES = ("light", "dark")
TASKS: list[Json] = [
    {"title": "Buy oat milk, bread and coffee", "due": {"date": "2026-12-01", "time": "17:30"}, "tags": ["shop"]},
    {"title": "Send the invoice for November", "priority": "high", "due": {"date": "2026-11-30"}, "tags": ["work"]},
    {
        "title": "Call grandmother 🎂",
        "description": "She is 84 today. Ask about the recipe for the plum cake.",
        "due": {"date": "2026-12-01"},
        "priority": "medium",
        "tags": ["family"],
    },
    {
        "title": "Talk with the team in New York",
        "due": {"date": "2026-12-03", "time": "10:00", "time_zone": "America/New_York"},
        "tags": ["work", "calls"],
    },
    {"title": "حجز تذاكر القطار إلى أسوان", "due": {"date": "2026-12-12"}, "tags": ["سفر"]},
    {"title": "Return the library books", "completed": True},
    {"title": "Water the plants", "priority": "low", "completed": True, "tags": ["home"]},
]


@contextmanager
def a_service() -> Iterator[Service]:
    """Start a service with those tasks for user 1, stop it at the end, and yield it."""
    with (
        folder_of_the_run(),
        postgresql_of_the_run(),
        a_database_with_tables() as url,
        tempfile.TemporaryDirectory() as folder,
        Service(Path(folder), DATABASE_URL=url) as service,
        httpx.Client(base_url=service.ready().address) as client,
    ):
        create(client, 1, *TASKS)
        yield service


def take(browser: Browser, service: Service, images: Path) -> None:
    """Make the pictures in a folder."""
    for name, window in WINDOWS.items():
        for scheme in SCHEMES:
            where = {"color_scheme": scheme, "locale": "en-GB", "timezone_id": "Europe/Berlin"}
            with new_context(browser, **window, **where, reduced_motion="reduce") as context:
                page = context.new_page()
                page.clock.set_fixed_time(NOW)
                page.goto(f"{service.address}/?user=1")
                expect(page.locator(".task")).to_have_count(len(TASKS))
                page.evaluate("document.fonts.ready")
                page.screenshot(path=images / f"{name}-{scheme}.png")


def main(folders: list[str]) -> None:
    """Make the pictures."""
    for images in [Path(folder) for folder in folders] or [IMAGES]:
        images.mkdir(parents=True, exist_ok=True)
        with a_service() as service, chromium() as browser:
            take(browser, service, images)


if __name__ == "__main__":
    main(sys.argv[1:])
