"""Who comes and goes at the page: signing up, staying signed in, signing out, and what the browser keeps meanwhile."""

import httpx
import pytest
from playwright.sync_api import expect

from tests.support.accounts import auth, new_address
from tests.support.page_accounts import add, choose, kept, menu_of, refresh_token, sign_up
from tests.support.processes import Service
from tests.support.tokens import from_nowhere
from tests.support.web_page import NewPage


@pytest.mark.long
def test_somebody_signs_up_stays_signed_in_and_signs_out(
    guarded: Service, guarded_client: httpx.Client, new_page: NewPage
) -> None:
    email = new_address()
    with_access: list[str] = []
    page = new_page(guarded, extra_http_headers=from_nowhere())
    page.on("request", lambda request: with_access.append(request.headers.get("authorization", "")))
    sign_up(page, email, name="Ada")
    add(page, "Buy milk")
    add(page, "Call Ben")
    user = page.evaluate("indexedDB.databases().then((all) => all.length)")
    assert user == 1
    access = {header.removeprefix("Bearer ") for header in with_access} - {""}
    assert len(access) == 1, "one access token is used for all"
    assert not any(token in kept(page) for token in access)
    first = refresh_token(page)

    page.reload()
    expect(page.locator(".task")).to_have_count(2)
    expect(menu_of(page, "Ada")).to_be_visible()
    assert refresh_token(page) != first
    last = refresh_token(page)
    choose(page, "Sign out", "Ada")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert "dnr_" not in kept(page)
    assert "Buy milk" not in kept(page)
    assert auth(guarded_client, "POST", "refresh", refresh_token=last).status_code == 401
