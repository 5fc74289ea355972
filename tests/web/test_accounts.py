"""Who comes to the page: signing up and in, what the browser keeps, and the account itself."""

import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Request, expect

from tests.conftest import NO_HURRY
from tests.support.accounts import ANOTHER, PHRASE, Member, auth, new_address
from tests.support.axe import violations
from tests.support.browser import another_origin
from tests.support.page_accounts import add, choose, kept, menu_of, refresh_token, sign_in, task, wait_until_gone
from tests.support.processes import Service
from tests.support.tokens import from_nowhere
from tests.support.waiting import wait_for
from tests.support.web_page import NewPage, wait_for_titles, wait_until_sent


@pytest.mark.long
def test_somebody_signs_up_stays_signed_in_and_signs_out(
    guarded: Service, guarded_client: httpx.Client, new_page: NewPage
) -> None:
    address, sent = new_address(), list[Request]()
    page = new_page(guarded, "?show=open", extra_http_headers=from_nowhere(), expected=["status of 400"])
    page.on("request", lambda request: sent.append(request))
    page.get_by_role("button", name="Create an account").click()
    email = page.get_by_label("E-mail address")
    expect(email).to_have_attribute("autocomplete", "username")
    password = page.get_by_label("Password", exact=True)
    expect(password).to_have_attribute("autocomplete", "new-password")
    email.fill("ada")
    password.fill("short")
    password.press("Enter")
    expect(email).to_be_focused()
    for field, words in ((email, "This is not an e-mail address."), (password, "at least 8 characters. At least")):
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_accessible_description(re.compile(words))
    email.fill(address)
    password.fill("Password")
    password.press("Enter")
    expect(password).to_be_focused()
    expect(password).to_have_accessible_description(re.compile("most common"))
    page.get_by_role("button", name="Show: Password").click()
    expect(password).to_have_attribute("type", "text")
    password.fill(PHRASE)
    page.get_by_label("Your name").fill("Ada")
    page.get_by_role("button", name="Create an account").click()
    expect(page.locator("main")).to_be_focused()
    add(page, "Buy milk")
    assert page.url.endswith("?show=open")
    expect(page.locator("[data-connection=live]")).to_be_visible()
    wait_until_sent(page)  # who signs out before that is asked first

    access = {request.headers.get("authorization", "").removeprefix("Bearer ") for request in sent} - {""}
    assert len(access) == 1, "one access token is used for all"
    assert not any(token in kept(page) for token in access)
    first = refresh_token(page)
    page.reload()
    expect(task(page, "Buy milk")).to_be_visible()
    expect(menu_of(page, "Ada")).to_be_visible()
    expect(page.locator("[data-connection=live]")).to_be_visible()
    last = refresh_token(page)
    assert last != first

    with page.expect_response("**/auth/sign-out"):  # it is sent when all is removed here
        choose(page, "Sign out", "Ada")
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
    expect(email).to_be_focused()
    wait_until_gone(page, "dnr_|Buy milk")
    assert auth(guarded_client, "POST", "refresh", refresh_token=last).status_code == 401
    assert PHRASE not in "".join(request.url for request in sent)
    page.get_by_role("button", name="Create an account").click()
    sign_in(page, f"second-{address}")
    choose(page, "Sign out", f"second-{address}")
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """The folder of a page of another origin, which CORS_ORIGINS lists."""
    (tmp_path / "index.html").write_text("<!doctype html><title>Another origin</title>")
    return tmp_path


# All that a page of another origin can try, with what the browser has for the service.
ATTEMPT = """async (service) => {
  const names = (await indexedDB.databases()).map(({ name }) => name);
  const refresh = (body) => fetch(`${service}/auth/refresh`, {
    method: "POST", credentials: "include", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
  const answers = [await refresh({}), await refresh({ refresh_token: "" }),
    await fetch(`${service}/auth/me`, { credentials: "include" }),
    await fetch(`${service}/users/me/tasks`, { credentials: "include" })];
  const texts = await Promise.all(answers.map((answer) => answer.text()));
  return { names, statuses: answers.map(({ status }) => status), texts };
}"""


@pytest.mark.long
def test_a_listed_origin_cannot_get_at_the_session_and_a_closed_service_signs_nobody_up(
    guarded_client: httpx.Client, new_page: NewPage, listed: Path, database_url: str, folder: Path
) -> None:
    member = Member.new(guarded_client)
    with another_origin(listed) as origin:
        settings = {"AUTH": "required", "SIGN_UP": "closed", "CORS_ORIGINS": origin, "TRUSTED_PROXIES": "127.0.0.1"}
        with Service(folder, DATABASE_URL=database_url, **settings, **NO_HURRY) as service:
            service.ready()
            page = new_page(service, extra_http_headers=from_nowhere())
            expect(page.get_by_text("Nobody can create an account here")).to_be_visible()
            expect(page.get_by_role("button", name="Create an account")).to_have_count(0)
            sign_in(page, member.email)
            add(page, "Buy milk")
            token = refresh_token(page)

            new_page.expect("asked elsewhere", "status of 40")
            thief = page.context.new_page()
            thief.goto(origin)
            tried = thief.evaluate(ATTEMPT, service.address)
            assert tried["names"] == []
            assert tried["statuses"] == [400, 401, 401, 401]
            assert not re.search("dnr_|eyJ|Buy milk", "".join(tried["texts"]))
            assert refresh_token(page) == token
            assert page.context.cookies() == []
            page.context.close()  # before the service that its page follows


@pytest.mark.long
def test_who_fails_too_often_is_told_when_to_try_again(
    guarded: Service, guarded_client: httpx.Client, new_page: NewPage
) -> None:
    member, address = Member.new(guarded_client), from_nowhere()
    page = new_page(guarded, extra_http_headers=address, expected=["status of 4", "ERR_INTERNET_DISCONNECTED"])
    sign_in(page, member.email, "not the password")
    expect(page.get_by_role("alert")).to_have_text("No account has this e-mail address and this password.")
    page.get_by_role("button", name="Create an account").click()
    expect(page.get_by_label("E-mail address")).to_have_value(member.email)
    expect(page.get_by_label("Password", exact=True)).to_be_focused()
    page.get_by_label("Password", exact=True).fill(PHRASE)
    page.get_by_label("Password", exact=True).press("Enter")
    expect(page.get_by_label("E-mail address")).to_have_accessible_description(re.compile("There is an account"))
    page.get_by_role("button", name="Sign in").click()
    page.context.set_offline(True)
    sign_in(page, member.email)
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    page.context.set_offline(False)
    body = {"email": member.email, "password": "not the password"}
    while guarded_client.post("/auth/sign-in", json=body, headers=address).status_code != 429:
        pass
    sign_in(page, member.email)
    expect(page.get_by_role("alert")).to_contain_text(re.compile(r"You can try again from: (Today|Tomorrow), \d+:\d\d"))


@pytest.mark.long
def test_tokens_for_scripts_are_made_shown_once_and_revoked(
    guarded: Service, guarded_client: httpx.Client, new_page: NewPage
) -> None:
    member = Member.new(guarded_client)
    page = new_page(guarded, timezone_id="UTC", extra_http_headers=from_nowhere(), expected=["status of 400"])
    sign_in(page, member.email)
    choose(page, "Tokens for scripts", member.email)
    expect(page.get_by_text("There are no tokens.")).to_be_visible()
    page.get_by_label("See tasks").uncheck()
    page.get_by_role("button", name="Make a token").click()
    expect(page.get_by_label("Name")).to_have_accessible_description(re.compile("Please fill this in"))
    expect(page.get_by_role("group", name="What it allows")).to_have_accessible_description(
        "Please choose at least one."
    )
    page.get_by_label("See tasks").check()
    page.get_by_label("Name").fill("what is due, by e-mail")
    page.get_by_label("Last day").fill("2000-01-01")
    page.get_by_role("button", name="Make a token").click()
    expect(page.get_by_label("Last day")).to_have_accessible_description(re.compile("This day is over"))
    page.get_by_label("Last day").fill("2099-12-31")
    page.get_by_role("button", name="Make a token").click()
    made = page.get_by_label("The new token")
    expect(made).to_be_focused()
    expect(page.get_by_role("alert").filter(has_text="shown this once")).to_be_visible()
    token = made.input_value()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == token

    headers = {"Authorization": f"Bearer {token}"}
    assert guarded_client.get("/users/me/tasks", headers=headers).status_code == 200
    assert guarded_client.post("/users/me/tasks", json={"title": "No"}, headers=headers).status_code == 403
    [listed] = guarded_client.get("/auth/tokens", headers=member.headers).json()
    assert listed["expires_at"].startswith("2099-12-31T23:59")
    page.keyboard.press("Escape")
    expect(menu_of(page, member.email)).to_be_focused()
    assert token not in kept(page)
    choose(page, "Tokens for scripts", member.email)
    entry = page.get_by_role("list", name="Tokens for scripts").get_by_role("listitem")
    just_now = "(Today|Yesterday), "
    for words in ("See tasks", f"made: {just_now}", f"last used: {just_now}", "expires: Dec 31, 2099, 11:59"):
        expect(entry).to_contain_text(re.compile(words))
    expect(page.get_by_text(token)).to_have_count(0)
    entry.get_by_role("button", name="Revoke: what is due, by e-mail").click()
    page.get_by_role("button", name="Revoke now").click()
    expect(page.get_by_text("There are no tokens.")).to_be_visible()
    assert guarded_client.get("/users/me/tasks", headers=headers).status_code == 401


@pytest.mark.long
def test_a_list_of_tokens_that_comes_late_hides_none_that_was_made_since(
    guarded: Service, guarded_client: httpx.Client, new_page: NewPage
) -> None:
    member = Member.new(guarded_client)
    page = new_page(guarded, extra_http_headers=from_nowhere())
    sign_in(page, member.email)
    expect(menu_of(page, member.email)).to_be_visible()
    page.evaluate("""() => {
        const ask = window.fetch;
        const lists = [];
        window.arrived = new Promise((resolve) => (window.arrives = resolve));
        window.fetch = async (address, options) => {
            const answer = await ask(address, options);
            const isFirstList = options.method === "GET" && String(address).endsWith("/auth/tokens") && !lists.length;
            if (isFirstList) {
                lists.push(answer);
                await window.arrived;
            }
            return answer;
        };
    }""")
    choose(page, "Tokens for scripts", member.email)
    page.get_by_label("Name").fill("a script")
    page.get_by_role("button", name="Make a token").click()
    entry = page.get_by_role("list", name="Tokens for scripts").get_by_role("listitem")
    expect(entry).to_contain_text("a script")
    page.evaluate("async () => { window.arrives(); await new Promise((resolve) => setTimeout(resolve)); }")
    expect(entry).to_contain_text("a script")


@pytest.mark.long
def test_name_and_password_are_changed_and_the_account_is_deleted(
    guarded: Service, guarded_client: httpx.Client, new_page: NewPage
) -> None:
    member = Member.new(guarded_client)
    page = new_page(guarded, extra_http_headers=from_nowhere(), expected=["status of 40"])
    sign_in(page, member.email)
    add(page, "Buy milk")
    beside = new_page(guarded, beside=page)
    page.bring_to_front()
    choose(page, "Name and password", member.email)
    page.get_by_label("Your name").fill("Ada")
    page.get_by_role("button", name="Change the name").click()
    expect(page.get_by_role("status").filter(has_text="The name was changed.")).to_be_visible()
    expect(menu_of(beside, "Ada")).to_be_visible()

    page.locator("#settings-current_password").fill("not the password")
    page.get_by_label("New password", exact=True).fill(ANOTHER)
    page.get_by_role("button", name="Change the password").click()
    expect(page.locator("#settings-current_password")).to_have_accessible_description(re.compile("not your present"))
    page.locator("#settings-current_password").fill(PHRASE)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_role("status").filter(has_text="The password was changed.")).to_be_visible()
    expect(page.get_by_label("New password", exact=True)).to_have_value("")
    assert not member.is_admitted(), "all other sessions have ended"
    assert member.knows(ANOTHER)

    page.locator("#deletion-password").fill(PHRASE)
    page.get_by_role("button", name="Delete the account").click()
    expect(page.locator("#deletion-password")).to_have_accessible_description(re.compile("not your present"))
    page.locator("#deletion-password").fill(ANOTHER)
    page.locator("#deletion-password").press("Enter")
    for window in (page, beside):
        expect(window.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
    wait_until_gone(page, "dnr_|Buy milk")
    assert not member.knows(ANOTHER)


# The browser answers late when it is asked whose copies it keeps, which is the end of a sign-in.
SIGN_IN_ENDS_LATE = """() => {
    const getAllKeys = IDBObjectStore.prototype.getAllKeys;
    IDBObjectStore.prototype.getAllKeys = function (range) {
        const request = getAllKeys.call(this, range);
        request.addEventListener = (type, heard) => request[`on${type}`] = (event) => setTimeout(() => {
            heard(event);
            setTimeout(() => window.ended = true);
        }, 300);
        return request;
    };
}"""


def test_who_writes_at_once_after_signing_in_keeps_the_focus(
    guarded: Service, guarded_client: httpx.Client, new_page: NewPage
) -> None:
    member = Member.new(guarded_client)
    page = new_page(guarded, extra_http_headers=from_nowhere())
    page.evaluate(SIGN_IN_ENDS_LATE)
    sign_in(page, member.email)
    page.locator("#new-task").fill("Buy milk")
    wait_for(lambda: page.evaluate("window.ended"))
    expect(page.locator("#new-task")).to_be_focused()


# Opens the storage of a page that a proxy serves below this one's address.
OPENED_BELOW = """async () => {
  const { src } = document.querySelector("script[type=module]");
  const { openStorage } = await import(new URL("data/storage.js", src));
  history.replaceState(null, "", "/below/?user=1");
  await openStorage();
  history.replaceState(null, "", "/?user=1");
}"""
DATABASES = "indexedDB.databases().then((all) => all.map(({ name }) => name).sort())"


def test_without_accounts_a_user_number_is_chosen_and_stays_in_the_address(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    page = new_page(service)
    number = page.get_by_label("User number")
    expect(number).to_be_focused()
    expect(number).to_have_value("1")
    expect(page.get_by_text("Nobody is asked for a password")).to_be_visible()
    assert violations(page) == []
    for wrong in ("", "0", "-1", "1.5", "1e3", "９", str(2**53)):
        number.fill(wrong)
        number.press("Enter")
        expect(number).to_have_accessible_description(re.compile("not a whole number"))
    number.fill(str(alice))
    number.press("Enter")
    add(page, "Buy milk")
    assert page.url.endswith(f"/?user={alice}")
    wait_for_titles(client, alice, ["Buy milk"])
    choose(page, "Switch user", f"User {alice}")
    expect(number).to_have_value(str(alice))
    number.fill("1")
    number.press("Enter")
    expect(menu_of(page, "User 1")).to_be_visible()
    expect(page.locator("[data-connection=live]")).to_be_visible()
    expect(task(page, "Buy milk")).to_have_count(0)
    new_page.expect("404.*/below/")  # its icons
    page.evaluate(OPENED_BELOW)
    assert page.evaluate(DATABASES) == ["donebase /", "donebase /below/"], "another service has another storage"
    again = new_page(service, beside=page)
    expect(again.get_by_label("User number")).to_have_value("1")
    again.get_by_label("User number").press("Enter")
    expect(menu_of(again, "User 1")).to_be_visible()
