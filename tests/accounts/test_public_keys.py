"""Which keys of a JSON Web Key Set tokens can be checked with."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from donebase.accounts.public_keys import MAX_KEYS, read_public_keys
from tests.support.issuers import SigningKey, key_set

ES256, RS256, EDDSA = (SigningKey(algorithm).jwk for algorithm in ("ES256", "RS256", "EdDSA"))
SECRET = {"kty": "oct", "k": base64.urlsafe_b64encode(bytes(32)).decode(), "kid": "a"}
ALGORITHMS = {"ES256": ES256, "RS256": RS256, "EdDSA": EDDSA}


def of_rsa(bits: int) -> dict[str, Any]:
    jwk: dict[str, Any] = RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, bits).public_key(), as_dict=True)
    return jwk


def read(*entries: Any) -> list[str]:
    return [key.algorithm_name for key in read_public_keys(key_set(*entries)).named(None)]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize(
    "members",
    [
        {},
        {"use": "sig"},
        {"key_ops": ["verify"]},
        {"use": None, "alg": None, "key_ops": None, "kid": None},
        {"x5c": ["!"], "x5u": "http://127.0.0.1/", "else": {}},
    ],
)
def test_the_type_of_a_key_says_what_it_is_for(algorithm: str, members: dict[str, Any]) -> None:
    jwk = ALGORITHMS[algorithm]
    assert read(jwk | members) == [algorithm]
    assert read(jwk | {"alg": algorithm} | members) == [algorithm]


@pytest.mark.parametrize(
    "entry",
    [
        SECRET,
        SECRET | {"alg": "RS256"},
        RS256 | {"k": "AAAA"},
        RS256 | {"alg": "RS512"},
        RS256 | {"alg": "HS256"},
        RS256 | {"alg": "none"},
        RS256 | {"alg": "ES256"},
        RS256 | {"alg": ["RS256"]},
        RS256 | {"use": "enc"},
        RS256 | {"key_ops": ["sign"]},
        RS256 | {"key_ops": "verify"},
        RS256 | {"kid": 7},
        RS256 | {"e": "AQ"},
        RS256 | {"e": "AA"},
        RS256 | {"n": "AA"},
        RS256 | {"n": 7},
        RS256 | {"n": "ä" * 400},
        RS256 | {"n": "_" * 200_000},
        of_rsa(1024),
        of_rsa(2047),
        ES256 | {"crv": "P-384"},
        ES256 | {"crv": ["P-256"]},
        ES256 | {"y": ES256["x"]},
        ES256 | {"x": "AAAA"},
        ES256 | {"kty": ["EC"]},
        EDDSA | {"x": "AAAA"},
        EDDSA | {"crv": "X25519"},
        EDDSA | {"d": "AAAA"},
        {},
        [],
        None,
        "RS256",
        {"kty": "EC", "crv": "P-256"},
        {"kty": "RSA"},
        {"kty": "OKP", "crv": "Ed25519"},
        ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP384R1()).public_key(), as_dict=True),
        ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256K1()).public_key(), as_dict=True),
        ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()), as_dict=True),
        OKPAlgorithm.to_jwk(ed448.Ed448PrivateKey.generate().public_key(), as_dict=True),
    ],
)
def test_other_keys_are_skipped_and_those_beside_them_are_not(entry: Any) -> None:
    assert read(ES256, entry, EDDSA) == ["ES256", "EdDSA"]


def test_a_name_may_stand_for_one_key_of_each_algorithm() -> None:
    keys = read_public_keys(key_set(*({**jwk, "kid": "same"} for jwk in ALGORITHMS.values()), SigningKey().jwk))
    assert [key.algorithm_name for key in keys.named("same")] == list(ALGORITHMS)
    assert len(keys.named(None)) == 4
    assert keys.named("") == keys.named("other") == ()


def test_a_set_is_read_to_a_hundred_keys() -> None:
    assert len(read(*[ES256] * (MAX_KEYS + 1))) == MAX_KEYS


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"keys": {}}',
        b'{"keys": "ES256"}',
        b'{"keys": [NaN]}',
        b'{"keys": [], "keys": []}',
        b'{"keys": [{"kty": "EC", "kty": "EC"}]}',
        b'{"keys": []} {}',
        b"\xff",
        b"[" * 200_000,
        b'{"keys": [' + b"9" * 5000 + b"]}",
        b"<!doctype html><title>Sign in</title>",
    ],
    ids=lambda document: str(document[:20]),
)
def test_what_is_no_set_is_an_error(document: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_public_keys(document)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
_member = _json | st.sampled_from(["RSA", "EC", "OKP", "P-256", "Ed25519", "sig", "AQAB", ES256["x"], RS256["n"]])
_entry = st.dictionaries(st.sampled_from(["kty", "crv", "alg", "use", "key_ops", "kid", "n", "e", "x", "y"]), _member)


@settings(derandomize=True)
@given(st.sampled_from(list(ALGORITHMS.values())), _entry)
def test_no_key_of_a_set_can_do_harm(jwk: dict[str, Any], change: dict[str, Any]) -> None:
    document = json.dumps({"keys": [jwk | change, ES256]}).encode()
    if b"NaN" in document or b"Infinity" in document:
        with pytest.raises(ValueError, match="JSON"):
            read_public_keys(document)
    else:
        assert read_public_keys(document).named(ES256["kid"])[-1].key_id == ES256["kid"]
