"""Chromium, alone: it reaches the service under test, pages of another origin, and nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium and yield it. Until it ends, this thread has a running event loop: `asyncio.run` fails there."""
    executable = program("chromium", "chromium")
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=executable, args=ALONE, timeout=_MILLISECONDS) as browser,
    ):
        expect.set_options(timeout=_MILLISECONDS)
        yield browser


@contextmanager
def new_context(browser: Browser, **options: Any) -> Iterator[BrowserContext]:
    """Yield a context for pages, with the options of `Browser.new_context`: it knows nothing of another context."""
    with browser.new_context(**options) as context:
        context.set_default_timeout(_MILLISECONDS)
        yield context


@contextmanager
def browser_context() -> Iterator[BrowserContext]:
    """Start Chromium and yield a context for pages: nothing is remembered from one to the next."""
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
