"""How long a connection waits for its client: for the headers of a request, and at a stop.

uvicorn's protocol waits for ever for headers, and at a stop it hangs up on requests that are just arriving.
connections.py ends clients that do not take what they are sent.
"""

import asyncio
from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from donebase.serving.answering import AnsweringProtocol
from donebase.serving.connections import Connections
from donebase.settings import Settings

LINGER = 0.25
_LAST_WORDS = 1.5


class PatientProtocol(AnsweringProtocol):
    """uvicorn's protocol on httptools, whose every wait has an end.

    `app_state` is what the application's lifespan gave: settings, what ends statements, and what the connections share.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._settings: Settings = app_state["settings"]
        self._end_statements_within: Callable[[float], None] = app_state["end_statements_within"]
        self._shared: Connections = app_state["connections"]
        self._is_served = True
        self._leaving = False
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a first request."""
        super().connection_made(transport)
        self._is_served = self._shared.add(self)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client."""
        self._shared.remove(self)
        if self._head_timer is not None:
            self._head_timer.cancel()
        super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio's own says that it may
        """Tell whether to keep the connection for answers to a client that has said all it had to say."""
        if not self.answering() or self.cycle.more_body:
            return False
        self.cycle.keep_alive = False
        return True

    def on_headers_complete(self) -> None:
        """Begin the work on a request."""
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        super().on_headers_complete()
        self._unset_keepalive_if_required()  # an earlier answer may have ended since this request began
        if self._leaving:
            self.cycle.keep_alive = False

    def shutdown(self) -> None:
        """Answer what is asked and end. Who has not been told yet may just be asking: they get a moment for it.

        Statements are given up on in time for an error that says so, and for PostgreSQL to be told: one that was
        left behind would be carried out when nobody is there any more.
        """
        self._leaving = True
        grace = self._settings.shutdown_grace
        self._end_statements_within(grace - min(_LAST_WORDS, grace / 2))
        self.loop.call_later(grace - LINGER, self._break_off)
        if self.answering():
            self.cycle.keep_alive = False
        else:
            self.loop.call_later(LINGER, self._end_unless_answering)

    def resume_writing(self) -> None:
        """Go on with the answer."""
        self._shared.taken(self)
        super().resume_writing()

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self._settings.header_timeout, self._head_overdue)

    @abstractmethod
    def _head_overdue(self) -> None: ...

    def _end_unless_answering(self) -> None:
        if not self.answering():
            self.transport.close()

    def _break_off(self) -> None:
        """End with a client that does not send the rest of its request, or take its answer."""
        if not self.answering():
            self.transport.abort()
        elif self.cycle.response_started:
            self._shared.cut_off += 1
            self.reset()
        elif self.cycle.more_body:
            self._shared.cut_off += 1
            self.transport.abort()
