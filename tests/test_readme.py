"""The README's session and its snippets, run as they are written."""

import json
import re
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import expect

from tests.support.browser import browser_context
from tests.support.console import Command, at, code, run, run_together
from tests.support.processes import Service
from tests.support.programs import program
from tests.support.waiting import DEADLINE, wait_for

README = "README.md"


def commands(heading: str) -> list[str]:
    """Return the commands of a session, each with the comment above it gone."""
    block = code(README, heading, "sh")
    return [line for line in block.replace("\\\n", " ").splitlines() if line and not line.startswith("#")]


def test_the_first_session_works_as_written(own_database: str, folder: Path) -> None:
    """001 T049 and 002 T045: the quickstart, validated."""
    program("curl", "curl")
    *requests, follow = lines = commands("## A first session")
    assert all(line.startswith(("curl -s ", "curl -N ")) for line in lines)
    with Service(folder, DATABASE_URL=own_database) as service, browser_context() as context:
        address, page = service.ready().address, context.new_page()
        page.goto(f"{address}/?user=123")
        answers = [json.loads(run(address, command)) for command in requests]
        with Command(address, follow) as stream:
            wait_for(lambda: re.search(r'^data: .*"change":5\b.*\n', stream.written(), re.MULTILINE), stream.written)
            followed = [json.loads(data) for data in re.findall(r"^data: (.*)$", stream.written(), re.MULTILINE)]
        expect(page.locator(".task.done")).to_contain_text("Buy oat milk")
        expect(page.locator(".task")).to_have_count(1)
    well, created, again, changed, refused, deleted, undone, found, done, listed, by_api, flat, invalid = answers
    assert well["status"] == "ok"
    assert (created["id"], created["title"], created["user_id"], created["version"]) == (1, "Buy milk", 123, 1)
    assert created["due"] == {"date": "2026-12-01", "time": None, "time_zone": None}
    assert created["tags"] == ["shop"]
    assert again == created
    assert (changed["title"], changed["version"]) == ("Buy oat milk", 2)
    assert (refused["status"], refused["code"], refused["current"]) == (412, "PRECONDITION_FAILED", changed)
    assert deleted == {"message": "Task deleted successfully"}
    assert (undone["change"], [task["title"] for task in undone["tasks"]]) == (4, ["Buy oat milk"])
    assert found == undone["tasks"]
    assert (done["completed"], done["version"]) == (True, 5)
    assert listed == by_api == flat == [done]
    assert {fault["field"] for fault in invalid["errors"]} == {"title", "colour"}
    assert [event["change"] for event in followed] == [1, 2, 3, 4, 5]
    assert [event["deleted"] for event in followed] == [[], [], [1], [], []]


def test_a_script_gets_a_token_and_loses_it_as_written(own_database: str, folder: Path) -> None:
    """With nothing but the README: sign up, a token, a task by it, and 401 once it is revoked."""
    program("curl", "curl")
    [start] = commands("## With accounts")
    setting, *make = start.split()
    assert make == ["make", "run"]
    with Service(folder, DATABASE_URL=own_database, **dict([setting.split("=")])) as service:
        address = service.ready().address
        written = run_together(address, commands("Now everybody needs a token."), folder)
    signed_up, token_made, created, revoked, refused = written
    assert (signed_up, token_made, revoked) == ("", "", "")
    task, problem = json.loads(created), json.loads(refused)
    assert (task["title"], task["version"]) == ("Buy milk", 1)
    assert (problem["status"], problem["code"]) == (401, "UNAUTHORIZED")


def test_the_python_snippet_works_as_written(service: Service) -> None:
    script = at(service.address, code(README, "From Python", "python"))
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True, timeout=DEADLINE
    )
    assert re.search(r"^\d+ Call Ada done$", ran.stdout, re.MULTILINE)


def test_the_javascript_snippet_works_as_written(service: Service) -> None:
    """In a browser, on the page of the service: the same origin."""
    script = at(service.address, code(README, "From JavaScript", "js"))
    with browser_context() as context:
        page = context.new_page()
        page.goto(service.address)
        with page.expect_console_message(lambda said: said.type == "log") as printed:
            page.evaluate(f"async () => {{ {script} }}")
        assert printed.value.args[0].json_value()["title"] == "Water the plants"
