"""The clients of docs/sync.md, taken from the page, as programs that write and follow what all of them write."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

from playwright.sync_api import Page

from tests.support.browser import browser_context
from tests.support.console import code
from tests.support.processes import clean_environment
from tests.support.programs import program
from tests.support.waiting import DEADLINE

OWNER = 123
Json = dict[str, Any]

# A line on standard input asks for the copy, "stop" for the titles of all tasks that were created. Titles have
# characters in them that end a line for some libraries.
PYTHON = """
import os, random, sys, threading
base, name = sys.argv[1:]
copy, titles, stopping = TaskCopy(base), [], threading.Event()

def follow():
    for _ in copy.follow():
        pass

def work():
    while not stopping.wait(0.02):
        titles.append(f"{name}\u2028\x85{len(titles)}")
        write("POST", f"{base}/tasks", {"title": titles[-1]})
        one, other = random.choices(list(copy.tasks.values()) or [{"id": 1, "version": 1}], k=2)
        try:
            write("PUT", f"{base}/tasks/{one['id']}", {"description": titles[-1]}, one["version"])
            if random.random() < 0.3:
                _, number = write("DELETE", f"{base}/tasks/{other['id']}")
                if random.random() < 0.5:
                    write("POST", f"{base}/history/{number}/undo")
        except urllib.error.HTTPError as error:
            assert error.code in (404, 409, 412), error

threading.excepthook = lambda failure: (sys.excepthook(*failure[:3]), os._exit(1))
threading.Thread(target=follow, daemon=True).start()
worker = threading.Thread(target=work, daemon=True)
worker.start()
for line in sys.stdin:
    if line == "stop\\n":
        stopping.set()
        worker.join()
        print(json.dumps(titles), flush=True)
    else:
        print(json.dumps({"change": copy.change, "tasks": list(copy.tasks.values())}), flush=True)
"""

JAVASCRIPT = """
const titles = [];
let copy, stopping = false, worker;

async function follow() {
  for await (const _ of copy.follow());
}
async function work(base, name) {
  while (!stopping) {
    await new Promise((wake) => setTimeout(wake, 20));
    titles.push(`${name}\u2028\x85${titles.length}`);
    await write("POST", `${base}/tasks`, { title: titles.at(-1) });
    const any = () => [...copy.tasks.values()][Math.floor(Math.random() * copy.tasks.size)] ?? { id: 1, version: 1 };
    const [one, other] = [any(), any()];
    try {
      await write("PUT", `${base}/tasks/${one.id}`, { description: titles.at(-1) }, one.version);
      if (Math.random() < 0.3) {
        const [, number] = await write("DELETE", `${base}/tasks/${other.id}`);
        if (Math.random() < 0.5) await write("POST", `${base}/history/${number}/undo`);
      }
    } catch (error) {
      if (![404, 409, 412].includes(error.status)) throw error;
    }
  }
}
function start(base, name) {
  copy = new TaskCopy(base);
  follow();
  worker = work(base, name);
}
async function answer(line) {
  if (line !== "stop") return { change: copy.change, tasks: [...copy.tasks.values()] };
  stopping = true;
  await worker;
  return titles;
}
"""

NODE = """
import { webcrypto } from "node:crypto";
import { createInterface } from "node:readline";
globalThis.crypto ??= webcrypto; // before Node.js 20
start(...process.argv.slice(1));
for await (const line of createInterface(process.stdin)) console.log(JSON.stringify(await answer(line)));
process.exit();
"""


class Client(Protocol):
    """A program that writes, and follows what everybody writes, until it is stopped."""

    def ask(self, line: str) -> Any:
        """Return its copy; for "stop" let it write no more, and return the titles of the tasks that it has created."""


class Program:
    """A client that is a process."""

    def __init__(self, *command: str | Path) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8", env=clean_environment()
        )

    def ask(self, line: str) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        print(line, file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())

    def kill(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate(timeout=DEADLINE)


class BrowserTab:
    """A client that is a page in a browser."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def ask(self, line: str) -> Any:
        return self._page.evaluate("(line) => answer(line)", line)


def change_of(client: Client) -> int:
    """Return the number of the change that the copy of a client is at; 0 before it has one."""
    return client.ask("copy")["change"] or 0


def tasks_of(client: Client) -> list[Json]:
    """Return the tasks in the copy of a client, in the order of a list."""
    return sorted(client.ask("copy")["tasks"], key=lambda task: task["id"])


@contextmanager
def clients_on_the_page(address: str) -> Iterator[list[Client]]:
    """Start the client in Python, and that in JavaScript in Node.js and in a browser, all for one user of a service."""
    base = f"{address}/users/{OWNER}"
    python = _from_the_page("## Python", "`write` sends", "python") + PYTHON
    javascript = _from_the_page("## JavaScript", "The same `write`", "js") + JAVASCRIPT
    with ExitStack() as stack:
        page = stack.enter_context(browser_context()).new_page()
        page.goto(address)
        page.evaluate(
            f"([base, name]) => {{ {javascript} globalThis.answer = answer; start(base, name); }}", [base, "C"]
        )
        in_node = (program("node", "nodejs"), "--input-type=module", "--eval", javascript + NODE, base, "B")
        programs = [Program(sys.executable, "-W", "error", "-c", python, base, "A"), Program(*in_node)]
        for each in programs:
            stack.callback(each.kill)
        yield [*programs, BrowserTab(page)]


def _from_the_page(client: str, write: str, language: str) -> str:
    followed = code("docs/sync.md", client, language)
    assert followed.count("\n") <= 40, "the page promises less"
    return followed + code("docs/sync.md", write, language)
