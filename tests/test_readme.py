"""The README's session and its snippets, run as they are written against a service that has just been installed."""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.browser import browser_context
from tests.support.processes import Service
from tests.support.programs import program
from tests.support.waiting import DEADLINE

README = (Path(__file__).parent.parent / "README.md").read_text()


def snippet(heading: str, language: str) -> str:
    """Return the first code of a language after a heading or a sentence."""
    [found] = re.findall(rf"{re.escape(heading)}.*?```{language}\n(.*?)```", README, re.DOTALL)[:1]
    assert isinstance(found, str)
    return found


def commands() -> list[str]:
    """Return the commands of the first session, each with the comment above it gone."""
    block = snippet("## A first session", "sh")
    lines = [line for line in block.replace("\\\n", " ").splitlines() if line and not line.startswith("#")]
    assert all(line.startswith("curl -s ") for line in lines)
    return lines


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service on an empty data folder of its own."""
    folder = tmp_path_factory.mktemp("readme")
    with tempfile.TemporaryDirectory(prefix="donebase-data-") as data, Service(folder, DATA_DIR=f"{data}/d") as service:
        yield service.ready()


def at(service: Service, code: str) -> str:
    """Return code that was written for the usual address for the address of a service."""
    assert "localhost:8000" in code
    return code.replace("localhost:8000", service.address.removeprefix("http://"))


def test_the_first_session_works_as_written(started: Service) -> None:
    """001 T049 and 002 T045: the quickstart, validated. The id in it is that of the first task."""
    program("curl", "curl")
    answers, first = [], 1
    for command in commands():
        there = re.sub(r"(?<=tasks/)1\b", str(first), at(started, command))
        answer = subprocess.run(["bash", "-c", there], capture_output=True, text=True, check=True, timeout=DEADLINE)
        answers.append(json.loads(answer.stdout))
        first = answers[1]["id"] if len(answers) > 1 else first
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


def test_the_python_snippet_works_as_written(started: Service) -> None:
    code = at(started, snippet("From Python", "python"))
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True, timeout=DEADLINE
    )
    assert re.search(r"^\d+ Call Ada done$", ran.stdout, re.MULTILINE)


def test_the_javascript_snippet_works_as_written(started: Service) -> None:
    """In a browser, on the page of the documentation: the same origin."""
    code = at(started, snippet("From JavaScript", "js"))
    with browser_context() as context:
        page = context.new_page()
        page.goto(f"{started.address}/docs")
        with page.expect_console_message() as printed:
            page.evaluate(f"async () => {{ {code} }}")
        assert printed.value.args[0].json_value()["title"] == "Water the plants"
