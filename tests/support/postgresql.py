"""PostgreSQL of the operating system's packages, and what can be done to it."""

import asyncio
import os
import secrets
import select
import signal
import socket
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Literal

import asyncpg

from donebase.postgres.migrations import migrate
from donebase.settings import Settings
from tests.support.made_once import made_once
from tests.support.programs import program
from tests.support.servers import Server, a_folder, give, run, version
from tests.support.waiting import DEADLINE

# What has a meaning of its own in a URL, in a configuration file or to a shell must do no harm in a password.
_SHARP = "@:/?#%&= \"'\\$é"

_WITH_TABLES = "tasks"

# What a client says first, in version 3.0 of the protocol, and the SQLSTATE that a server answers as it starts or ends.
_STARTUP = b"\0\0\0\x29\0\x03\0\0user\0postgres\0database\0postgres\0\0"
_NOT_NOW = b"57P03"


class Postgresql(Server):
    """A PostgreSQL that asks for a password and keeps its durable defaults, unless `options` say otherwise."""

    def __init__(self, folder: Path, **options: str) -> None:
        super().__init__(folder, (folder / "password").read_text(encoding="utf-8"))
        self.options = options
        self.version = version(_program("postgres"))
        self.data = folder / "data"

    @property
    def _command(self) -> list[str | Path]:
        own = {"listen_addresses": "127.0.0.1", "port": str(self.port), "unix_socket_directories": ""}
        options = [f"--{name}={value}" for name, value in (own | self.options).items()]
        return [_program("postgres"), "-D", self.data, *options]

    def stop(self, how: Literal["fast", "immediate"] = "fast") -> None:
        """Stop it: `fast` ends every connection and tidies up, `immediate` leaves the log to be replayed."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT if how == "fast" else signal.SIGQUIT)
            self._process.wait(DEADLINE)
            self._process = None

    def kill(self) -> None:
        """End the server and every process of its own at once, as a power cut would."""
        if self._process is None or self._process.poll() is not None:
            super().kill()
            return
        children = self._stand_still()
        for child in children:
            signal.pidfd_send_signal(child, signal.SIGKILL)
        super().kill()
        # One that still holds the shared memory keeps the server from starting again.
        _wait_for_the_end_of(children)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop every process of the server where it stands: connections stay open, and nobody answers."""
        children = self._stand_still()
        try:
            for child in children:
                signal.pidfd_send_signal(child, signal.SIGSTOP)
            yield
        finally:
            for child in children:
                signal.pidfd_send_signal(child, signal.SIGCONT)
                os.close(child)
            assert self._process
            self._process.send_signal(signal.SIGCONT)

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Answer no more on the connections there are, and on new ones as ever: as after the network forgot them."""
        backends = self._backends()
        for backend in backends:
            signal.pidfd_send_signal(backend, signal.SIGSTOP)
        try:
            yield
        finally:
            for backend in backends:
                signal.pidfd_send_signal(backend, signal.SIGCONT)
                os.close(backend)

    def terminate_backends(self) -> int:
        """End every connection, as `pg_terminate_backend` does, wait for their processes to go and return how many."""
        backends = self._backends()
        for backend in backends:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(backend, signal.SIGTERM)
        _wait_for_the_end_of(backends)
        return len(backends)

    @contextmanager
    def transaction(self, sql: str, database: str = "postgres") -> Iterator[None]:
        """Hold a transaction open that has begun with these statements, and take it back."""
        with asyncio.Runner() as runner:
            connection = runner.run(asyncpg.connect(self.url(database), timeout=DEADLINE))
            runner.run(connection.execute(f"BEGIN; {sql}"))
            try:
                yield
            finally:
                runner.run(connection.execute("ROLLBACK"))
                runner.run(connection.close(timeout=DEADLINE))

    @contextmanager
    def strangers(self, number: int) -> Iterator[None]:
        """Keep so many connections open that have nothing to do, and wait for their processes to go."""
        backends: list[int] = []
        try:
            with asyncio.Runner() as runner, ExitStack() as stack:
                for _ in range(number):
                    connection = runner.run(asyncpg.connect(self.url(), timeout=DEADLINE))
                    stack.callback(connection.terminate)
                    backends += _handles([connection.get_server_pid()])
                yield
        finally:
            _wait_for_the_end_of(backends)

    def new_database(self, options: str = "") -> str:
        """Make an empty database and return its name."""
        name = f"test_{secrets.token_hex(6)}"
        self.execute(f"CREATE DATABASE {name} {options}")
        return name

    def database_with_tables(self, options: str = "") -> str:
        """Make a database with donebase's tables and nothing in them, and return its name."""
        return self.new_database(f"TEMPLATE {_WITH_TABLES} {options}")

    def execute(self, sql: str) -> None:
        """Run SQL, on a connection of its own."""
        with asyncio.Runner() as runner:
            connection = runner.run(asyncpg.connect(self.url(), timeout=DEADLINE))
            try:
                runner.run(connection.execute(sql, timeout=DEADLINE))
            finally:
                runner.run(connection.close(timeout=DEADLINE))

    def wait_for_the_end(self) -> None:
        """Wait until it has ended by itself."""
        assert self._process
        self._process.wait(DEADLINE)
        self._process = None

    def _backends(self) -> list[int]:
        """Return a handle on the process of each connection."""
        with asyncio.Runner() as runner:
            connection = runner.run(asyncpg.connect(self.url(), timeout=DEADLINE))
            clients = (
                "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
            rows = runner.run(connection.fetch(clients))
            runner.run(connection.close(timeout=DEADLINE))
        return _handles(row["pid"] for row in rows)

    def _stand_still(self) -> list[int]:
        """Stop the server's first process, so that it makes no other child, and return a handle on those it has."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        return _children(self._process.pid)

    def _answers(self) -> bool:
        return is_ready(self.port)


@contextmanager
def postgresql(**options: str) -> Iterator[Postgresql]:
    """Start a PostgreSQL with these settings and take it away again, data and all."""
    original = made_once("postgresql", _initialise)
    with a_folder() as folder:
        run("cp", "-a", "--reflink=auto", f"{original}/.", folder)
        server = Postgresql(folder, **options)
        try:
            yield server.start()
        finally:
            server.kill()


def _initialise(folder: Path) -> None:
    """Make the data of a PostgreSQL, with a database that has donebase's tables."""
    give(folder)
    password = folder / "password"
    password.write_text(secrets.token_hex(8) + _SHARP, encoding="utf-8")
    give(password)
    run(
        *(_program("initdb"), "--no-sync", "-D", folder / "data", "-U", "postgres", "-A", "scram-sha-256"),
        *("--pwfile", password, "--encoding", "UTF8", "--no-locale"),
    )
    server = Postgresql(folder, fsync="off").start()
    try:
        server.execute(f"CREATE DATABASE {_WITH_TABLES}")
        asyncio.run(migrate(Settings.read(database_url=server.url(_WITH_TABLES))))
    finally:
        server.stop()


def is_ready(port: int) -> bool:
    """Tell whether a PostgreSQL, or what speaks for one, takes connections on a port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as probe:
            probe.sendall(_STARTUP)
            answer = probe.recv(4096)
    except OSError:
        return False
    return bool(answer) and _NOT_NOW not in answer


def programs() -> Path:
    """Return the folder of PostgreSQL's programs, those of one version together."""
    # Debian keeps them off PATH, a folder for each version.
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    return program("postgres", "postgresql", *map(str, reversed(folders))).resolve().parent


def _program(name: str) -> Path:
    return programs() / name


def _children(process: int) -> list[int]:
    """Return a handle on each child of a process, which stays good after its parent has gone."""
    return _handles(int(number) for number in Path(f"/proc/{process}/task/{process}/children").read_text().split())


def _handles(numbers: Iterable[int]) -> list[int]:
    found = []
    for number in numbers:
        with suppress(ProcessLookupError):
            found.append(os.pidfd_open(number))
    return found


def _wait_for_the_end_of(processes: list[int]) -> None:
    for process in processes:
        select.select([process], [], [], DEADLINE)
        os.close(process)
