"""PgBouncer of the operating system's packages."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.postgresql import Postgresql, is_ready
from tests.support.programs import program
from tests.support.servers import Server, a_folder, give, version


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
        return [_program(), self.folder / "pgbouncer.ini"]

    def _answers(self) -> bool:
        return is_ready(self.port)


@contextmanager
def pgbouncer(server: Postgresql, **options: str) -> Iterator[Pgbouncer]:
    """Start a PgBouncer in transaction mode before a PostgreSQL and take it away again."""
    with a_folder() as folder:
        pooler = Pgbouncer(folder, server, **options)
        try:
            yield pooler.start()
        finally:
            pooler.kill()


def pgbouncer_version() -> tuple[int, ...]:
    """Return the version of PgBouncer on this machine."""
    return version(_program())


def _program() -> Path:
    return program("pgbouncer", "pgbouncer", "/usr/sbin")
