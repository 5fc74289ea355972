"""The page tells truly whether the service is reached, whatever comes first, and whoever has sent what waited."""

from playwright.sync_api import expect

from tests.support.page_store import StoreWindow
from tests.support.processes import Service
from tests.support.web_page import NewPage
from tests.support.web_relay import BAD_GATEWAY, LOST, Said, web_relay

A_DAY = 24 * 60 * 60


def test_the_answer_that_was_waited_for_ends_an_outage(service: Service, new_page: NewPage, alice: int) -> None:
    """Nothing else draws the page again: the stream has told of the change before, and no time passes."""
    faults: list[Said] = [LOST]
    new_page.expect("favicon.ico", "ERR_")
    with web_relay(service.address) as network:
        network.rule = lambda asked: faults.pop() if asked.writes and faults else None
        page = new_page(network.address, "livez")
        page.clock.install(time=0)
        page.goto(f"{network.address}/?user={alice}")
        expect(page.locator("[data-connection=live]")).to_be_visible()
        page.clock.pause_at(A_DAY)
        page.locator("#new-task").fill("Buy milk")
        page.keyboard.press("Enter")
        expect(page.get_by_text("1 change is kept here and will be sent")).to_be_visible()
        page.get_by_role("button", name="Try now").click()
        expect(page.locator("[data-connection=live]")).to_be_visible()
        assert len(network.writes()) == 2
        network.cut()
        page.evaluate("window.dispatchEvent(new Event('offline'))")
        expect(page.get_by_text("Offline. Since: ")).to_be_visible()
        network.restore()
        page.locator("#new-task").fill("Buy bread")
        page.keyboard.press("Enter")
        expect(page.locator("[data-connection=live]")).to_be_visible()


def test_a_window_is_offline_no_more_when_another_has_sent_its_writes(
    service: Service, new_page: NewPage, alice: int
) -> None:
    new_page.expect("status of 502", "ERR_")
    with web_relay(service.address) as network:
        network.rule = lambda asked: BAD_GATEWAY if asked.writes else None
        first = StoreWindow(new_page, network.address, alice)
        other = StoreWindow(new_page, network.address, alice, beside=first.page)
        for window in (first, other):
            window.run("await store.create({ title: 'Buy milk' })")
            window.wait_for("store.connection === 'offline'")
        network.restore()
        other.run("store.retry()")
        other.sent()
        first.sent()
