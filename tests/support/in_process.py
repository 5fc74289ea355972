"""A service in this process: for tests that put something into it, which a process of its own would not let them."""

import gc
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from donebase.serving.connection import Connection
from tests.support.waiting import DEADLINE, wait_for


@contextmanager
def serving(service: ASGIApp) -> Iterator[str]:
    """Serve an application in a thread, and yield its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(service, http=Connection, loop="asyncio", ws="none", log_config=None, access_log=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            wait_for(lambda: server.started or not thread.is_alive())
            assert server.started
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(DEADLINE)
            gc.unfreeze()  # what the application froze as it started was the test's as well
            assert not thread.is_alive()
