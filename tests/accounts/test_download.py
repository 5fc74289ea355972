"""Downloads a small document from a server that may do whatever it likes."""

import asyncio
import socket
import ssl
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from donebase.accounts import download as module
from donebase.accounts.download import DownloadFailed, download
from tests.support.issuers import Behaviour, KeyServer, answer, drip, flood, hang, say
from tests.support.servers import free_port
from tests.support.waiting import DEADLINE

DOCUMENT = b'{"keys": []}'
CHUNKED = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{"ke\r\n8\r\nys": []}\r\n0\r\n\r\n'
EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n" + DOCUMENT


@pytest.fixture(autouse=True)
def only_limits_that_a_test_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit of time that a test does not mean never applies: the machine may be busy."""
    monkeypatch.setattr(module, "SECONDS", 2 * DEADLINE)
    monkeypatch.setattr(module, "_CONNECT_SECONDS", 2 * DEADLINE)


def downloaded(url: str) -> bytes:
    async def run() -> bytes:
        async with asyncio.timeout(DEADLINE):
            return await download(url)

    return uvloop.run(run())  # as a service does


def refused(url: str) -> str:
    with pytest.raises(DownloadFailed) as failed:
        downloaded(url)
    return str(failed.value)


def in_two(first: bytes, second: bytes) -> Behaviour:
    def send(connection: socket.socket) -> None:
        connection.sendall(first)
        time.sleep(0.1)
        connection.sendall(second)

    return send


@pytest.mark.parametrize(
    "behaviour",
    [
        answer(DOCUMENT),
        say(CHUNKED),
        say(b"HTTP/1.1 200 OK\r\nX-Ends: with the connection\r\n\r\n" + DOCUMENT),
        in_two(EARLY, WHOLE),
        in_two(WHOLE[:50], WHOLE[50:]),
    ],
    ids=["with its length", "in chunks", "until the end", "after early hints", "in pieces"],
)
def test_a_document_arrives_however_it_is_sent(behaviour: Behaviour) -> None:
    with KeyServer() as server:
        server.behaviour = behaviour
        assert downloaded(server.url) == DOCUMENT


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        (answer(DOCUMENT, "404 Not Found"), "the status is 404"),
        (answer(DOCUMENT, "500 Oh"), "the status is 500"),
        (answer(b"", "302 Found"), "the status is 302"),
        (say(b""), "incomplete"),
        (say(WHOLE[:-1]), "incomplete"),
        (say(CHUNKED[:-5]), "incomplete"),
        (say(EARLY), "the status is 103"),
        (say(bytes(range(256))), "not valid HTTP"),
        (say(b"HTTP/1.1 101 Yes\r\nUpgrade: smtp\r\nConnection: upgrade\r\n\r\n"), "not valid HTTP"),
        (flood, "larger than 256 KiB"),
        (say(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 2**16), "larger than 256 KiB"),
    ],
)
def test_an_answer_that_is_none_is_refused(behaviour: Behaviour, why: str) -> None:
    with KeyServer() as server:
        server.behaviour = behaviour
        assert why in refused(server.url)


@pytest.mark.parametrize("behaviour", [hang, drip])
def test_a_slow_server_has_no_more_time_than_any_other(monkeypatch: pytest.MonkeyPatch, behaviour: Behaviour) -> None:
    monkeypatch.setattr(module, "SECONDS", 0.5)
    with KeyServer() as server:
        server.behaviour = behaviour
        assert refused(server.url) == "it took too long"


def test_a_server_that_is_not_there_is_refused() -> None:
    assert refused(f"http://127.0.0.1:{free_port()}/keys").startswith("the connection failed")
    assert refused("http://nobody.invalid/keys").startswith("the connection failed")
    assert refused(f"http://{'a' * 64}.example/keys").startswith(("no host", "the connection failed"))


def test_a_user_and_a_password_in_the_address_are_sent_and_a_path_as_it_is() -> None:
    with KeyServer() as server:
        server.behaviour = answer(DOCUMENT)
        url = server.url.replace("//", "//me:a%20secret@")
        assert downloaded(f"{url}/a%20b c?d=e&f=%22#g") == DOCUMENT
    [request] = server.requests
    assert request.startswith(b"GET /keys/a%20b%20c?d=e&f=%22 HTTP/1.1\r\n")
    assert f"\r\nHost: 127.0.0.1:{server.port}\r\n".encode() in request
    assert b"\r\nAuthorization: Basic bWU6YSBzZWNyZXQ=\r\n" in request


def test_redirects_are_followed_within_the_server() -> None:
    with KeyServer() as server:
        turns = [
            answer(b"", "301 Moved", "Location: /other"),
            answer(b"", "307 There", f"Location: http://127.0.0.1:{server.port}/last"),
            answer(DOCUMENT),
        ]
        server.behaviour = lambda connection: turns.pop(0)(connection)
        assert downloaded(server.url) == DOCUMENT
    assert [request.split()[1] for request in server.requests] == [b"/keys", b"/other", b"/last"]


def test_redirects_end() -> None:
    with KeyServer() as server:
        server.behaviour = answer(b"", "302 Found", "Location: /keys")
        assert refused(server.url) == "there are more than 3 redirects"
    assert len(server.requests) == 4


@pytest.mark.parametrize(
    "location",
    [
        "http://localhost:{port}/keys",
        "http://127.0.0.1:{other}/keys",
        "//localhost:{port}/keys",
        "file:///etc/passwd",
        "ftp://127.0.0.1/keys",
        "http://[::1/keys",
        "http://127.0.0.1:99999/keys",
        "javascript:alert(1)",
    ],
)
def test_redirects_lead_nowhere_else(location: str) -> None:
    with KeyServer() as server, KeyServer() as elsewhere:
        elsewhere.behaviour = answer(DOCUMENT)
        there = location.format(port=server.port, other=elsewhere.port)
        server.behaviour = answer(b"", "302 Found", f"Location: {there}")
        assert refused(server.url).startswith("it redirects")
    assert len(server.requests) == 1
    assert elsewhere.requests == []


def test_what_is_said_of_a_failure_has_nothing_of_the_address_and_the_answer() -> None:
    with KeyServer() as server:
        for behaviour in (answer(b"secret", "500 secret"), say(b"secret"), say(b"")):
            server.behaviour = behaviour
            assert "secret" not in refused(server.url.replace("//", "//me:secret@") + "?key=secret")


def _certificate(folder: Path, host: str) -> Path:
    """Return a file with a certificate for a host, which is its own authority, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{host}.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(certificate.public_bytes(Encoding.PEM) + private)
    return file


def _over_tls(certificate: Path, behaviour: Behaviour) -> KeyServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = KeyServer()
    server.url = server.url.replace("http:", "https:")
    server.wrap = lambda connection: context.wrap_socket(connection, server_side=True)
    server.behaviour = behaviour
    return server


def test_over_tls_the_authorities_of_the_machine_decide(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    certificate = _certificate(tmp_path, "127.0.0.1")
    with _over_tls(certificate, answer(DOCUMENT)) as server:
        assert refused(server.url).startswith("the certificate is not valid")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert downloaded(server.url) == DOCUMENT
    assert len(server.requests) == 1


def test_a_certificate_of_another_host_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    certificate = _certificate(tmp_path, "127.0.0.2")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with _over_tls(certificate, answer(DOCUMENT)) as server:
        assert refused(server.url).startswith("the certificate is not valid")
    assert server.requests == []


def test_what_began_over_tls_stays_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    certificate = _certificate(tmp_path, "127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with KeyServer() as plain, _over_tls(certificate, answer(DOCUMENT)) as server:
        plain.behaviour = answer(b"", "301 Moved", f"Location: {server.url}")
        assert downloaded(plain.url) == DOCUMENT
        server.behaviour = answer(b"", "301 Moved", f"Location: {plain.url}")
        assert refused(server.url) == "it redirects to another server"
        plain.behaviour = answer(b"", "301 Moved", f"Location: {server.url.replace('127.0.0.1', 'localhost')}")
        assert refused(plain.url) == "it redirects to another server"
