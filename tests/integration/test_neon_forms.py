"""URLs as a provider's console shows them, pasted whole: encryption, channel binding, several hosts, other schemes."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from donebase.postgres.migrations import migrate
from donebase.settings import Settings
from tests.support.families import FAMILIES
from tests.support.pgbouncer import pgbouncer
from tests.support.postgresql import Postgresql, postgresql
from tests.support.processes import Service, run_donebase
from tests.support.programs import program
from tests.support.servers import a_folder, free_port, give, run

NEON = "sslmode=require&channel_binding=require"


@pytest.fixture(scope="module")
def certificate() -> Iterator[Path]:
    """A certificate for 127.0.0.1 that signs itself; its key lies beside it."""
    openssl = program("openssl", "openssl")
    with a_folder() as folder:
        path = folder / "server.crt"
        run(
            *(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=donebase"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", path.with_suffix(".key"), "-out", path),
        )
        yield path


@pytest.fixture(scope="module")
def server(certificate: Path) -> Iterator[Postgresql]:
    """A PostgreSQL that takes no connection in the clear."""
    rules = certificate.with_name("pg_hba.conf")
    rules.write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n")
    give(rules)
    encryption = {"ssl_cert_file": str(certificate), "ssl_key_file": str(certificate.with_suffix(".key"))}
    with postgresql(fsync="off", ssl="on", hba_file=str(rules), **encryption) as server:
        yield server


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+asyncpg"])
def test_a_url_works_as_neon_shows_it(server: Postgresql, folder: Path, alice: int, scheme: str) -> None:
    url = server.url(server.new_database()).replace("postgresql", scheme, 1)
    tasks_can_be_kept_at(f"{url}?{NEON}", folder, alice)


def test_a_pooled_url_works_as_neon_shows_it(server: Postgresql, certificate: Path, folder: Path, alice: int) -> None:
    encryption = {
        "client_tls_sslmode": "require",
        "client_tls_cert_file": str(certificate),
        "client_tls_key_file": str(certificate.with_suffix(".key")),
        "server_tls_sslmode": "require",
    }
    with pgbouncer(server, **encryption) as pooler:
        tasks_can_be_kept_at(f"{pooler.url(server.new_database())}?{NEON}", folder, alice)


def test_the_host_that_answers_is_found_among_several(server: Postgresql, folder: Path, alice: int) -> None:
    url = server.url(server.new_database()).replace("@", f"@127.0.0.1:{free_port()},", 1)
    tasks_can_be_kept_at(f"{url}?{NEON}&target_session_attrs=read-write", folder, alice)


def test_the_certificate_is_checked_where_the_url_asks(
    server: Postgresql, certificate: Path, folder: Path, alice: int
) -> None:
    url = f"{server.url(server.new_database())}?sslmode=verify-full&sslrootcert={certificate}"
    tasks_can_be_kept_at(url, folder, alice)
    refused = run_donebase(folder, "migrate", DATABASE_URL=url.replace("127.0.0.1", "localhost"))
    assert refused.returncode == 1
    assert "CERTIFICATE_VERIFY_FAILED" in refused.stderr


def test_a_server_that_wants_encryption_is_not_asked_without(server: Postgresql, folder: Path) -> None:
    refused = run_donebase(folder, "serve", "--port", "0", DATABASE_URL=f"{server.url()}?sslmode=disable")
    assert refused.returncode == 2
    assert "no encryption" in refused.stderr
    assert server.password not in refused.stderr


def test_a_wrong_password_is_told_with_the_variable_that_has_it(server: Postgresql, folder: Path) -> None:
    wrong = server.url().replace(quote(server.password, safe=""), "wrong-secret")
    for given in ({"DATABASE_URL": wrong}, {"DATABASE_URL": server.url(), "DATABASE_URL_UNPOOLED": wrong}):
        refused = run_donebase(folder, "migrate", **given)
        assert refused.returncode == 2
        assert refused.stderr.startswith(f"donebase: {list(given)[-1]} was rejected by PostgreSQL: password ")
        assert refused.stderr.count("\n") == 1
        assert "secret" not in refused.stderr


def tasks_can_be_kept_at(url: str, folder: Path, user: int) -> None:
    """Migrate the database at this URL, serve it, and create and read a task."""
    asyncio.run(migrate(Settings.read(database_url=url)))
    with Service(folder, DATABASE_URL=url) as service, httpx.Client(base_url=service.ready().address) as client:
        for family in FAMILIES:
            task = family.created(client, user)
            assert family.read(client, user, task["id"]).json() == task
