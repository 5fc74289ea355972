"""Every operation where an issuer publishes its keys: what is signed with anything else is refused like no token."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.asked import AUDIENCE, GUARDED, ISSUER, Asked, asking, whole
from tests.support.forged_tokens import claims_of, forged, hmac_with, segment, unsigned
from tests.support.issuers import KeyServer, SigningKey
from tests.support.stored import stored
from tests.support.waiting import wait_for

RSA, EC, EDDSA = SigningKey("RS256"), SigningKey("ES256"), SigningKey("EdDSA")
STRANGER = SigningKey("RS256", 1)
KEYS = (RSA, EC, EDDSA)
GOOD: dict[str, Any] = {"iss": ISSUER, "aud": AUDIENCE}


def hs256(key: SigningKey, secret: bytes, **header: Any) -> str:
    """Return a token that is signed with what everybody knows of a key, as if that were a secret."""
    return forged(claims_of(key.token(**GOOD)), hmac_with(secret), {"alg": "HS256", "kid": key.id, **header})


def stranger(**header: Any) -> str:
    return STRANGER.token(headers={"kid": RSA.id, **header}, **GOOD)


def claimed(key: SigningKey, algorithm: str, signature: bytes = b"") -> str:
    header = {"alg": algorithm, "kid": key.id, "typ": "JWT"}
    return forged(claims_of(key.token(**GOOD)), lambda _: signature, header)


def der(key: SigningKey) -> bytes:
    encoded: bytes = key.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return encoded


def with_header(key: SigningKey, name: str, value: object) -> str:
    return key.token(headers={name: value}, **GOOD)


REFUSED: dict[str, Callable[[str], str]] = {
    "HS256 with the public key (PEM)": lambda _: hs256(RSA, RSA.pem),
    "HS256 with the public key (PEM) without its line end": lambda _: hs256(RSA, RSA.pem.strip()),
    "HS256 with the public key (DER)": lambda _: hs256(RSA, der(RSA)),
    "HS256 with the public key (JWK)": lambda _: hs256(RSA, json.dumps(RSA.jwk).encode()),
    "HS256 with the public key of ES256": lambda _: hs256(EC, EC.pem),
    "HS256 with the public key of EdDSA": lambda _: hs256(EDDSA, EDDSA.private.public_key().public_bytes_raw()),
    "HS256 with nothing": lambda _: hs256(RSA, b""),
    "alg none": lambda _: forged(claims_of(RSA.token(**GOOD)), unsigned, {"alg": "none", "kid": RSA.id}),
    "a kid that nobody has": lambda _: with_header(RSA, "kid", "nobody's"),
    "a kid of another key": lambda _: with_header(RSA, "kid", EC.id),
    "a kid that is a path": lambda _: with_header(STRANGER, "kid", "../../../../dev/null"),
    "a kid that is SQL": lambda _: with_header(STRANGER, "kid", "' OR '1'='1"),
    "a stranger's key": lambda _: stranger(),
    "a stranger's key of no name": lambda _: with_header(STRANGER, "kid", None),
    "a key that the token brings": lambda _: stranger(jwk=STRANGER.jwk),
    "a key that the token brings, in its name": lambda _: with_header(STRANGER, "jwk", STRANGER.jwk),
    "a key that the token leads to": lambda url: stranger(jku=url),
    "a key that the token leads to, in its name": lambda url: with_header(STRANGER, "jku", url),
    "a certificate that the token leads to": lambda url: stranger(x5u=url),
    "ES256 of zeros": lambda _: claimed(EC, "ES256", bytes(64)),
    "ES256 of ones": lambda _: claimed(EC, "ES256", bytes(31) + b"\1" + bytes(31) + b"\1"),
    "EdDSA of zeros": lambda _: claimed(EDDSA, "EdDSA", bytes(64)),
    "another algorithm of the same key": lambda _: claimed(RSA, "PS256", bytes(256)),
    "the algorithm of another key": lambda _: claimed(RSA, "ES256", bytes(64)),
    "another audience": lambda _: RSA.token(iss=ISSUER, aud="another"),
    "another issuer": lambda _: RSA.token(iss="https://another.example", aud=AUDIENCE),
    "expired": lambda _: RSA.token(exp=1, **GOOD),
    "a name that is no text": lambda _: RSA.token(7, **GOOD),
    "in two lines": lambda _: RSA.token(**GOOD).replace(".", f".{segment(b'{}')}.", 1),
}
EVERYWHERE = ("HS256 with the public key (PEM)", "a kid that nobody has")  # the lines of the issue


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[KeyServer]:
    """A server of a stranger's keys."""
    with KeyServer(STRANGER) as server:
        yield server


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """A service whose issuer publishes its keys."""
    with KeyServer(*KEYS) as server:
        settings = {"AUTH_JWT_SECRET": "", "AUTH_JWKS_URL": server.url}
        with asking(tmp_path_factory.mktemp("keyed"), settings) as keyed:
            # The service gives an issuer five seconds, and a busy machine may need more.
            good = RSA.bearer("ann", **GOOD)
            wait_for(lambda: keyed.client.get("/users/me/tasks", headers=good).status_code == 200)
            yield keyed


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.algorithm)
def test_what_the_issuer_has_signed_is_accepted(keyed: Asked, key: SigningKey) -> None:
    for headers in ({}, {"jku": "https://127.0.0.1:1/", "jwk": STRANGER.jwk}):
        token = key.token("ann", headers=headers, **GOOD)
        accepted = keyed.client.get("/users/ann/tasks", headers={"Authorization": f"Bearer {token}"})
        assert accepted.status_code == 200


@pytest.mark.parametrize("kind", REFUSED)
def test_anything_else_is_refused_like_no_token(keyed: Asked, elsewhere: KeyServer, kind: str) -> None:
    token = REFUSED[kind](elsewhere.url)
    headers = {"Authorization": f"Bearer {token}"}
    before = stored(keyed.url)
    for operation in GUARDED if kind in EVERYWHERE else [*GUARDED][:3]:
        expected = whole(keyed.ask(operation, {}, 7))
        assert expected.status == 401
        assert whole(keyed.ask(operation, headers, 7)) == expected, operation
    assert stored(keyed.url) == before
    assert elsewhere.requests == []
