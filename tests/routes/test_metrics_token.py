"""Where METRICS_TOKEN is set, /metrics asks for it, whoever else needs a token; every other request is as before."""

from collections.abc import Iterator

import httpx
import pytest

from tests.conftest import NO_HURRY
from tests.support import tokens
from tests.support.metrics import metrics
from tests.support.processes import Service
from tests.support.tokens import bearer

TOKEN = "what-Prometheus-knows~"  # noqa: S105


@pytest.fixture(scope="module", params=["open", "required"])
def asking(
    request: pytest.FixtureRequest, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    """A client of a service with METRICS_TOKEN."""
    settings = {"METRICS_TOKEN": TOKEN, "AUTH": request.param}
    if request.param == "required":
        settings["AUTH_JWT_SECRET"] = tokens.SECRET
    folder = tmp_path_factory.mktemp("asking")
    with Service(folder, DATABASE_URL=database_url, HISTORY_DAYS="0", **settings, **NO_HURRY) as service:
        with httpx.Client(base_url=service.ready().address) as client:
            yield client
        assert service.stop() == 0
        assert TOKEN not in str(service.lines)


@pytest.mark.parametrize("spelt", ["Bearer {}", "bearer {}", "BEARER  {}"])
def test_the_token_opens_the_metrics(asking: httpx.Client, spelt: str) -> None:
    found = metrics(asking.get("/metrics", headers={"Authorization": spelt.format(TOKEN)}))
    assert "donebase_info" in found


@pytest.mark.parametrize(
    "wrong", ["", "Bearer", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}x", "Bearer ä"]
)
def test_nothing_else_does(asking: httpx.Client, wrong: str) -> None:
    headers = [(b"Authorization", wrong.encode("latin-1"))] if wrong else []
    refused = asking.get("/metrics", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (401, "UNAUTHORIZED")
    assert refused.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert "donebase_" not in refused.text


def test_the_token_of_a_user_does_not(asking: httpx.Client) -> None:
    assert asking.get("/metrics", headers=bearer("anna")).status_code == 401


def test_two_tokens_are_none(asking: httpx.Client) -> None:
    both = [("Authorization", f"Bearer {TOKEN}")] * 2
    assert asking.get("/metrics", headers=both).status_code == 401


def test_it_opens_nothing_else(asking: httpx.Client, alice: int) -> None:
    authorization = {"Authorization": f"Bearer {TOKEN}"}
    without = asking.get(f"/users/{alice}/tasks")
    assert asking.get(f"/users/{alice}/tasks", headers=authorization).status_code == without.status_code
    assert [asking.get(path).status_code for path in ("/livez", "/health")] == [200, 200]


def test_without_the_setting_nobody_is_asked(client: httpx.Client, guarded_client: httpx.Client) -> None:
    for each in (client, guarded_client):
        assert "donebase_info" in metrics(each.get("/metrics"))
        assert "donebase_info" in metrics(each.get("/metrics", headers={"Authorization": "Bearer x"}))
