"""A Chromium of its own, which keeps what it knows in a folder, and can be killed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Browser, BrowserContext

from tests.support.browser import ALONE
from tests.support.programs import program
from tests.support.waiting import DEADLINE


@contextmanager
def killable_browser(browser: Browser, profile: Path, **options: Any) -> Iterator[BrowserContext]:
    """Start another Chromium, with the options of a context. At the end it is killed."""
    context = browser.browser_type.launch_persistent_context(
        profile, executable_path=program("chromium", "chromium"), args=ALONE, timeout=DEADLINE * 1000, **options
    )
    context.set_default_timeout(DEADLINE * 1000)
    [process] = [each for each in psutil.process_iter(["cmdline"]) if _is_browser(each.info["cmdline"], profile)]
    try:
        yield context
    finally:
        process.kill()
        context.wait_for_event("close")


def _is_browser(line: list[str] | None, profile: Path) -> bool:
    return f"--user-data-dir={profile}" in (line or []) and not any(part.startswith("--type=") for part in line or [])
