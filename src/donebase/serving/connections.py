"""What the connections of one worker share: how many are served, and the end of those that take no bytes.

One timer looks after all of them, once a second: a request costs nothing more for it.
"""

import asyncio
import resource
import sys
from contextlib import suppress
from typing import Protocol

from donebase.settings import Settings
from donebase.telemetry import logs

_EVERY = 1.0
BACKLOG = 2048  # connections that the kernel holds until they are accepted
_OTHER_FILES = 64  # the log, the listener, libraries, new connections to PostgreSQL: what a worker opens besides
_LEAST_REFUSED = 32  # so many more connections are accepted beyond MAX_CONNECTIONS, for probes
_MOST_REFUSED = 2000


def fit_into_file_limit(settings: Settings) -> Settings:
    """Raise the soft limit of open files as far as the hard limit allows, and return settings that fit into it.

    Each connection is an open file. Where there cannot be enough files, MAX_CONNECTIONS becomes what there can be, and
    the log says so. Worker processes inherit the limit.
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
    """A connection, as far as it matters here."""

    transport: asyncio.Transport

    def answering(self) -> bool:
        """Tell whether a request is being answered."""

    def reset(self) -> None:
        """End the connection, and with it what was sent and has not been taken."""


class Connections:
    """The connections of one worker."""

    def __init__(self, settings: Settings) -> None:
        self._send_timeout = settings.send_timeout
        self._served = settings.max_connections
        self._refused_at_once = max(_LEAST_REFUSED, _number(_soft_limit()) - _besides(settings) - self._served)
        self._unsent: dict[Client, tuple[int, float]] = {}  # bytes, and the time since when none of them was taken
        self._refused: dict[Client, None] = {}  # in the order in which they came
        self._looking = False
        self.cut_off = 0
        """How many connections a graceful shutdown has cut off, with an answer that was not sent whole."""

    def add(self, client: Client) -> bool:
        """Look after a connection from now on, and tell whether it is one of MAX_CONNECTIONS.

        Of those beyond, as many are kept as there are files for; then an older one makes room, so that the next
        can be accepted: it may be a probe.
        """
        self._unsent[client] = (0, 0.0)
        if not self._looking:
            self._looking = True
            asyncio.get_running_loop().call_later(_EVERY, self._look)
        if len(self._unsent) <= self._served:
            return True
        if len(self._refused) >= self._refused_at_once:
            oldest = next((each for each in self._refused if not each.answering()), next(iter(self._refused)))
            del self._refused[oldest]
            oldest.transport.abort()
        self._refused[client] = None
        return False

    def remove(self, client: Client) -> None:
        """Forget a connection that has ended."""
        self._unsent.pop(client, None)
        self._refused.pop(client, None)

    def taken(self, client: Client) -> None:
        """Note that a client has taken most of what was sent: more is sent now, so that its size tells nothing."""
        if client in self._unsent:
            self._unsent[client] = (0, 0.0)

    def _look(self) -> None:
        """End every connection, a closing one too, whose client took nothing for SEND_TIMEOUT."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        for client, (before, since) in self._unsent.items():
            size = client.transport.get_write_buffer_size()
            if not before or size < before:
                since = now
            elif now - since >= self._send_timeout:
                client.reset()
            self._unsent[client] = (size, since)
        self._looking = bool(self._unsent)
        if self._looking:
            loop.call_later(_EVERY, self._look)
