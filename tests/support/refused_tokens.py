"""Headers that no service may take for those of a caller: a line each, made from a token that is good."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

from tests.support.forged_tokens import HS256, Sign, claims_of, forged, header_of, hmac_with, segment, unsigned

Header = tuple[bytes, bytes]
HOUR = 3_600
_LONG = "".join(f"{number:x}" for number in range(2_000))  # and hard to compress: PostgreSQL can have no index of it


class Known(NamedTuple):
    """What a test knows: two good tokens of the same user, and with what they are signed.

    `issued` is that of another issuer, whose secret is AUTH_JWT_SECRET; `own` is that of a session.
    """

    issued: str
    secret: bytes
    own: str
    own_secret: bytes

    def issued_with(self, header: object = HS256, sign: Sign | None = None, **claims: Any) -> str:
        """Return a token of the other issuer; a claim that is `...` is left out."""
        return forged(_changed(self.issued, claims), sign or hmac_with(self.secret), header)

    def own_with(self, header: object = None, sign: Sign | None = None, **claims: Any) -> str:
        """Return a token of a session."""
        header = header or header_of(self.own)
        return forged(_changed(self.own, claims), sign or hmac_with(self.own_secret), header)


def _changed(token: str, claims: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**claims_of(token), **claims}.items() if value is not ...}


def _bearer(token: str | bytes) -> list[Header]:
    return [(b"authorization", b"Bearer " + (token if isinstance(token, bytes) else token.encode()))]


def _parts(token: str) -> list[str]:
    return token.split(".")


def _with_content(known: Known, content: bytes) -> str:
    return forged(content, hmac_with(known.secret))


Present = Callable[[Known], list[Header]]
"""Returns the headers of a request."""


def _now(later: float = 0) -> int:
    return int(time.time() + later)


def _issued(header: object = HS256, sign: Sign | None = None, **claims: Any) -> Present:
    return lambda known: _bearer(known.issued_with(header, sign, **claims))


def _own(header: object = None, sign: Sign | None = None, **claims: Any) -> Present:
    return lambda known: _bearer(known.own_with(header, sign, **claims))


# The lines of the issue: each is sent to every operation.
EVERYWHERE: dict[str, Present] = {
    "no token": lambda _: [],
    "Bearer alone": lambda _: [(b"authorization", b"Bearer")],
    "Basic": lambda _: [(b"authorization", b"Basic eDp5")],
    "malformed": lambda _: _bearer("a.b.c"),
    "two headers": lambda it: _bearer(it.issued) * 2,
    "forged": lambda it: _bearer(it.issued_with(sign=hmac_with(b"x" * 32))),
    "expired": lambda it: _bearer(it.issued_with(exp=_now(-HOUR))),
    "not yet valid": lambda it: _bearer(it.issued_with(nbf=_now(HOUR))),
    "of another audience": lambda it: _bearer(it.issued_with(aud="another")),
    "of another issuer": lambda it: _bearer(it.issued_with(iss="https://another.example")),
    "alg none": lambda it: _bearer(it.issued_with({"alg": "none"}, unsigned)),
    "huge": lambda _: _bearer("a" * 15_000),
    "a personal token that never was": lambda _: _bearer("dnb_" + "A" * 43),
    "of a session that never was": lambda it: _bearer(it.own_with(sid=segment(b"x" * 32) + "=")),
    "of a session, expired": lambda it: _bearer(it.own_with(exp=_now(-HOUR))),
    "of a session, forged": lambda it: _bearer(it.own_with(sign=hmac_with(it.secret))),
}


_SCHEMES: dict[str, Present] = {
    "nothing": lambda _: [(b"authorization", b"")],
    "Bearer twice": lambda it: _bearer(b"Bearer " + it.issued.encode()),
    "no scheme": lambda it: [(b"authorization", it.issued.encode())],
    "scheme Token": lambda it: [(b"authorization", b"Token " + it.issued.encode())],
    "scheme JWT": lambda it: [(b"authorization", b"JWT " + it.issued.encode())],
    "no space": lambda it: [(b"authorization", b"Bearer" + it.issued.encode())],
    "a colon": lambda it: [(b"authorization", b"Bearer: " + it.issued.encode())],
    "a tab": lambda it: [(b"authorization", b"Bearer\t" + it.issued.encode())],
    "a space that is none": lambda it: [(b"authorization", b"Bearer\xa0" + it.issued.encode())],
    "in quotes": lambda it: _bearer(f'"{it.issued}"'),
    "a parameter": lambda it: _bearer(f'token="{it.issued}"'),
    "a list": lambda it: _bearer(f"{it.issued}, Bearer {it.issued}"),
    "two tokens": lambda it: _bearer(f"{it.issued} {it.issued}"),
    "and a comma": lambda it: _bearer(f"{it.issued},"),
    "with padding": lambda it: _bearer(f"{it.issued}="),
    "no ASCII": lambda it: _bearer(it.issued.encode() + b"\xff"),
    "another one before it": lambda it: [*_bearer("a.b.c"), *_bearer(it.issued)],
    "another one behind it": lambda it: [*_bearer(it.issued), *_bearer("a.b.c")],
    "only for the proxy": lambda it: [(b"proxy-authorization", b"Bearer " + it.issued.encode())],
    "a cookie": lambda it: [(b"cookie", b"access_token=" + it.issued.encode())],
    "a refresh token": lambda _: _bearer("dnr_" + "A" * 64),
    "a personal token without an end": lambda _: _bearer("dnb_"),
    "a personal token too long": lambda _: _bearer("dnb_" + "A" * 10_000),
    "a personal token of dots": lambda _: _bearer("dnb_" + "." * 43),
}
_FORMS: dict[str, Present] = {
    "one part": lambda it: _bearer(_parts(it.issued)[0]),
    "two parts": lambda it: _bearer(".".join(_parts(it.issued)[:2])),
    "four parts": lambda it: _bearer(f"{it.issued}.x"),
    "no parts": lambda _: _bearer(".."),
    "without a signature": lambda it: _bearer(".".join([*_parts(it.issued)[:2], ""])),
    "a signature cut off": lambda it: _bearer(it.issued[:-4]),
    "a signature and more": lambda it: _bearer(f"{it.issued}AAAA"),
    "a signature of others": lambda it: _bearer(".".join([*_parts(it.issued)[:2], _parts(it.own)[2]])),
    "claims of others": lambda it: _bearer(
        ".".join([_parts(it.issued)[0], _parts(it.issued_with(sub="x"))[1], _parts(it.issued)[2]])
    ),
    "a header that is no JSON": lambda it: _bearer(it.issued_with(b"{")),
    "a header that is an array": lambda it: _bearer(it.issued_with(["HS256"])),
    "a header that is deep": lambda it: _bearer(it.issued_with(b"[" * 5_000)),
    "claims that are no JSON": lambda it: _bearer(_with_content(it, b"{")),
    "claims that are an array": lambda it: _bearer(_with_content(it, b"[]")),
    "claims that are null": lambda it: _bearer(_with_content(it, b"null")),
    "claims that are deep": lambda it: _bearer(_with_content(it, b"[" * 5_000)),
    "claims that are not UTF-8": lambda it: _bearer(_with_content(it, b'{"sub": "\xff"}')),
}
_ALGORITHMS: dict[str, Present] = {
    **{f"alg {name}": _issued({"alg": name}, unsigned) for name in ("None", "NONE", "nOnE", "")},
    "alg none, and a signature": lambda it: _bearer(it.issued_with({"alg": "none"})),
    "alg none of a session": lambda it: _bearer(it.own_with(header_of(it.own) | {"alg": "none"}, unsigned)),
    "alg HS512": lambda it: _bearer(it.issued_with({"alg": "HS512"}, hmac_with(it.secret, "sha512"))),
    "alg HS512 of a session": lambda it: _bearer(
        it.own_with(header_of(it.own) | {"alg": "HS512"}, hmac_with(it.own_secret, "sha512"))
    ),
    "alg RS256": lambda it: _bearer(it.issued_with({"alg": "RS256"})),
    "alg in small letters": lambda it: _bearer(it.issued_with({"alg": "hs256"})),
    "alg a number": lambda it: _bearer(it.issued_with({"alg": 256})),
    "alg an array": lambda it: _bearer(it.issued_with({"alg": ["HS256"]})),
    "no alg": lambda it: _bearer(it.issued_with({"typ": "JWT"})),
    "a secret that is empty": lambda it: _bearer(it.issued_with(sign=hmac_with(b""))),
    "the key of sessions": lambda it: _bearer(it.issued_with(sign=hmac_with(it.own_secret))),
    "the id of the key of sessions": lambda it: _bearer(it.issued_with(header_of(it.own))),
    "a kid that is an array": lambda it: _bearer(it.own_with(header_of(it.own) | {"kid": ["donebase"]})),
    "an extension that must be understood": lambda it: _bearer(it.issued_with(HS256 | {"crit": ["x"], "x": 1})),
}
_WRONG: dict[str, list[Any]] = {
    "exp": [..., None, "", "soon", [], {}, -1, 0, float("nan"), float("inf"), 10**400],
    "nbf": ["", "soon", [], {}, float("inf"), 10**400],
    "sub": [..., None, "", 7, True, [], {}, ["x"], "a\0b", "\ud800", _LONG],
    "aud": [..., None, "", 7, [], ["another"], {}, [7]],
    "iss": [..., None, "", 7, [], {}],
}
_WRONG_OF_A_SESSION: dict[str, list[Any]] = {
    "exp": [..., None, "soon", -1],
    "sub": [..., "7", "", "me", "1e3", "x", 7, "9" * 5_000],
    "sid": [..., None, "", "x", 7, [], "\ud800"],
    "aud": [..., "another"],
    "iss": [..., "another"],
    "nbf": [2**36],  # in the year 4147
}
_CLAIMS: dict[str, Present] = {
    f"{name} {value!r}{whose}"[:60]: made(**{name: value})
    for made, whose, wrong in ((_issued, "", _WRONG), (_own, " of a session", _WRONG_OF_A_SESSION))
    for name, values in wrong.items()
    for value in values
} | {"exp 31 seconds ago of a session": lambda it: _bearer(it.own_with(exp=_now(-31)))}
REFUSED = {**EVERYWHERE, **_SCHEMES, **_FORMS, **_ALGORITHMS, **_CLAIMS}
