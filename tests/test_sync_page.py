"""The example of docs/sync.md that changes a task: it works as written, and shows a conflict."""

import subprocess
import sys

import httpx

from tests.support.console import at, code
from tests.support.families import USERS
from tests.support.processes import Service
from tests.support.waiting import DEADLINE

PAGE = "docs/sync.md"


def test_the_example_changes_a_task_once_and_then_tells_of_the_conflict(
    service: Service, client: httpx.Client, alice: int
) -> None:
    task = USERS.created(client, alice)
    example = at(service.address, code(PAGE, "A person who has seen version 17", "python"))
    for written, here in (("123", str(alice)), ("tasks}/1", f"tasks}}/{task['id']}"), ("=17", f"={task['version']}")):
        assert written in example
        example = example.replace(written, here)
    script = code(PAGE, "`write` sends", "python") + example
    first, again = (
        subprocess.run(
            [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True, timeout=DEADLINE
        ).stdout
        for _ in range(2)
    )
    titles = [task["title"], "Buy oat milk", task["title"]]
    history = client.get(f"/users/{alice}/history").json()
    assert [entry["after"]["title"] for entry in reversed(history)] == titles
    assert first == ""
    [now] = USERS.listed(client, alice)
    assert again == f"Somebody else has changed it: {now}\n"
