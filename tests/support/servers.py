"""PostgreSQL and PgBouncer of the operating system's packages, each in a folder and on a port of its own.

Both refuse to run as root; where the tests run as root, they run as the user `postgres` that their packages make.
"""

import asyncio
import os
import random
import re
import secrets
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import quote

import asyncpg

from tests.support.neighbours import program

START_TIMEOUT = 60.0
STOP_TIMEOUT = 30.0
_COMMAND_TIMEOUT = 60.0

# What has a meaning of its own in a URL, in a configuration file or to a shell must do no harm in a password.
_SHARP = "@:/?#%&= \"'\\$é"


class Server(ABC):
    """A server on 127.0.0.1 that can end and come back on the same port and folder."""

    def __init__(self, folder: Path, password: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.password = password
        self._process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def _command(self) -> list[str | Path]: ...

    def url(self, database: str = "postgres") -> str:
        """Return the URL of a database, whether it is there or not."""
        return f"postgresql://postgres:{quote(self.password, safe='')}@127.0.0.1:{self.port}/{database}"

    def start(self) -> Self:
        """Start it and wait until it takes connections."""
        assert self._process is None, "it runs already"
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **_not_root()
            )
        end = time.monotonic() + START_TIMEOUT
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > end:
                self.kill()
                raise AssertionError(f"{self._command} did not start: {self.last_words()}")
            time.sleep(0.05)
        return self

    def kill(self) -> None:
        """End it without a chance to tidy up, where it has not ended yet."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(STOP_TIMEOUT)
            self._process = None

    def last_words(self) -> str:
        """Return the end of what it wrote."""
        return (self.folder / "log").read_text(errors="replace")[-4000:]

    def _answers(self) -> bool:
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", "postgres", "-t", "1"]
        return subprocess.run([_postgresql_program("pg_isready"), "-q", *where], check=False).returncode == 0


class Postgresql(Server):
    """A PostgreSQL that asks for a password and keeps its durable defaults, unless `options` say otherwise."""

    def __init__(self, folder: Path, **options: str) -> None:
        super().__init__(folder, secrets.token_hex(8) + _SHARP)
        self.options = options
        self.version = version(_postgresql_program("postgres"))
        self.data = folder / "data"
        password = folder / "password"
        password.write_text(self.password, encoding="utf-8")
        give(password)
        run(
            *(_postgresql_program("initdb"), "--no-sync", "-D", self.data, "-U", "postgres", "-A", "scram-sha-256"),
            *("--pwfile", password, "--encoding", "UTF8", "--no-locale"),
        )

    @property
    def _command(self) -> list[str | Path]:
        own = {"listen_addresses": "127.0.0.1", "port": str(self.port), "unix_socket_directories": ""}
        options = [f"--{name}={value}" for name, value in (own | self.options).items()]
        return [_postgresql_program("postgres"), "-D", self.data, *options]

    def stop(self, how: Literal["fast", "immediate"] = "fast") -> None:
        """Stop it: `fast` ends every connection and tidies up, `immediate` leaves the log to be replayed."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT if how == "fast" else signal.SIGQUIT)
            self._process.wait(STOP_TIMEOUT)
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
            connection = runner.run(asyncpg.connect(self.url(database), timeout=10))
            runner.run(connection.execute(f"BEGIN; {sql}"))
            try:
                yield
            finally:
                runner.run(connection.execute("ROLLBACK"))
                runner.run(connection.close(timeout=10))

    @contextmanager
    def strangers(self, number: int) -> Iterator[None]:
        """Keep so many connections open that have nothing to do."""
        with asyncio.Runner() as runner, ExitStack() as stack:
            for _ in range(number):
                connection = runner.run(asyncpg.connect(self.url(), timeout=10))
                stack.callback(connection.terminate)
            yield

    def new_database(self, options: str = "") -> str:
        """Make an empty database and return its name."""
        name = f"test_{secrets.token_hex(6)}"
        self.execute(f"CREATE DATABASE {name} {options}")
        return name

    def execute(self, sql: str) -> None:
        """Run SQL, on a connection of its own."""
        with asyncio.Runner() as runner:
            connection = runner.run(asyncpg.connect(self.url(), timeout=10))
            try:
                runner.run(connection.execute(sql, timeout=30))
            finally:
                runner.run(connection.close(timeout=10))

    def wait_for_the_end(self) -> None:
        """Wait until it has ended by itself."""
        assert self._process
        self._process.wait(STOP_TIMEOUT)
        self._process = None

    def _backends(self) -> list[int]:
        """Return a handle on the process of each connection."""
        with asyncio.Runner() as runner:
            connection = runner.run(asyncpg.connect(self.url(), timeout=10))
            clients = (
                "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
            rows = runner.run(connection.fetch(clients))
            runner.run(connection.close(timeout=10))
        return _handles(row["pid"] for row in rows)

    def _stand_still(self) -> list[int]:
        """Stop the server's first process, so that it makes no other child, and return a handle on those it has."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        return _children(self._process.pid)


class Pgbouncer(Server):
    """A PgBouncer in transaction mode before a PostgreSQL; `options` are further lines of its configuration."""

    def __init__(self, folder: Path, server: Postgresql, **options: str) -> None:
        super().__init__(folder, server.password)
        self.version = pgbouncer_version()
        own = {
            "listen_addr": "127.0.0.1",
            "listen_port": str(self.port),
            "unix_socket_dir": "",
            "auth_type": "scram-sha-256",
            "auth_file": str(folder / "users"),
            "pool_mode": "transaction",
            "default_pool_size": "20",
            "max_client_conn": "2000",
        }
        lines = [f"{name} = {value}" for name, value in (own | options).items()]
        databases = ["[databases]", f"* = host=127.0.0.1 port={server.port}"]
        (folder / "pgbouncer.ini").write_text("\n".join([*databases, "[pgbouncer]", *lines, ""]))
        password = self.password.replace('"', '""')
        (folder / "users").write_text(f'"postgres" "{password}"\n', encoding="utf-8")
        give(folder / "users")

    @property
    def _command(self) -> list[str | Path]:
        return [_pgbouncer_program(), self.folder / "pgbouncer.ini"]


@contextmanager
def postgresql(**options: str) -> Iterator[Postgresql]:
    """Start a PostgreSQL with these settings and take it away again, data and all."""
    with a_folder() as folder:
        server = Postgresql(folder, **options)
        try:
            yield server.start()
        finally:
            server.kill()


@contextmanager
def pgbouncer(server: Postgresql, **options: str) -> Iterator[Pgbouncer]:
    """Start a PgBouncer in transaction mode before a PostgreSQL and take it away again."""
    with a_folder() as folder:
        pooler = Pgbouncer(folder, server, **options)
        try:
            yield pooler.start()
        finally:
            pooler.kill()


@contextmanager
def a_folder() -> Iterator[Path]:
    """Make a folder where the servers may write; pytest's own are closed to every user but one."""
    with tempfile.TemporaryDirectory(prefix="donebase-server-", ignore_cleanup_errors=True) as name:
        give(Path(name))
        yield Path(name)


def give(path: Path) -> None:
    """Leave a file or a folder to the user that the servers run as, and to nobody else."""
    path.chmod(0o700 if path.is_dir() else 0o600)
    if _not_root():
        shutil.chown(path, "postgres", "postgres")


def run(*command: str | Path) -> str:
    """Run a program to its end as the user that the servers run as, and return what it wrote."""
    ended = subprocess.run(
        command,
        cwd=tempfile.gettempdir(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_COMMAND_TIMEOUT,
        check=False,
        **_not_root(),
    )
    said: str = ended.stdout
    assert ended.returncode == 0, said
    return said


def version(path: Path) -> tuple[int, ...]:
    """Return the version that a program says it is: (15, 18)."""
    said = re.search(r"\d+(\.\d+)+", run(path, "--version"))
    assert said, f"{path} does not say its version"
    return tuple(int(number) for number in said[0].split("."))


def pgbouncer_version() -> tuple[int, ...]:
    """Return the version of PgBouncer on this machine."""
    return version(_pgbouncer_program())


def free_port() -> int:
    """Return a port that is free, and that no connection on its way out is given while its server is down."""
    for _ in range(100):
        port = random.randrange(15_000, 32_000)  # noqa: S311 - Linux gives out those from 32,768
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise AssertionError("no port is free")


def _not_root() -> dict[str, Any]:
    return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}


def _postgresql_program(name: str) -> Path:
    # Debian keeps them off PATH, a folder for each version.
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    server = program("postgres", "postgresql", *map(str, reversed(folders)))
    # Debian's own pg_isready on PATH is a wrapper, and takes many times as long.
    return server.resolve().with_name(name)


def _pgbouncer_program() -> Path:
    return program("pgbouncer", "pgbouncer", "/usr/sbin")


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
        select.select([process], [], [], STOP_TIMEOUT)
        os.close(process)
