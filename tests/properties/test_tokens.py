"""Authorization headers, tokens and names of users as nobody sends them: never a 5xx, and never let in by mistake."""

import secrets
import time
from typing import Any
from urllib.parse import quote_from_bytes, unquote

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.properties.bodies import anything
from tests.properties.budget import rounds
from tests.support.asked import AUDIENCE, ISSUER, Asked
from tests.support.connections import Connection
from tests.support.forged_tokens import claims_of, forged, header_of, hmac_with
from tests.support.tokens import Person

ONE_LINE = st.binary(max_size=40).map(lambda octets: bytes(each for each in octets if each > 31 and each != 127))
SCHEMES = st.sampled_from(
    [b"Bearer", b"bearer", b"BEARER", b"Basic", b"Bearer:", b"Bear", b"", b"DPoP", b"Bearer Bearer"]
)
GAPS = st.sampled_from([b" ", b"  ", b"", b"\t", b" \t", b",", b"="])
IN_TOKENS = st.sampled_from('ABCxyz019-_.~+/= \t,"\\%é')
NUMBERS = st.integers(0, 10**6)


def mutations(good: str) -> st.SearchStrategy[str]:
    """Draw what is nearly a token: cut, doubled, turned, with other characters, in other parts, in another case."""
    at = NUMBERS.map(lambda number: number % len(good))
    parts = good.split(".")
    return st.one_of(
        st.builds(lambda i, c: good[:i] + c + good[i + 1 :], at, IN_TOKENS),
        st.builds(lambda i, c: good[:i] + c + good[i:], at, IN_TOKENS),
        st.builds(lambda i, j: good[: min(i, j)] + good[max(i, j) :], at, at),
        st.builds(lambda i, j: good[: min(i, j)] + good[min(i, j) : max(i, j)].swapcase() + good[max(i, j) :], at, at),
        st.builds(lambda i: good + good[i:], at),
        st.permutations(parts).map(".".join),
        st.lists(st.sampled_from([*parts, ""]), max_size=5).map(".".join),
        # The last characters, whose last bits mean nothing in base64.
        st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=", max_size=3).map(
            lambda end: good[: len(good) - len(end)] + end
        ),
    )


@pytest.fixture(scope="module")
def amy(asked: Asked) -> Person:
    """Somebody with a token and no task."""
    return asked.person()


def answer(asked: Asked, path: str, authorization: bytes) -> httpx.Response:
    """Return the response to a request with a header as it is."""
    connection = Connection(asked.address)
    head = f"GET {path} HTTP/1.1\r\nHost: x\r\nX-Request-ID: the-only-one\r\nAuthorization: "
    connection.send(head.encode() + authorization + b"\r\n\r\n")
    response = connection.answer()
    connection.close()
    return response


def assert_only_the_exact_one(asked: Asked, path: str, authorization: bytes, exact: str) -> None:
    """See that a header is accepted if it is that of the exact token, and else refused as none is."""
    scheme, _, sent = authorization.strip(b" \t").partition(b" ")
    response = answer(asked, path, authorization)
    if scheme.lower() == b"bearer" and sent.lstrip(b" ") == exact.encode():
        assert response.status_code == 200, authorization
    elif response.status_code != 400:  # no value of a header (RFC 9110, 5.5)
        refused = answer(asked, path, b"")
        assert (response.status_code, response.content) == (401, refused.content), authorization


def everything(asked: Asked, person: Person) -> dict[str, str]:
    known = asked.known_of(person)
    personal = "dnb_" + secrets.token_urlsafe(32)
    insert = "INSERT INTO personal_tokens (hash, user_id, name, scopes) VALUES (sha256($1), $2, 'x', '{tasks:read}')"
    asked.psql.run(insert, personal.encode(), person.number)
    return {"issued": known.issued, "own": known.own, "personal": personal}


def test_a_header_is_that_of_a_token_or_is_refused(asked: Asked, amy: Person) -> None:
    good = amy.headers["Authorization"].removeprefix("Bearer ")
    values = ONE_LINE | st.sampled_from(
        [good.encode(), good.encode() + b" ", b" " + good.encode(), b"dnb_", b"..", b"a.b.c"]
    )

    for round_ in rounds(asked.service, 0.02, 150):

        @round_
        @given(SCHEMES | ONE_LINE, GAPS, values)
        def check(scheme: bytes, gap: bytes, value: bytes) -> None:
            assert_only_the_exact_one(asked, "/users/me/tasks", scheme + gap + value, good)

        check()


@pytest.mark.parametrize("kind", ["issued", "own", "personal"])
def test_what_is_nearly_a_token_is_none(asked: Asked, amy: Person, kind: str) -> None:
    good = everything(asked, amy)[kind]
    answer(asked, "/users/me/tasks", f"Bearer {good}".encode())

    for round_ in rounds(asked.service, 0.03, 150):

        @round_
        @given(mutations(good))
        @example(good)
        @example(good + "=")
        def check(nearly: str) -> None:
            sent = b"Bearer " + nearly.encode("latin-1")
            assert_only_the_exact_one(asked, "/api/v1/tasks", sent, good)

        check()


@pytest.mark.parametrize("kind", ["issued", "own"])
def test_whatever_is_signed_is_accepted_or_refused(asked: Asked, amy: Person, kind: str) -> None:
    """By an issuer who is trusted, and may have faults."""
    known = asked.known_of(amy)
    right, secret = (known.issued, known.secret) if kind == "issued" else (known.own, known.own_secret)
    times = st.integers() | st.floats() | st.integers(-5, 5).map(lambda near: time.time() + 20 * near)
    value = anything | times | st.sampled_from([ISSUER, AUDIENCE, [AUDIENCE], "donebase", str(amy.number)])
    names = st.sampled_from("sub exp nbf iat iss aud scope sid jti typ alg kid crit b64 zip cty x5c".split())

    for round_ in rounds(asked.service, 0.03, 150):

        @round_
        @given(st.dictionaries(names, value, max_size=3), st.just({}) | st.dictionaries(names, value, max_size=2))
        @example({"scope": "tasks:read"}, {})
        @example({"exp": "9000000000"}, {})
        @example({"exp": 10**400}, {})
        @example({"nbf": float("inf")}, {})
        def check(claims: dict[str, Any], header: dict[str, Any]) -> None:
            signed = forged(claims_of(right) | claims, hmac_with(secret), header_of(right) | header)
            response = answer(asked, "/users/me/tasks", f"Bearer {signed}".encode())
            assert response.status_code in (200, 400, 401, 403), response.text  # 400: it is too large for a header
            assert response.content in (b"", b"[]") or response.json()["status"] >= 400

        check()


def test_no_name_but_ones_own_leads_to_tasks(asked: Asked, amy: Person) -> None:
    """Whatever an address has for a user, and however it is written."""
    own = [str(amy.number), "me", amy.subject]
    names = st.sampled_from(own).flatmap(lambda name: st.just(name.encode()) | nearly(name)) | st.binary(max_size=12)

    for round_ in rounds(asked.service, 0.02, 150):

        @round_
        @given(names, st.sampled_from(["/users/{}/tasks", "/api/{}/tasks", "/todo-backend/{}"]))
        def check(name: bytes, address: str) -> None:
            segment = quote_from_bytes(name, safe="")
            response = answer(asked, address.format(segment), amy.headers["Authorization"].encode())
            named = unquote(segment)
            if named in own:
                assert (response.status_code, response.content) == (200, b"[]")
            elif "/" in named or not named or (named, address[:5]) == ("v1", "/api/"):
                assert response.status_code in (200, 307, 403, 404, 405), segment
                assert response.content in (b"", b"[]") or response.json()["status"] >= 400
            else:
                assert (response.status_code, response.json()["code"]) == (403, "FORBIDDEN"), segment

        check()


def nearly(name: str) -> st.SearchStrategy[bytes]:
    """Draw names that look like a name."""
    more = st.sampled_from(
        ["", " ", "0", "\0", "\n", "\N{ZERO WIDTH SPACE}", "%20", ".", "/", "\N{COMBINING ACUTE ACCENT}"]
    )
    return st.builds(lambda before, after: f"{before}{name}{after}".encode(), more, more)
