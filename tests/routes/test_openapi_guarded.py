"""What the document at /openapi.json says of tokens that allow less than a request needs."""

import pytest

from tests.support.asked import GUARDED, Asked, token
from tests.support.families import Json

# What else is a 403 at those of accounts, test_openapi_accounts sees.
OPERATIONS = [operation for operation, route in GUARDED.items() if route.family != "accounts"]


@pytest.fixture(scope="module")
def document(asked: Asked) -> Json:
    found: Json = asked.client.get("/openapi.json").json()
    return found


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_is_forbidden_is_documented_where_it_can_occur_and_nowhere_else(
    asked: Asked, document: Json, operation: str
) -> None:
    method, path = operation.split()
    responses = document["paths"][path][method.lower()]["responses"]
    amy, another = asked.person(), 7
    at = {"task_id": 1, "change": 1, "token_id": 1}
    body = {"title": "Buy milk", "user_id": another} if GUARDED[operation].body_field else None
    own, of_another = path.format(user_id=amy.number, **at), path.format(user_id=another, **at)
    no_scope, named = token(amy.subject, scope=""), {"user_id": another}
    refused = [
        asked.client.request(method, own, headers=no_scope, json=body),
        asked.client.request(method, of_another, headers=amy.headers, json=body, params=named),
        asked.client.request(method, own, headers=amy.headers, json=body, params=named),
    ]
    if operation == "POST /api/v1/tasks":
        refused.append(asked.client.request(method, own, headers=amy.headers, json=body))
    found = {response.json()["code"] for response in refused if response.status_code == 403}
    assert {response.status_code for response in refused} <= {400, 403}
    assert found == set(responses["403"]["content"]["application/problem+json"]["examples"])
    assert ("names another user" in responses["403"]["description"]) == ("FORBIDDEN" in found)
