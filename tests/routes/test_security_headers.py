"""What every answer tells a browser, whatever it answers and whichever way it goes."""

import base64
import hashlib
import re

import httpx
import pytest

from tests.support.families import API, USERS, V1

ON_EVERY_ANSWER = {
    "vary": "Origin",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", USERS.tasks, 200),
        ("HEAD", API.tasks, 200),
        ("POST", V1.tasks, 201),
        ("POST", API.tasks, 201),
        ("GET", f"{V1.tasks}?limit=1", 200),
        ("GET", f"{USERS.tasks}/abc", 400),
        ("GET", f"{USERS.tasks}/9223372036854775807", 404),
        ("GET", "/nothing", 404),
        ("PUT", USERS.tasks, 405),
        ("POST", f"{API.tasks}/", 307),
        ("GET", "/web/none/main.js", 404),
        ("BREW", USERS.tasks, 400),
        ("GET", "/health", 200),
        ("GET", "/livez", 200),
        ("GET", "/metrics", 200),
    ],
)
def test_every_answer_is_kept_from_harm(client: httpx.Client, alice: int, method: str, path: str, status: int) -> None:
    body = {"title": "Buy milk", "user_id": alice} if method == "POST" else None
    response = client.request(method, path.format(user_id=alice), json=body)
    assert response.status_code == status
    assert {name: response.headers.get_list(name) for name in ON_EVERY_ANSWER} == {
        name: [value] for name, value in ON_EVERY_ANSWER.items()
    }


@pytest.mark.parametrize(("origin", "status"), [("http://localhost:3000", 200), ("https://evil.example", 400)])
def test_a_preflight_is_too(client: httpx.Client, origin: str, status: int) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
    response = client.options("/users/1/tasks/1", headers=asked)
    assert response.status_code == status
    assert {(name.encode(), value.encode()) for name, value in ON_EVERY_ANSWER.items()} <= set(response.headers.raw)


def test_the_documentation_may_run_its_own_script_and_no_other(client: httpx.Client) -> None:
    """tests/integration/test_documentation_page.py sees in a browser that it works like this."""
    response = client.get("/docs")
    [policy] = response.headers.get_list("content-security-policy")
    [script] = re.findall(r"<script>(.*?)</script>", response.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["script-src"] == f"'self' 'sha256-{digest}'"
    assert (rules["default-src"], rules["frame-ancestors"]) == ("'none'", "'none'")
    assert response.headers["x-content-type-options"] == "nosniff"


def test_files_of_the_documentation_may_be_kept(client: httpx.Client) -> None:
    response = client.get("/docs/swagger-ui.css")
    assert response.headers.get_list("cache-control") == ["public, max-age=86400"]
    assert response.headers["x-content-type-options"] == "nosniff"
