"""Tokens that nobody must accept from an issuer whose keys are `KEYS`: what has broken verifiers of tokens before."""

import base64
import json
from typing import Any

import jwt
from jwt.algorithms import HMACAlgorithm

from tests.support.issuers import SigningKey

SECRET = "a secret of the issuer and of ours" + 32 * "!"
KEYS = {algorithm: SigningKey(algorithm) for algorithm in ("ES256", "RS256", "EdDSA")}
ANOTHER = {algorithm: SigningKey(algorithm, 1) for algorithm in KEYS}
KEY = KEYS["RS256"]
PAYLOAD = {"sub": "ann", "exp": 4_000_000_000}
HMAC = HMACAlgorithm(HMACAlgorithm.SHA256)


def encoded(part: Any) -> str:
    """Return a part of a token: bytes as they are, anything else as JSON."""
    text = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def signed(header: Any, payload: Any, key: bytes = SECRET.encode()) -> str:
    """Return a token whose parts nothing has checked, signed by HS256."""
    head = f"{encoded(header)}.{encoded(payload)}"
    return f"{head}.{encoded(HMAC.sign(head.encode(), key))}"


def unsigned(algorithm: str, **header: Any) -> str:
    """Return a token that nobody has signed."""
    return f"{encoded({'alg': algorithm, 'kid': KEY.id} | header)}.{encoded(PAYLOAD)}."


def own_jwk(key: SigningKey) -> dict[str, Any]:
    """Return a public key as the header of a token can have it."""
    return {name: value for name, value in key.jwk.items() if name != "kid"}


def _with(key: SigningKey, **header: Any) -> str:
    return key.token(headers=header)


def forgeries(elsewhere: str) -> dict[str, str]:
    """Return forged tokens by what they try. `elsewhere` is the address of keys that are not the issuer's: ANOTHER."""
    return {
        "no signature": unsigned("none"),
        "no signature, in capitals": unsigned("NONE"),
        "no signature for an algorithm": unsigned("RS256"),
        "no algorithm": signed({"kid": KEY.id}, PAYLOAD, KEY.pem),
        "an array of algorithms": signed({"kid": KEY.id, "alg": ["RS256"]}, PAYLOAD),
        "the public key as a secret": signed({"alg": "HS256", "kid": KEY.id}, PAYLOAD, KEY.pem),
        "the public key as a secret, without its end": signed(
            {"alg": "HS256", "kid": KEY.id}, PAYLOAD, KEY.pem.strip()
        ),
        "the modulus as a secret": signed({"alg": "HS256", "kid": KEY.id}, PAYLOAD, KEY.jwk["n"].encode()),
        "the public key as a secret of another algorithm": signed({"alg": "RS256", "kid": KEY.id}, PAYLOAD, KEY.pem),
        **{f"another key, {name}": _with(key, kid=KEYS[name].id) for name, key in ANOTHER.items()},
        **{f"another key without a name, {name}": _with(key, kid=None) for name, key in ANOTHER.items()},
        **{f"an unknown key, {name}": key.token() for name, key in ANOTHER.items()},
        "the name of a key of another algorithm": _with(KEYS["ES256"], kid=KEY.id),
        "its own key in the header": _with(ANOTHER["RS256"], jwk=own_jwk(ANOTHER["RS256"]), kid=None),
        "its own key in the header, by a known name": _with(
            ANOTHER["RS256"], jwk=own_jwk(ANOTHER["RS256"]), kid=KEY.id
        ),
        "the address of its own keys": _with(ANOTHER["RS256"], jku=elsewhere),
        "the address of its own certificate": _with(ANOTHER["RS256"], x5u=elsewhere, x5c=["A"]),
        "a file as the key": signed({"alg": "HS256", "kid": "../../../../../../dev/null"}, PAYLOAD, b""),
        "a file as the key, absolute": signed({"alg": "HS256", "kid": "/dev/null"}, PAYLOAD, b""),
        "an address as the key": _with(ANOTHER["ES256"], kid=elsewhere),
        "SQL as the key": signed({"alg": "HS256", "kid": "x' UNION SELECT 'a"}, PAYLOAD, b"a"),
        "a command as the key": _with(ANOTHER["ES256"], kid="| /bin/true"),
        "NUL as the key": _with(ANOTHER["ES256"], kid="\0"),
        "half a character as the key": _with(ANOTHER["ES256"], kid="\ud800"),
        "a number as the key": signed({"alg": "RS256", "kid": 7}, PAYLOAD),
        "null as the key": signed({"alg": "RS256", "kid": None}, PAYLOAD),
        "something critical": _with(KEY, crit=["exp"]),
        "something critical that is nothing": _with(KEY, crit=[]),
        "something critical that PyJWT knows": _with(KEY, crit=["b64"], b64=True),
        "a payload elsewhere": _with(KEY, b64=False),
        "a token about a sign-out": _with(KEY, typ="logout+jwt"),
        "a type that is none": _with(KEY, typ=7),
        "longer than any token": KEY.token(pad="x" * 20_000),
        "an encrypted token": "{}.a.b.c.d".format(encoded({"alg": "dir", "enc": "A256GCM"})),
        "a signature by another algorithm": jwt.encode(PAYLOAD, KEY.private, "PS256", headers={"kid": KEY.id}),
        "a longer hash": jwt.encode(PAYLOAD, KEY.private, "RS512", headers={"kid": KEY.id}),
        "the zero signature of 2022": f"{encoded({'alg': 'ES256', 'kid': KEYS['ES256'].id})}.{encoded(PAYLOAD)}."
        + encoded(bytes(64)),
    }
