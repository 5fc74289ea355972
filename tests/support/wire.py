"""A wire tap between the service and PostgreSQL: passes everything on and keeps what the service asked."""

import socket
import threading
from collections import Counter
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

_UNTYPED_LENGTH = 8  # a startup or SSL request: length and code, before messages have types


class WireTap:
    """Listens on a free port for one PostgreSQL; `asked` counts the messages of the client by their type.

    Parse is `P`, Bind `B`, Execute `E`, Sync `S`, Flush `H`, a simple query `Q` (PostgreSQL, "Message Formats").
    """

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._asked: Counter[str] = Counter()
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """The URL of the same database through the tap."""
        port = self._listener.getsockname()[1]
        user = self._target.netloc.rpartition("@")[0]
        return f"postgresql://{user}@127.0.0.1:{port}{self._target.path}"

    def take(self) -> Counter[str]:
        """Return what was asked since the last time, and begin anew."""
        with self._lock:
            asked, self._asked = self._asked, Counter()
        return asked

    def cut(self) -> None:
        """Let nothing through from now on: connections end, and no new one is accepted."""
        for each in (self._listener, *self._open):
            with suppress(OSError):  # it has ended
                each.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = self._connect()
            self._open += [client, server]
            threading.Thread(target=self._pass_on, args=(client, server, _Messages()), daemon=True).start()
            threading.Thread(target=self._pass_on, args=(server, client, None), daemon=True).start()

    def _connect(self) -> socket.socket:
        folder = parse_qs(self._target.query).get("host")
        if folder:
            server = socket.socket(socket.AF_UNIX)
            server.connect(f"{folder[0]}/.s.PGSQL.5432")
            return server
        return socket.create_connection((self._target.hostname or "127.0.0.1", self._target.port or 5432))

    def _pass_on(self, here: socket.socket, there: socket.socket, messages: "_Messages | None") -> None:
        try:
            while data := here.recv(65536):
                if messages:
                    with self._lock:
                        self._asked.update(messages.types(data))
                there.sendall(data)
            there.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        for each in (self._listener, *self._open):
            each.close()


class _Messages:
    """Cuts what a client sends into messages, however it arrives."""

    def __init__(self) -> None:
        self._rest = b""
        self._started = False

    def types(self, data: bytes) -> list[str]:
        self._rest += data
        found: list[str] = []
        while True:
            head = 1 if self._started else 0
            if len(self._rest) < head + 4:
                return found
            end = head + int.from_bytes(self._rest[head : head + 4])
            if len(self._rest) < end:
                return found
            if self._started:
                found.append(chr(self._rest[0]))
            self._started = self._started or end > _UNTYPED_LENGTH
            self._rest = self._rest[end:]
