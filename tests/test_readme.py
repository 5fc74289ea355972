"""The README's session and its snippets, run as they are written."""

import json
import re
import subprocess
import sys
from pathlib import Path

from tests.support.browser import browser_context
from tests.support.console import at, code, run
from tests.support.processes import Service
from tests.support.programs import program
from tests.support.waiting import DEADLINE

README = "README.md"


def commands() -> list[str]:
    """Return the commands of the first session, each with the comment above it gone."""
    block = code(README, "## A first session", "sh")
    lines = [line for line in block.replace("\\\n", " ").splitlines() if line and not line.startswith("#")]
    assert all(line.startswith("curl -s ") for line in lines)
    return lines


def test_the_first_session_works_as_written(own_database: str, folder: Path) -> None:
    """001 T049 and 002 T045: the quickstart, validated."""
    program("curl", "curl")
    with Service(folder, DATABASE_URL=own_database) as service:
        address = service.ready().address
        answers = [json.loads(run(address, command)) for command in commands()]
    well, created, listed, by_api, flat, changed, done, not_found, refused, deleted = answers
    assert well["status"] == "ok"
    assert (created["title"], created["user_id"]) == ("Buy milk", 123)
    assert created in listed
    assert by_api == listed
    assert (flat["title"], flat["user_id"]) == ("Buy bread", 123)
    assert (changed["title"], changed["description"]) == ("Buy milk", "two litres")
    assert done["completed"] is True
    assert (not_found["status"], not_found["code"]) == (404, "TASK_NOT_FOUND")
    assert {fault["field"] for fault in refused["errors"]} == {"title", "colour"}
    assert deleted == {"message": "Task deleted successfully"}


def test_the_python_snippet_works_as_written(service: Service) -> None:
    script = at(service.address, code(README, "From Python", "python"))
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True, timeout=DEADLINE
    )
    assert re.search(r"^\d+ Call Ada done$", ran.stdout, re.MULTILINE)


def test_the_javascript_snippet_works_as_written(service: Service) -> None:
    """In a browser, on the page of the documentation: the same origin."""
    script = at(service.address, code(README, "From JavaScript", "js"))
    with browser_context() as context:
        page = context.new_page()
        page.goto(f"{service.address}/docs")
        with page.expect_console_message() as printed:
            page.evaluate(f"async () => {{ {script} }}")
        assert printed.value.args[0].json_value()["title"] == "Water the plants"
