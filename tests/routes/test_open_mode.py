"""The open mode is what the four specifications describe, to the byte, whatever the required mode has beside it."""

import json
import re
from pathlib import Path

import httpx
import pytest

from donebase.app import create_app
from donebase.http.family import Route
from donebase.routes import every_route
from tests.conftest import NO_HURRY
from tests.support.asked import SETTINGS
from tests.support.families import Json
from tests.support.open_walk import OpenWalk
from tests.support.processes import Service

RECORDED = Path(__file__).parents[1] / "data" / "open_mode.txt"


@pytest.mark.parametrize("authorization", [None, "Bearer x"])
def test_the_open_mode_answers_as_it_was_recorded(folder: Path, own_database: str, authorization: str | None) -> None:
    """Where a change is meant: `python -m tests.support.open_walk ADDRESS > tests/data/open_mode.txt`."""
    more = {"Authorization": authorization} if authorization else {}
    with Service(folder, DATABASE_URL=own_database, HISTORY_DAYS="0", **NO_HURRY) as service:
        assert OpenWalk(service.ready().address, more).run() == RECORDED.read_text()


def test_the_document_of_the_open_mode_says_nothing_of_tokens(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    assert [path for path in document["paths"] if path.startswith("/auth")] == []
    assert "securitySchemes" not in document["components"]
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    assert [each["operationId"] for each in operations if "security" in each] == []
    assert {"401", "403", "429"} & {status for each in operations for status in each["responses"]} == set()


def test_the_document_of_the_required_mode_adds_to_it_what_tokens_add(client: httpx.Client) -> None:
    """Summaries, bodies and what is answered to a good request are the same but at /api/v1."""
    documents = [client.get("/openapi.json").json(), create_app(SETTINGS).openapi()]
    paths = [document["paths"] for document in documents]
    assert [path for path in paths[1] if path not in paths[0]] == [path for path in paths[1] if "/auth/" in path]
    assert paths[0].keys() <= paths[1].keys()
    for path in paths[0]:
        if path.startswith("/api/v1"):
            continue
        opened, guarded = (as_without_tokens(each[path]) for each in paths)
        assert guarded == opened


def as_without_tokens(methods: Json) -> Json:
    """Return the operations of an address without what tokens add to them, and without how it names the user."""
    found: Json = json.loads(json.dumps(methods))
    for operation in found.values():
        operation.pop("security", None)
        operation["parameters"] = [each for each in operation.get("parameters", ()) if each["name"] != "user_id"]
        operation["responses"] = {
            status: each for status, each in operation["responses"].items() if status not in ("401", "403")
        }
    return found


@pytest.mark.parametrize("route", [each for each in every_route() if each.answers], ids=lambda route: route.unique_id)
def test_every_documented_operation_is_in_the_record(route: Route) -> None:
    method = f"(?:{route.method}|HEAD)" if route.method == "GET" else route.method
    path = re.sub(r"\\{\w+\\}", r"\\d+", re.escape(route.path_format))
    assert re.search(rf"^{method} {path}(?:\?\S*)?\n(?:.+\n)*-> 2", RECORDED.read_text(), re.MULTILINE)
