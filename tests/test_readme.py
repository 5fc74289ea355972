"""The README's first session, run as it is written."""

import json
import re
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.support.neighbours import program
from tests.support.processes import Service

README = (Path(__file__).parent.parent / "README.md").read_text()


def commands() -> list[str]:
    """Return the commands of the first session, each with the comment above it gone."""
    [block] = re.findall(r"## A first session.*?```sh\n(.*?)```", README, re.DOTALL)
    lines = [line for line in block.replace("\\\n", " ").splitlines() if line and not line.startswith("#")]
    assert all(line.startswith("curl -s ") for line in lines)
    return lines


def test_the_first_session_works_as_written(folder: Path) -> None:
    """001 T049 and 002 T045: the quickstart, validated."""
    program("curl", "curl")
    said = []
    with tempfile.TemporaryDirectory(prefix="donebase-data-") as data, Service(folder, DATA_DIR=f"{data}/d") as service:
        place = service.ready().address.removeprefix("http://")
        for command in commands():
            there = command.replace("localhost:8000", place)
            answer = subprocess.run(["bash", "-c", there], capture_output=True, text=True, check=True, timeout=20)
            said.append(json.loads(answer.stdout))
    well, created, listed, by_api, flat, changed, done, not_found, refused, deleted = said
    assert well["status"] == "ok"
    assert (created["id"], created["title"], created["user_id"]) == (1, "Buy milk", 123)
    assert listed == by_api == [created]
    assert (flat["title"], flat["user_id"]) == ("Buy bread", 123)
    assert (changed["title"], changed["description"]) == ("Buy milk", "two litres")
    assert done["completed"] is True
    assert (not_found["status"], not_found["code"]) == (404, "TASK_NOT_FOUND")
    assert {fault["field"] for fault in refused["errors"]} == {"title", "colour"}
    assert deleted == {"message": "Task deleted successfully"}


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)h][^)]*)\)", README))))
def test_what_the_readme_points_to_is_there(link: str) -> None:
    assert (Path(__file__).parent.parent / link).exists()


def test_the_tree_is_the_tree() -> None:
    """Every file of the package is in the README's picture of it, and nothing else is."""
    [tree] = re.findall(r"## The tree\n\n```\n(.*?)```", README, re.DOTALL)
    drawn = set(re.findall(r"(\w+\.py)", tree))
    package = Path(__file__).parent.parent / "src" / "donebase"
    there = {path.name for path in package.rglob("*.py") if "migrations" not in path.parts}
    assert there - drawn == {"__main__.py"}
    assert drawn - there == set()
