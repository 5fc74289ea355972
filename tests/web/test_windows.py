"""The windows that tests of the page are made of: they report what a page complains of."""

import pytest
from playwright.sync_api import Browser

from tests.support.processes import Service
from tests.support.web_page import NewPage


def test_what_a_page_complains_of_fails_a_test_that_does_not_expect_it(browser: Browser, service: Service) -> None:
    new_page = NewPage(browser)
    page = new_page(service, "?user=1", viewport={"width": 390, "height": 844}, color_scheme="dark", bypass_csp=True)
    beside = new_page(service, "?user=1", beside=page)
    assert beside.evaluate("matchMedia('(prefers-color-scheme: dark) and (width: 390px)').matches")
    page.evaluate("fetch('/users/0/tasks')")
    page.evaluate("fetch('http://elsewhere.example/').catch(() => 0)")
    page.evaluate("setTimeout(() => { throw new Error('oops') })")
    with page.expect_console_message(lambda said: said.text == "the last"):
        page.evaluate("setTimeout(() => console.info('the last'))")
    with pytest.raises(AssertionError) as failure:
        new_page.close()
    for complaint in ("status of 400", "asked elsewhere: http://elsewhere.example/", "uncaught: oops"):
        assert complaint in str(failure.value)
