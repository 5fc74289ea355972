"""The open mode is what the four specifications describe, to the byte, whatever the required mode has beside it."""

import re
from pathlib import Path

import pytest

from donebase.http.family import Route
from donebase.routes import every_route
from tests.support.open_walk import OpenWalk
from tests.support.processes import Service

RECORDED = Path(__file__).parents[1] / "data" / "open_mode.txt"


@pytest.mark.parametrize("authorization", [None, "Bearer x"])
def test_the_open_mode_answers_as_it_was_recorded(folder: Path, own_database: str, authorization: str | None) -> None:
    """Where a change is meant: `python -m tests.support.open_walk ADDRESS > tests/data/open_mode.txt`."""
    more = {"Authorization": authorization} if authorization else {}
    with Service(folder, DATABASE_URL=own_database, HISTORY_DAYS="0") as service:
        assert OpenWalk(service.ready().address, more).run() == RECORDED.read_text()


@pytest.mark.parametrize("route", [each for each in every_route() if each.answers], ids=lambda route: route.unique_id)
def test_every_documented_operation_is_in_the_record(route: Route) -> None:
    method = f"(?:{route.method}|HEAD)" if route.method == "GET" else route.method
    path = re.sub(r"\\{\w+\\}", r"\\d+", re.escape(route.path_format))
    assert re.search(rf"^{method} {path}(?:\?\S*)?\n(?:.+\n)*-> 2", RECORDED.read_text(), re.MULTILINE)
