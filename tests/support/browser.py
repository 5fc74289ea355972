"""Chromium, alone: it reaches the service under test, pages of another origin, and nothing else."""

import asyncio
import atexit
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.support.programs import program
from tests.support.waiting import DEADLINE

_MILLISECONDS = DEADLINE * 1000
A_NAME = "donebase.test"
"""This machine, as a browser sees another one: over plain http it trusts that less than 127.0.0.1."""
# The browser's own errands, and every name that is not the service's, would ask somebody else.
ALONE = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules=MAP {A_NAME} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


class _Chromium:
    """A Chromium that runs, with the event loop by which Playwright talks with it."""

    def __init__(self) -> None:
        with ExitStack() as stack:
            playwright = stack.enter_context(sync_playwright())
            self.browser = stack.enter_context(
                playwright.chromium.launch(executable_path=_executable(), args=ALONE, timeout=_MILLISECONDS)
            )
            self._loop = asyncio.get_running_loop()
            self._end = stack.pop_all()
        expect.set_options(timeout=_MILLISECONDS)

    @contextmanager
    def entered(self) -> Iterator[Browser]:
        """Let this thread be in the event loop, as Playwright leaves it after each call."""
        asyncio._set_running_loop(self._loop)
        try:
            yield self.browser
        finally:
            asyncio._set_running_loop(None)

    def stop(self) -> None:
        """Stop it."""
        with self.entered():
            self._end.close()


def _executable() -> Path:
    """Return Chromium without the windows, tabs and menus around a page: to open those takes longer than the page.

    Where that is not installed, it is the whole Chromium.
    """
    found = shutil.which("chromium-headless-shell")
    return Path(found) if found else program("chromium", "chromium")


_running: list[_Chromium] = []


@contextmanager
def chromium() -> Iterator[Browser]:
    """Yield Chromium, which starts once in a process: a start costs as much as most tests.

    Until this ends, this thread has a running event loop: `asyncio.run` fails there.
    """
    if not (_running and _running[-1].browser.is_connected()):
        _running.append(_Chromium())
        atexit.register(_running[-1].stop)
    with _running[-1].entered() as browser:
        yield browser


@contextmanager
def new_context(browser: Browser, **options: Any) -> Iterator[BrowserContext]:
    """Yield a context for pages, with the options of `Browser.new_context`: it knows nothing of another context."""
    with browser.new_context(**options) as context:
        context.set_default_timeout(_MILLISECONDS)
        yield context


@contextmanager
def browser_context() -> Iterator[BrowserContext]:
    """Yield a context for pages: nothing is remembered from one to the next."""
    with chromium() as browser, new_context(browser) as context:
        yield context


class _Handler(SimpleHTTPRequestHandler):
    """Sends files, and writes no line for each."""

    def log_message(self, *_arguments: object) -> None: ...


@contextmanager
def another_origin(folder: Path) -> Iterator[str]:
    """Serve the files of a folder as pages of another origin, and yield that."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
