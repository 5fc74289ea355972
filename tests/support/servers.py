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
from collections.abc import Iterator
from contextlib import contextmanager
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
        # Once it stands still it makes no other child, and the numbers of those it has stay theirs.
        self._process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        children = _children(self._process.pid)
        for child in children:
            signal.pidfd_send_signal(child, signal.SIGKILL)
        super().kill()
        for child in children:
            # One that still holds the shared memory keeps the server from starting again.
            select.select([child], [], [], STOP_TIMEOUT)
            os.close(child)

    def new_database(self) -> str:
        """Make an empty database and return its name."""
        name = f"test_{secrets.token_hex(6)}"
        asyncio.run(self._execute(f"CREATE DATABASE {name}"))
        return name

    async def _execute(self, sql: str) -> None:
        connection = await asyncpg.connect(self.url(), timeout=10)
        try:
            await connection.execute(sql, timeout=30)
        finally:
            await connection.close(timeout=10)


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
    numbers = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [os.pidfd_open(int(number)) for number in numbers]
