"""The limit on the connections of one worker, and the timer that looks at their timeouts."""

import asyncio
import resource
import sys
from contextlib import suppress
from typing import Protocol

from donebase.serving.stream import Stream
from donebase.serving.timeouts import LOOK_EVERY, Timeouts
from donebase.settings import Settings
from donebase.telemetry import logs

BACKLOG = 2048  # connections that the kernel holds until they are accepted
_OTHER_FILES = 64  # the log, the listener, libraries, new connections to PostgreSQL: what a worker opens besides
_LEAST_REFUSED = 32  # so many more connections are accepted beyond MAX_CONNECTIONS, for probes
_MOST_REFUSED = 2000


def fit_into_file_limit(settings: Settings) -> Settings:
    """Raise the soft limit of open files as far as the hard limit allows, and return settings that fit into it.

    Each connection is an open file. If the hard limit is too low, MAX_CONNECTIONS is reduced, and the log says so
    (`connections.limited`). Worker processes inherit the limit.
    """
    besides = _besides(settings)
    wanted = settings.max_connections + _MOST_REFUSED + besides
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if _number(_soft_limit()) < min(wanted, _number(hard)):
        with suppress(OSError, ValueError):  # the kernel may allow less than it says (fs.nr_open)
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, _number(hard)), hard))
    files = _number(_soft_limit())
    possible = max(1, files - _LEAST_REFUSED - besides)
    if possible >= settings.max_connections:
        return settings
    logs.warning(
        "connections.limited",
        max_connections=possible,
        cause=f"MAX_CONNECTIONS is {settings.max_connections}, but the hard limit of open files is {files}",
        advice=f"raise the hard limit to {settings.max_connections + _LEAST_REFUSED + besides} (ulimit -Hn, or "
        "LimitNOFILE= in a systemd unit), or lower MAX_CONNECTIONS",
    )
    return settings.model_copy(update={"max_connections": possible})


def _besides(settings: Settings) -> int:
    return _OTHER_FILES + settings.database_pool_size


def _soft_limit() -> int:
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def _number(limit: int) -> int:
    return sys.maxsize if limit == resource.RLIM_INFINITY else limit


class Client(Protocol):
    """A connection, as ConnectionLimit uses it."""

    stream: Stream
    timeouts: Timeouts

    def answering(self) -> bool:
        """Tell whether a request is being answered."""


class ConnectionLimit:
    """Limits the connections of one worker, and looks at the timeouts of each once a second."""

    def __init__(self, settings: Settings) -> None:
        self._served = settings.max_connections
        self._refused_at_once = max(_LEAST_REFUSED, _number(_soft_limit()) - _besides(settings) - self._served)
        self._all: dict[Client, None] = {}
        self._refused: dict[Client, None] = {}  # in the order in which they came
        self._looking = False
        self.cut_off = 0
        """How many connections a graceful shutdown has cut off, with an answer that was not sent whole."""

    def add(self, client: Client) -> bool:
        """Add a connection, and return whether it is within MAX_CONNECTIONS.

        Connections beyond it are kept as long as there are open files; then an older one of them is closed, so that
        the next, which may be a probe, can be accepted.
        """
        self._all[client] = None
        if not self._looking:
            self._looking = True
            asyncio.get_running_loop().call_later(LOOK_EVERY, self._look)
        if len(self._all) <= self._served:
            return True
        if len(self._refused) >= self._refused_at_once:
            oldest = next((each for each in self._refused if not each.answering()), next(iter(self._refused)))
            del self._refused[oldest]
            oldest.stream.abort()
        self._refused[client] = None
        return False

    def remove(self, client: Client) -> None:
        """Remove a connection that has ended."""
        self._all.pop(client, None)
        self._refused.pop(client, None)

    def _look(self) -> None:
        now = asyncio.get_running_loop().time()
        for client in self._all:
            client.timeouts.look(now)
        self._looking = bool(self._all)
        if self._looking:
            asyncio.get_running_loop().call_later(LOOK_EVERY, self._look)
