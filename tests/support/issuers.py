"""An issuer of tokens: its keys, what it signs with them, and the server that publishes them or misbehaves."""

import json
import secrets
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)
from jwt.algorithms import Algorithm, get_default_algorithms

from tests.support.made_once import made_once
from tests.support.servers import free_port
from tests.support.waiting import DEADLINE

Behaviour = Callable[[socket.socket], None]


@cache
def _private_key(algorithm: str, number: int) -> Any:
    """Return a key, the same each time: to find the primes of RSA takes long, and is done once in a run."""
    if algorithm == "RS256":
        encoded = (made_once(f"rsa-key-{number}", _write_rsa_key) / "key").read_bytes()
        return load_der_private_key(encoded, None, unsafe_skip_rsa_key_validation=True)
    return ec.generate_private_key(ec.SECP256R1()) if algorithm == "ES256" else ed25519.Ed25519PrivateKey.generate()


def _write_rsa_key(folder: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    (folder / "key").write_bytes(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))


class SigningKey:
    """A key of an issuer. Keys with another `number` are others."""

    def __init__(self, algorithm: str = "ES256", number: int = 0) -> None:
        self.algorithm = algorithm
        self.id = f"key-{secrets.token_hex(4)}"
        self.private = _private_key(algorithm, number)

    @property
    def jwk(self) -> dict[str, Any]:
        """What the issuer publishes of it."""
        algorithm: Algorithm = get_default_algorithms()[self.algorithm]
        return algorithm.to_jwk(self.private.public_key(), as_dict=True) | {"kid": self.id}

    @property
    def pem(self) -> bytes:
        """The public key in another form."""
        encoded: bytes = self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return encoded

    def token(self, subject: Any = "ann", headers: dict[str, Any] | None = None, **claims: Any) -> str:
        """Return a token. A claim or a header of None is left out."""
        everything = {"sub": subject, "exp": int(time.time()) + 3600} | claims
        return jwt.PyJWT().encode(
            {name: value for name, value in everything.items() if value is not None},
            self.private,
            self.algorithm,
            headers={name: value for name, value in ({"kid": self.id} | (headers or {})).items() if value is not None},
        )

    def bearer(self, subject: str, **claims: Any) -> dict[str, str]:
        """Return the header with a token."""
        return {"Authorization": f"Bearer {self.token(subject, **claims)}"}


class KeyServer:
    """A server on 127.0.0.1 that publishes keys, or behaves as a test says. It can end and come back."""

    def __init__(self, *keys: SigningKey) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/keys"
        self.requests: list[bytes] = []
        self.behaviour: Behaviour = answer(b"")
        self.wrap: Callable[[socket.socket], socket.socket] = lambda connection: connection
        self.released = threading.Event()
        self.publish(*keys)
        self._listener: socket.socket | None = None
        self._connections: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def publish(self, *keys: SigningKey) -> None:
        """Publish these keys and no other."""
        self.behaviour = answer(key_set(*(key.jwk for key in keys)))

    def hold(self) -> None:
        """Answer what comes only when it is released."""
        behaviour = self.behaviour

        def late(connection: socket.socket) -> None:
            assert self.released.wait(DEADLINE)
            behaviour(connection)

        self.behaviour = late

    def start(self) -> Self:
        """Begin to listen."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._run(self._accept, self._listener)
        return self

    def stop(self) -> None:
        """End it, and all connections."""
        self.released.set()
        for each in (self._listener, *self._connections):
            if each:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()
        for thread in self._threads:
            thread.join(DEADLINE)
            assert not thread.is_alive()
        self._listener, self._connections, self._threads = None, [], []

    def _run(self, target: Callable[[socket.socket], None], argument: socket.socket) -> None:
        self._threads.append(threading.Thread(target=target, args=(argument,), daemon=True))
        self._threads[-1].start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                self._connections.append(connection)
                self._run(self._serve, connection)

    def _serve(self, accepted: socket.socket) -> None:
        request = b""
        with suppress(OSError), self.wrap(accepted) as connection:
            while b"\r\n\r\n" not in request:
                received = connection.recv(2**16)
                if not received:
                    return
                request += received
            self.requests.append(request)
            self.behaviour(connection)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self.stop()


def key_set(*keys: Any) -> bytes:
    """Return a JSON Web Key Set."""
    return json.dumps({"keys": keys}).encode()


def answer(body: bytes, status: str = "200 OK", *headers: str) -> Behaviour:
    """Answer with this."""
    head = "\r\n".join((f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""))
    return say(head.encode() + body)


def say(everything: bytes) -> Behaviour:
    """Send these bytes, and close the connection."""
    return lambda connection: connection.sendall(everything)


def hang(connection: socket.socket) -> None:
    """Say nothing, until the other side has had enough."""
    connection.recv(1)


def drip(connection: socket.socket) -> None:
    """Send a header a byte at a time, for ever."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        connection.sendall(b"x")
        time.sleep(0.02)


def flood(connection: socket.socket) -> None:
    """Send a body that does not end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
