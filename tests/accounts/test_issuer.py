"""The tokens of another issuer: which are good, what they say, and every other one."""

import asyncio
import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from donebase.accounts import download, key_set
from donebase.accounts.callers import Claims
from donebase.accounts.issuer import LEEWAY, MAX_TOKEN, Issuer
from donebase.accounts.public_keys import MAX_ATTEMPTS
from donebase.core.errors import IssuerUnreachable, Unauthorized
from donebase.settings import Settings
from tests.support.forgeries import (
    ANOTHER,
    KEY,
    KEYS,
    PAYLOAD,
    SECRET,
    encoded,
    forgeries,
    own_jwk,
    signed,
    unsigned,
)
from tests.support.issuers import KeyServer, SigningKey
from tests.support.servers import free_port
from tests.support.waiting import DEADLINE


@pytest.fixture(autouse=True, scope="module")
def only_limits_that_a_test_sets() -> Iterator[None]:
    """A limit of time that a test does not mean never applies: the machine may be busy."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(download, "SECONDS", 10 * DEADLINE)
        for name in ("SECONDS", "RETRY"):
            patch.setattr(key_set, name, 10 * DEADLINE)
        yield


def issuer(**configured: Any) -> Issuer:
    return Issuer(Settings(auth="required", **configured))


def verified(token: str, **configured: Any) -> Claims:
    """Return what the issuer with a secret finds in a token. Nothing is waited for."""
    return at_once(issuer(auth_jwt_secret=SECRET, **configured), token)


def at_once(trusted: Issuer, token: str) -> Claims:
    """Return what an issuer finds in a token. Fails if it waits for anything, even for a turn of the event loop."""
    with pytest.raises(StopIteration) as returned:
        trusted.verify(token).send(None)
    claims: Claims = returned.value.value
    return claims


def in_time(trusted: Issuer, token: str) -> Claims:
    async def verify() -> Claims:
        try:
            async with asyncio.timeout(DEADLINE):
                return await trusted.verify(token)
        finally:
            await trusted.close()

    return asyncio.run(verify())


def hs256(**claims: Any) -> str:
    """Return a token of the issuer. A claim of None is left out."""
    everything = {"sub": "ann", "exp": int(time.time()) + 3600} | claims
    return signed({"alg": "HS256"}, {name: value for name, value in everything.items() if value is not None})


@pytest.fixture(scope="module")
def server() -> Iterator[KeyServer]:
    with KeyServer(*KEYS.values()) as server:
        yield server


@pytest.fixture(scope="module")
def knowing(server: KeyServer) -> Issuer:
    """An issuer whose keys are known, and who is not asked for others: it was asked just now."""
    found = issuer(auth_jwks_url=server.url)
    for key in KEYS.values():
        in_time(found, key.token())
    return found


def test_a_secret_and_each_kind_of_key_verify_tokens(knowing: Issuer) -> None:
    exp = int(time.time()) + 100
    assert verified(hs256(exp=exp)) == Claims("", "ann", None, exp + LEEWAY)
    for key in KEYS.values():
        token = key.token("auth0|ann", exp=exp, iss="https://id.example.com/", scope="tasks:read  openid")
        claims = at_once(knowing, token)
        scopes = frozenset({"tasks:read", "openid"})
        assert claims == Claims("https://id.example.com/", "auth0|ann", scopes, exp + LEEWAY)


def test_a_token_that_names_no_key_is_tried_with_those_of_its_algorithm(knowing: Issuer) -> None:
    for key in KEYS.values():
        assert at_once(knowing, key.token(headers={"kid": None})).subject == "ann"


PAST, FUTURE = 1_000_000_000, 4_000_000_000  # always the same: the names of tests contain them
GOOD_CLAIMS: list[dict[str, Any]] = [
    {"exp": FUTURE + 0.5},
    {"exp": 253_402_300_799},
    {"nbf": PAST + 0.5, "iat": PAST},
    {"iat": 0, "nbf": -1},
    {"sub": "x" * 255},
    {"sub": "\U0001f600" * 255},
    {"sub": "7"},
    {"sub": " "},
    {"iss": ""},
    {"iss": "x" * 255},
    {"aud": "somebody"},
    {"aud": ["somebody", "else"]},
    {"jti": 7, "role": "admin", "exp ": None},
    {"scope": ""},
    {"scope": []},
]


@pytest.mark.parametrize("claims", GOOD_CLAIMS, ids=str)
def test_good_claims(claims: dict[str, Any]) -> None:
    found = verified(hs256(**claims))
    assert found.subject == claims.get("sub", "ann")
    assert found.scopes is None or found.scopes == frozenset()
    assert (found.scopes is None) is ("scope" not in claims)


def test_scopes_may_be_an_array() -> None:
    assert verified(hs256(scope=["tasks:read", "a"])).scopes == frozenset({"tasks:read", "a"})


def test_a_clock_may_be_wrong_by_half_a_minute() -> None:
    now = int(time.time())
    assert verified(hs256(exp=now - 1, nbf=now + 29, iat=now + 29)).subject == "ann"
    hour = now + 3600
    for claims in ({"exp": now - 3600}, {"nbf": hour}, {"iat": hour}):
        with pytest.raises(Unauthorized):
            verified(hs256(**claims))


BAD_CLAIMS: list[dict[str, Any]] = [
    {"exp": None},
    {"exp": str(FUTURE)},
    {"exp": True},
    {"exp": []},
    {"exp": {}},
    {"exp": -1},
    {"exp": 0},
    {"exp": -(10**400)},
    {"exp": 10**400},
    {"exp": 1e300},
    {"exp": FUTURE * 1000},
    {"exp": 253_402_300_800},
    {"exp": float("nan")},
    {"exp": float("inf")},
    {"nbf": str(PAST)},
    {"nbf": False},
    {"nbf": "soon"},
    {"nbf": -(10**400)},
    {"iat": str(PAST)},
    {"iat": True},
    {"iat": {}},
    {"sub": None},
    {"sub": ""},
    {"sub": 7},
    {"sub": ["ann"]},
    {"sub": "x" * 256},
    {"sub": "a\0"},
    {"sub": "\ud800"},
    {"sub": "a\udfff"},
    {"iss": 7},
    {"iss": ["https://id.example.com"]},
    {"iss": "x" * 256},
    {"iss": "\0"},
    {"iss": "\udc00"},
    {"scope": 7},
    {"scope": [7]},
    {"scope": {"tasks:read": True}},
]


@pytest.mark.parametrize("claims", BAD_CLAIMS, ids=lambda claims: ascii(claims)[:50])
def test_bad_claims(claims: dict[str, Any]) -> None:
    with pytest.raises(Unauthorized):
        verified(hs256(**claims))


@pytest.mark.parametrize("name", ["sub", "exp", "nbf", "iat", "iss", "scope"])
def test_null_is_no_claim(name: str) -> None:
    payload = {"sub": "ann", "exp": FUTURE, name: None}
    with pytest.raises(Unauthorized):
        verified(signed({"alg": "HS256"}, payload))


HEADER = b'{"alg":"HS256"}'


@pytest.mark.parametrize(
    "payload",
    [
        b'{"sub":"ann","exp":%d,"sub":"ben"}' % FUTURE,
        b'{"sub":"ann","exp":%d,"exp":%d}' % (FUTURE, FUTURE),
        b'{"sub":"ann","exp":%d,"a":{"b":1,"b":2}}' % FUTURE,
        b'{"sub":"ann","exp":Infinity}',
        b'{"sub":"ann","exp":1e999}',
        b'{"sub":"ann","exp":%d,"a":NaN}' % FUTURE,
        b'{"sub":"ann","exp":%s}' % (b"9" * 5000),
        b'{"sub":"ann","exp":%d}{}' % FUTURE,
        b'["sub","ann","exp"]',
        b"null",
        b"",
        b"\xff",
        b'{"sub":"\xff","exp":%d}' % FUTURE,
        b'\xef\xbb\xbf{"sub":"ann","exp":%d}' % FUTURE,
        json.dumps({"sub": "ann", "exp": FUTURE}).encode("utf-16"),
        b'{"sub":"ann","exp":%d,"a":%s' % (FUTURE, b"[" * 5000),
    ],
    ids=lambda payload: str(payload[:40]),
)
def test_a_payload_that_can_be_read_in_two_ways_or_none_is_refused(payload: bytes) -> None:
    assert verified(signed(HEADER, b'{"sub":"ann","exp":%d}' % FUTURE))
    with pytest.raises(Unauthorized):
        verified(signed(HEADER, payload))


@pytest.mark.parametrize(
    ("configured", "claims", "good"),
    [
        ({"auth_audience": "us"}, {"aud": "us"}, True),
        ({"auth_audience": "us"}, {"aud": ["them", "us"]}, True),
        ({"auth_audience": "us"}, {"aud": "them"}, False),
        ({"auth_audience": "us"}, {"aud": ["them"]}, False),
        ({"auth_audience": "us"}, {"aud": ["us", 7]}, False),
        ({"auth_audience": "us"}, {"aud": {"us": 1}}, False),
        ({"auth_audience": "us"}, {"aud": "us us"}, False),
        ({"auth_audience": "us"}, {"aud": "US"}, False),
        ({"auth_audience": "us"}, {"aud": []}, False),
        ({"auth_audience": "us"}, {"aud": ""}, False),
        ({"auth_audience": "us"}, {}, False),
        ({"auth_issuer": "https://id"}, {"iss": "https://id"}, True),
        ({"auth_issuer": "https://id"}, {"iss": "https://id/"}, False),
        ({"auth_issuer": "https://id"}, {"iss": "https://other"}, False),
        ({"auth_issuer": "https://id"}, {"iss": ["https://id"]}, False),
        ({"auth_issuer": "https://id"}, {"iss": ""}, False),
        ({"auth_issuer": "https://id"}, {}, False),
        ({"auth_issuer": "https://id", "auth_audience": "us"}, {"iss": "https://id", "aud": "us"}, True),
        ({"auth_issuer": "https://id", "auth_audience": "us"}, {"iss": "https://id", "aud": "them"}, False),
    ],
)
def test_issuer_and_audience_are_checked_where_they_are_set(
    configured: dict[str, str], claims: dict[str, Any], good: bool
) -> None:
    token = hs256(**claims)
    if good:
        assert verified(token, **configured).subject == "ann"
    else:
        with pytest.raises(Unauthorized):
            verified(token, **configured)


def test_forged_tokens(knowing: Issuer, server: KeyServer) -> None:
    asked = len(server.requests)
    with KeyServer(*ANOTHER.values()) as elsewhere:
        for name, token in forgeries(elsewhere.url).items():
            with pytest.raises(Unauthorized):
                pytest.fail(f"{name}: {in_time(knowing, token)}")
    assert (len(server.requests), elsewhere.requests) == (asked, [])


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_changed_token_is_none(knowing: Issuer, key: SigningKey) -> None:
    token = key.token("ann")
    head, payload, signature = token.split(".")
    other = encoded(json.loads(base64.urlsafe_b64decode(payload + "==")) | {"sub": "ben"})
    first = "B" if signature.startswith("A") else "A"
    changed = [
        f"{head}.{other}.{signature}",
        f"{head}.{payload}.{first}{signature[1:]}",
        f"{head}.{payload}.{signature[:-4]}",
        f"{head}.{payload}.{signature}AAAA",
        f"{head}.{payload}",
        f"{head}.{payload}.{signature}.",
        f".{head}.{payload}.{signature}",
        f"{head}.{payload}.{signature}\n",
        f"{head} .{payload}.{signature}",
        f"{head}..{signature}",
        f"..{signature}",
        "..",
        "",
        "x",
    ]
    assert at_once(knowing, token).subject == "ann"
    for each in changed:
        with pytest.raises(Unauthorized):
            in_time(knowing, each)


@pytest.mark.parametrize("kind", ["JWT", "jwt", "at+jwt", "application/at+JWT"])
def test_the_types_of_an_access_token(knowing: Issuer, kind: str) -> None:
    assert at_once(knowing, KEY.token(headers={"typ": kind})).subject == "ann"


def test_with_a_secret_no_key_in_a_token_means_anything() -> None:
    for header in ({"kid": "x"}, {"jwk": own_jwk(KEY)}, {"jku": "http://127.0.0.1:1/"}):
        assert verified(signed({"alg": "HS256"} | header, PAYLOAD)).subject == "ann"
        with pytest.raises(Unauthorized):
            verified(KEY.token(headers=header))
    for algorithm in ("HS384", "HS512"):
        with pytest.raises(Unauthorized):
            verified(jwt.encode(PAYLOAD, SECRET, algorithm))
    with pytest.raises(Unauthorized):
        verified(signed({"alg": "HS256"}, PAYLOAD, b"another secret that is as long as it should be"))


@pytest.mark.parametrize("critical", [["exp"], ["b64"], [], None, "b64"])
def test_nothing_critical_is_understood(critical: Any) -> None:
    with pytest.raises(Unauthorized):
        verified(signed({"alg": "HS256", "crit": critical, "b64": True, "exp": FUTURE}, PAYLOAD))


def test_a_token_has_a_length() -> None:
    size = len(hs256(padding=""))
    room = (MAX_TOKEN - size) * 3 // 4 - 3
    assert verified(hs256(padding="x" * room)).subject == "ann"
    for beyond in (room + 10, 100_000):
        with pytest.raises(Unauthorized):
            verified(hs256(padding="x" * beyond))


def test_a_new_key_is_asked_for_by_the_first_token_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_set, "RETRY", 0)
    old, new, nameless = SigningKey(), SigningKey(), SigningKey("EdDSA")
    with KeyServer(old) as server:
        trusted = issuer(auth_jwks_url=server.url)
        assert in_time(trusted, old.token()).subject == "ann"
        server.publish(old, new)
        assert at_once(trusted, old.token())
        assert in_time(trusted, new.token()).subject == "ann"
        assert at_once(trusted, old.token())
        server.publish(new, nameless)
        assert in_time(trusted, nameless.token(headers={"kid": None})).subject == "ann"
        with pytest.raises(Unauthorized):
            in_time(trusted, old.token())


def test_a_token_that_names_no_key_is_tried_with_a_few() -> None:
    keys = [SigningKey("EdDSA", number) for number in range(MAX_ATTEMPTS + 1)]
    with KeyServer(*KEYS.values(), *keys[1:]) as server:
        trusted = issuer(auth_jwks_url=server.url)
        assert in_time(trusted, keys[-2].token(headers={"kid": None})).subject == "ann"
        with pytest.raises(Unauthorized):
            in_time(trusted, keys[-1].token(headers={"kid": None}))
        assert in_time(trusted, keys[-1].token()).subject == "ann"


def test_a_bad_token_by_a_known_key_does_not_have_the_issuer_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_set, "RETRY", 0)
    with KeyServer(KEY) as server:
        trusted = issuer(auth_jwks_url=server.url)
        in_time(trusted, KEY.token())
        for kid in (KEY.id, None):
            with pytest.raises(Unauthorized):
                in_time(trusted, KEY.token(headers={"kid": kid}, exp=1))
        with pytest.raises(Unauthorized):
            in_time(trusted, ANOTHER["RS256"].token(headers={"kid": KEY.id}))
        with pytest.raises(Unauthorized):
            in_time(trusted, unsigned("none", kid="unknown"))
        assert len(server.requests) == 1


def test_a_key_that_nobody_can_be_asked_for_is_not_the_fault_of_who_sends_the_token() -> None:
    nowhere = issuer(auth_jwks_url=f"http://127.0.0.1:{free_port()}/keys")
    for headers in (None, {"kid": None}):
        with pytest.raises(IssuerUnreachable):
            in_time(nowhere, KEY.token(headers=headers))
    with pytest.raises(Unauthorized):
        in_time(nowhere, unsigned("none"))


def test_while_the_issuer_is_away_known_keys_are_good_and_unknown_ones_are_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(key_set, "RETRY", 0)
    with KeyServer(KEY) as server:
        trusted = issuer(auth_jwks_url=server.url)
        in_time(trusted, KEY.token())
        server.stop()
        assert at_once(trusted, KEY.token()).subject == "ann"
        with pytest.raises(IssuerUnreachable):
            in_time(trusted, ANOTHER["RS256"].token())
        with pytest.raises(Unauthorized):
            in_time(trusted, ANOTHER["RS256"].token(headers={"kid": None}))
        server.start()
        with pytest.raises(Unauthorized):
            in_time(trusted, ANOTHER["RS256"].token())


FUZZ = settings(derandomize=True)
_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
_claims = st.dictionaries(st.sampled_from(["sub", "exp", "nbf", "iat", "iss", "aud", "scope", "jti"]), _value)
_headers = st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "b64", "cty", "jwk", "jku", "x5u"]), _value)


@FUZZ
@given(_headers, _claims)
def test_whatever_a_signed_token_says_it_is_good_or_not(headers: dict[str, Any], claims: dict[str, Any]) -> None:
    token = signed({"alg": "HS256"} | headers, PAYLOAD | claims)
    try:
        found = verified(token)
    except Unauthorized:
        return
    assert 1 <= len(found.subject.encode()) <= 4 * 255
    assert time.time() < found.expires_at < 253_402_300_800 + LEEWAY
    assert headers.get("alg", "HS256") == "HS256"
    assert "crit" not in headers


@FUZZ
@given(st.text(max_size=50) | st.from_regex(r"[A-Za-z0-9_=-]{0,9}(\.[A-Za-z0-9_=-]{0,9}){0,5}", fullmatch=True))
def test_no_other_text_is_a_token(text: str) -> None:
    with pytest.raises(Unauthorized):
        verified(text)
