"""A browser, and for each test windows of its own."""

import secrets
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.support.browser import chromium
from tests.support.processes import Service
from tests.support.web_modules import Modules
from tests.support.web_page import NewPage


@pytest.fixture(scope="module")
def browser(database_url: str) -> Iterator[Browser]:
    """Chromium, after the database: it has an event loop in this thread, until the last test of a file."""
    assert database_url
    with chromium() as browser:
        yield browser


@pytest.fixture
def new_page(browser: Browser) -> Iterator[NewPage]:
    """Opens windows. The test fails at its end if a page complained of what the test did not expect."""
    new_page = NewPage(browser)
    yield new_page
    new_page.close()


@pytest.fixture(scope="module")
def modules(browser: Browser, service: Service) -> Iterator[Modules]:
    """The modules of the page that can be called without it, by an American in Nepal."""
    new_page = NewPage(browser)
    yield Modules(new_page, service, locale="en-US", timezone_id="Asia/Kathmandu")
    new_page.close()


@pytest.fixture
def alice() -> int:
    """A user nobody else has heard of, whose number JavaScript can hold."""
    return secrets.randbelow(2**53 - 1) + 1
