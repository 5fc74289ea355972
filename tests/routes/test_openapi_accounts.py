"""What the document at /openapi.json says of accounts, and that the service does it."""

from typing import Any

import httpx
import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from donebase.routes import accounts
from tests.support.accounts import PHRASE, Member, auth, new_address
from tests.support.tokens import Person, from_nowhere

Json = dict[str, Any]

FAMILIES = (accounts.ENTRANCE, accounts.PROFILE, accounts.MANAGEMENT)
ROUTES = {route.documented_id: route for family in FAMILIES for route in family.routes()}
ERRORS = {
    "sign_up": {"400", "403", "409", "413", "415", "429", "500", "503"},
    "sign_in": {"400", "401", "413", "415", "429", "500", "503"},
    "refresh_session": {"400", "401", "413", "415", "500", "503"},
    "sign_out": {"400", "401", "403", "500", "503"},
    "read_account": {"400", "401", "500", "503"},
    "change_account": {"400", "401", "403", "413", "415", "429", "500", "503"},
    "delete_account": {"400", "401", "403", "413", "415", "429", "500", "503"},
}
FREE = {"sign_up", "sign_in", "refresh_session"}
TAKE_BODIES = sorted(ERRORS.keys() - {"sign_out", "read_account"})

every_operation = pytest.mark.parametrize("name", ERRORS)


@pytest.fixture(scope="module")
def document(guarded_client: httpx.Client) -> Json:
    found: Json = guarded_client.get("/openapi.json").json()
    return found


def operation(document: Json, name: str) -> Json:
    [found] = [
        each for methods in document["paths"].values() for each in methods.values() if each["operationId"] == name
    ]
    assert isinstance(found, dict)
    return found


def example(document: Json, name: str) -> Any:
    body = operation(document, name).get("requestBody")
    return body and {**body["content"]["application/json"]["example"]}


def shown(document: Json, name: str, status: int) -> dict[str, Json]:
    """Return the errors that are shown for a status, by their codes."""
    content = operation(document, name)["responses"][str(status)]["content"]["application/problem+json"]
    return {code: each["value"] for code, each in content["examples"].items()}


def send(client: httpx.Client, name: str, headers: dict[str, str], body: Any) -> httpx.Response:
    route = ROUTES[name]
    return client.request(route.method, route.path_format, json=body, headers=from_nowhere() | headers)


def assert_documented(document: Json, name: str, response: httpx.Response) -> None:
    """See that an answer is what the document says of its status, with the headers that it names."""
    documented = operation(document, name)["responses"][str(response.status_code)]
    if "content" not in documented:
        assert response.content == b""
        return
    schema = documented["content"][response.headers["content-type"]]["schema"]
    whole = {"unevaluatedProperties": False, **schema, "components": document["components"]}
    OAS31Validator(whole, format_checker=OAS31Validator.FORMAT_CHECKER).validate(response.json())


def test_the_document_is_valid_and_has_every_address(document: Json) -> None:
    OpenAPIV31SpecValidator(document).validate()
    assert set(ROUTES) == set(ERRORS)
    assert {name: ROUTES[name].path_format for name in ROUTES} == {
        "sign_up": "/auth/sign-up",
        "sign_in": "/auth/sign-in",
        "refresh_session": "/auth/refresh",
        "sign_out": "/auth/sign-out",
        "read_account": "/auth/me",
        "change_account": "/auth/me",
        "delete_account": "/auth/me",
    }


@every_operation
def test_an_operation_says_what_it_does_and_who_may_do_it(document: Json, name: str) -> None:
    found = operation(document, name)
    assert found["description"].endswith(".")
    assert found["tags"] == ["Accounts"]
    assert found.get("security", [{"token": []}]) == [{"token": []}]
    assert ("security" in found) == (name not in FREE)
    assert document["components"]["securitySchemes"]["token"].items() >= {"type": "http", "scheme": "bearer"}.items()
    [status] = [status for status in found["responses"] if status < "300"]
    assert found["responses"][status]["description"].endswith(".")
    assert ("content" in found["responses"][status]) == (status != "204")


@every_operation
def test_the_errors_that_can_occur_are_documented_and_no_others(document: Json, name: str) -> None:
    responses = operation(document, name)["responses"]
    assert {status for status in responses if status >= "400"} == ERRORS[name]
    for status in ERRORS[name]:
        assert shown(document, name, int(status))
    headers = {"401": {"WWW-Authenticate"}, "429": {"Retry-After"}, "500": {"Retry-After"}, "503": {"Retry-After"}}
    headers |= {} if name == "sign_up" else {"403": {"WWW-Authenticate"}}
    assert {status: set(each["headers"]) for status, each in responses.items()} == {
        status: {"X-Request-ID"} | headers.get(status, set()) for status in responses
    }


@pytest.mark.parametrize("name", sorted(ERRORS.keys() - {"refresh_session"}))
def test_the_example_is_answered_as_documented(document: Json, guarded_client: httpx.Client, name: str) -> None:
    body = example(document, name)
    person = Member.new(guarded_client)
    if body and name != "sign_up":  # of somebody who has this password
        person = Member.new(guarded_client, password=body.get("current_password", body["password"]))
    if body and "email" in body:
        body["email"] = new_address() if name == "sign_up" else person.email
    response = send(guarded_client, name, person.headers, body)
    assert response.is_success, response.text
    assert_documented(document, name, response)


def test_a_refresh_is_answered_as_documented(document: Json, guarded_client: httpx.Client) -> None:
    response = Member.new(guarded_client).refresh()
    assert response.status_code == 200
    assert_documented(document, "refresh_session", response)
    response = send(guarded_client, "refresh_session", {}, example(document, "refresh_session"))
    assert response.status_code == 401
    assert_documented(document, "refresh_session", response)


@every_operation
def test_a_request_that_is_refused_is_answered_as_shown(
    document: Json, guarded_client: httpx.Client, name: str
) -> None:
    problem = shown(document, name, 400)["VALIDATION_ERROR"]
    [fault] = problem["errors"]
    headers = Member.new(guarded_client).headers | {"X-Request-ID": problem["request_id"]}
    body = example(document, name)
    if not body:
        route = ROUTES[name]
        headers |= from_nowhere()
        response = guarded_client.request(route.method, f"{route.path_format}?{fault['field']}=x", headers=headers)
    else:
        body[fault["field"]] = {"blank": " ", "wrong_type": 0}[fault["code"]]
        response = send(guarded_client, name, headers, body)
    assert (response.status_code, response.json()) == (400, problem)


@pytest.mark.parametrize("name", TAKE_BODIES)
@pytest.mark.parametrize(
    ("status", "content", "media_type"),
    [
        (400, b"{", "application/json"),
        (413, b" " * 2**20 + b"{}", "application/json"),
        (415, b"email=a", "application/x-www-form-urlencoded"),
    ],
)
def test_a_body_that_is_refused_is_answered_as_documented(
    document: Json, guarded_client: httpx.Client, name: str, status: int, content: bytes, media_type: str
) -> None:
    route = ROUTES[name]
    headers = Member.new(guarded_client).headers | {"Content-Type": media_type}
    response = guarded_client.request(route.method, route.path_format, content=content, headers=headers)
    assert response.status_code == status
    assert_documented(document, name, response)


def assert_shown(document: Json, name: str, response: httpx.Response) -> None:
    """See that an error is the one that the document shows, but for the id of the request."""
    problem = response.json()
    found = shown(document, name, response.status_code)[problem["code"]]
    assert problem | {"request_id": ""} == found | {"request_id": ""}
    assert_documented(document, name, response)


def test_what_is_refused_for_its_own_reason_is_answered_as_shown(
    document: Json, guarded_client: httpx.Client, ann: Person
) -> None:
    person, wrong = Member.new(guarded_client), {"password": f"not {PHRASE}"}
    taken = auth(guarded_client, "POST", "sign-up", email=person.email, password=PHRASE)
    assert_shown(document, "sign_up", taken)
    assert_shown(document, "sign_in", auth(guarded_client, "POST", "sign-in", email=person.email, **wrong))
    assert_shown(document, "refresh_session", person.refresh("dnr_"))
    assert_shown(document, "delete_account", person.ask("DELETE", "me", **wrong))
    changes = {"password": f"{PHRASE}!", "current_password": "wrong"}
    assert_shown(document, "change_account", person.ask("PATCH", "me", **changes))
    assert_shown(document, "sign_out", send(guarded_client, "sign_out", ann.headers, None))
    for name in ERRORS.keys() - FREE:
        assert_shown(document, name, send(guarded_client, name, {}, example(document, name)))


def test_too_many_attempts_are_answered_as_shown(document: Json, guarded_client: httpx.Client) -> None:
    email = new_address()
    responses = [auth(guarded_client, "POST", "sign-in", email=email, password=PHRASE) for _ in range(11)]
    assert [response.status_code for response in responses] == [401] * 10 + [429]
    assert_shown(document, "sign_in", responses[-1])


def test_passwords_are_known_as_such_to_forms_and_generators(document: Json) -> None:
    schemas = document["components"]["schemas"]
    members = [
        schemas["AccountInput"],
        schemas["Credentials"],
        schemas["PasswordConfirmation"],
        schemas["AccountChanges"],
    ]
    formats = [each["properties"]["password"]["format"] for each in members]
    assert formats == ["password"] * 4
    assert schemas["AccountChanges"]["properties"]["current_password"]["format"] == "password"
    new = schemas["AccountInput"]["properties"]
    assert (new["password"]["minLength"], new["password"]["maxLength"], new["email"]["format"]) == (8, 1000, "email")
    assert schemas["AccountInput"]["required"] == ["email", "password"]
    assert "required" not in schemas["AccountChanges"]
