"""The example of docs/sync.md that changes a task shows a conflict, and its clients work with a token."""

import subprocess
import sys

import httpx

from tests.support.browser import browser_context
from tests.support.console import at, code
from tests.support.families import USERS
from tests.support.processes import Service
from tests.support.tokens import Person
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


PYTHON = """
base = "http://localhost:8000/users/me"
task, number = write("POST", base + "/tasks", {"title": "Buy milk"})
copy = TaskCopy(base)
for _ in copy.follow():
    titles = sorted(task["title"] for task in copy.tasks.values())
    print(*titles, sep=", ")
    if titles == ["Buy bread", "Buy milk"]:
        break
    write("POST", base + "/tasks", {"title": "Buy bread"})
"""
JAVASCRIPT = """
const base = "http://localhost:8000/users/me";
const seen = [];
await write("POST", base + "/tasks", { title: "Buy milk" });
const copy = new TaskCopy(base);
for await (const _ of copy.follow()) {
  seen.push([...copy.tasks.values()].map((task) => task.title).sort().join(", "));
  if (copy.tasks.size === 2) break;
  await write("POST", base + "/tasks", { title: "Buy bread" });
}
return seen;
"""


def with_token(page: str, person: Person) -> str:
    """Return the code with the token of somebody."""
    assert "dnb_…" in page
    return page.replace("dnb_…", person.headers["Authorization"].removeprefix("Bearer "))


def test_the_python_client_follows_with_a_token(guarded: Service, ann: Person) -> None:
    code_of = [code(PAGE, heading, "python") for heading in ("## With a token", "## Python", "`write` sends")]
    script = at(guarded.address, with_token("".join(code_of), ann) + PYTHON)
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True, timeout=DEADLINE
    )
    assert ran.stdout.splitlines() == ["Buy milk", "Buy bread, Buy milk"]


def test_the_javascript_client_follows_with_a_token(guarded: Service, ann: Person) -> None:
    code_of = [code(PAGE, heading, "js") for heading in ("## With a token", "## JavaScript", "The same `write`")]
    script = at(guarded.address, with_token("".join(code_of), ann) + JAVASCRIPT)
    with browser_context() as context:
        page = context.new_page()
        page.goto(guarded.address)
        assert page.evaluate(f"async () => {{ {script} }}") == ["Buy milk", "Buy bread, Buy milk"]
