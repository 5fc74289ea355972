"""The data of the page without its views: a window in which a test calls verbs."""

import json
import re
from typing import Any

from playwright.sync_api import Page

from tests.support.waiting import wait_for
from tests.support.web_page import Json, NewPage

_OPEN = """async ([release, user]) => {
    const load = (name) => import(`/web/${release}/data/${name}.js`);
    const [{ openStorage }, { TaskStore }, { Api }, { byOrder }] =
        await Promise.all(["storage", "tasks", "api", "effects"].map(load));
    window.refused = [];
    window.storage = await openStorage();
    window.store = new TaskStore({
        owner: `user:${user}`,
        storage,
        api: new Api(new URL(`users/${user}/`, document.baseURI)),
        changed() {},
        written() {},
        refused: (write) => refused.push(write),
    });
    window.listed = () => store.all().sort(byOrder);
    window.keyOf = (title) => listed().find((task) => task.title === title).key;
    window.stuck = (state) => store.writes.filter((write) => write.state === state);
    await store.start();
}"""


class StoreWindow:
    """A window of the tasks of a user at an address, with what the page has in `window.store`.

    In `run` there are also `keyOf(title)`, `stuck(state)`, `refused` and `listed()`, the tasks in order.
    """

    def __init__(self, new_page: NewPage, address: str, user: int, *, beside: Page | None = None) -> None:
        self.page = new_page(address, "livez", beside=beside, bypass_csp=True, expected=["favicon.ico"])
        document = self.page.evaluate("fetch('/').then((response) => response.text())")
        found = re.search(r'src="web/([^/]+)/main\.js"', document)
        assert found, document
        self._opened = [found[1], user]
        self.open()

    def open(self) -> None:
        """Show what the browser keeps, and follow the service; also again, after the page was loaded again."""
        self.page.evaluate(_OPEN, self._opened)

    def run(self, code: str) -> Any:
        """Run the body of an asynchronous function, and return what it returns."""
        return self.page.evaluate(f"async () => {{ {code} }}")

    def shown(self, *names: str) -> list[Any]:
        """Return these members of all tasks, in order; of one name, only its values."""
        members = [[task[name] for name in names] for task in self.tasks()]
        return [each[0] for each in members] if len(names) == 1 else members

    def tasks(self) -> list[Json]:
        """Return the tasks as they are shown, in order."""
        tasks: list[Json] = json.loads(self.run("return JSON.stringify(listed())"))
        return tasks

    def wait_for(self, expression: str) -> None:
        """Wait until something is so."""
        wait_for(
            lambda: self.run(f"return Boolean({expression})"),
            lambda: (expression, self.run("return JSON.stringify([store.connection, store.writes])")),
            every=0.05,
        )

    def sent(self) -> None:
        """Wait until every write is answered, and the service is followed."""
        self.wait_for("store.writes.length === 0 && store.connection === 'live'")
