"""What is drawn: bodies near every border of the rules and beyond it, and the many ways to write one body down."""

import json
from typing import Any

from hypothesis import strategies as st

from tests.properties.rules import FIELDS, MAX_INT8, ONLY_THE_DATABASE_SETS, Json
from tests.support.problems import SENT

Strategy = st.SearchStrategy[Any]

LARGEST_BODY = 2**20
PRESENT = 909_090_909_090_909
"""Stands in a drawn body for the version that the task will have."""
_ORIGIN = {"Origin": "http://localhost:3000"}
HEADERS = st.sampled_from(
    [
        {"Content-Type": "application/json"},
        {"Content-Type": "application/json", **_ORIGIN},
        {"Content-Type": "application/json; charset=utf-8"},
        {"Content-Type": "Application/JSON; charset=UTF-8", **_ORIGIN},
    ]
)

_storable = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
# What does not show, is stripped, is more than one code unit, combines, or has to be escaped.
_peculiar = st.sampled_from(
    " \t\n\v\x1c\x7f\x85\xa0\xad\u034f\u115f\u1680\u180e\u200b\u200d\u2028\u2800\u3000\u3164\ufe0f\ufeff\uffa0\uffff"
    "\U0001f600\U000e0041\U0010ffff\u0301\u05d0\ufdfa\"\\/<'%"
)
_unstorable = st.sampled_from("\0\ud800\udbff\udc00\udfff")
texts = st.text(_storable | _peculiar, max_size=30)
_odd_texts = st.text(_storable | _peculiar | _unstorable, max_size=8)
_white_space = st.text(st.sampled_from(" \t\n\x85\xa0\u1680\u2028\u3000"), max_size=3)


def near(length: int) -> Strategy:
    """Draw texts of about so many characters: some character or three, again and again."""
    units = st.text(_storable | _peculiar, min_size=1, max_size=3)
    sizes = st.integers(length - 1, length + 1)
    return st.builds(lambda unit, size: (unit * size)[:size], units, sizes)


_wrong_types = st.sampled_from([None, True, False, 0, 1, -1, 7.0, 1e300, SENT, "true", "1", "", [], [SENT], {SENT: 1}])
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
titles = st.builds(lambda *parts: "".join(parts), _white_space, texts.filter(str.strip) | near(500), _white_space)
descriptions = st.none() | texts | near(5_000)
_unknown = st.sampled_from(["Title", "title ", "tasks", "", "a\0b", "\ufeffid", *sorted(FIELDS)]) | texts


_days = st.dates().map(str)
_minutes = st.times().map(lambda time: time.strftime("%H:%M"))
_seconds = st.times().map(lambda time: time.strftime("%H:%M:%S"))
_due_dates = st.none() | st.fixed_dictionaries(
    {"date": _days, "time": _minutes | _seconds},
    optional={"time_zone": st.none() | st.sampled_from(["Europe/Berlin", "Asia/Kolkata", "UTC"])},
)
_wrong_due_dates = st.fixed_dictionaries(
    {},
    optional={
        "date": _days | st.sampled_from(["2026-02-29", "2026-13-01", "0000-01-01", "2026-1-1", "20261201"]) | texts,
        "time": st.none() | _minutes | st.sampled_from(["24:00", "7:00", "17:00:60", "17:00Z", "17"]) | texts,
        "time_zone": st.none() | st.sampled_from(["europe/berlin", "UTC+1", "PST", "UTC"]) | texts,
    },
)
_tags = st.lists(st.text(st.characters(categories=["L"]), min_size=1, max_size=52) | texts, max_size=21)
_orders = (
    st.integers()
    | st.sampled_from([10**30, -(10**308), 10**309, 2**53 + 1])
    | st.floats(allow_nan=False, allow_infinity=False)
)


def _mostly(usual: Strategy, rare: Strategy) -> Strategy:
    return st.integers(0, 7).flatmap(lambda chance: usual if chance else rare)


def bodies(owner: int, other: int, *, fields: frozenset[str], required: frozenset[str]) -> st.SearchStrategy[Json]:
    """Draw bodies for an operation that has these fields: about half of them are right, and most almost."""
    users = st.sampled_from([other, 0, -1, MAX_INT8, MAX_INT8 + 1, 10**400, str(owner), float(owner), True]) | anything
    values = {
        "title": _mostly(titles, _odd_texts | _wrong_types),
        "description": _mostly(descriptions, _odd_texts | _wrong_types),
        "completed": _mostly(st.booleans(), _wrong_types),
        "priority": _mostly(st.sampled_from([None, "low", "medium", "high"]), _odd_texts | _wrong_types),
        "due": _mostly(_due_dates, _wrong_due_dates | _wrong_types),
        "tags": _mostly(_tags, st.lists(_odd_texts | _wrong_types, max_size=3) | _wrong_types),
        "order": _mostly(_orders, _wrong_types | _odd_texts),
        "user_id": _mostly(st.just(owner), users),
        "version": _mostly(st.just(PRESENT), st.sampled_from([1, 0, -1, MAX_INT8, MAX_INT8 + 1, "1"]) | anything),
    }
    optional = {field: values[field] for field in sorted((fields | {"user_id", "version"}) - required)}
    ignored = dict.fromkeys(sorted(ONLY_THE_DATABASE_SETS), anything)
    known = st.fixed_dictionaries({field: values[field] for field in sorted(required)}, optional=optional | ignored)
    unknown = _mostly(st.just({}), st.dictionaries(_unknown, anything, max_size=2))
    lacking = _mostly(st.none(), st.sampled_from(sorted(required | {"title"})))
    return st.builds(_body, unknown, known, lacking)


def _body(unknown: Json, known: Json, lacking: str | None) -> Json:
    return {field: value for field, value in (unknown | known).items() if field != lacking}


@st.composite
def written(draw: st.DrawFn, drawn: st.SearchStrategy[Json]) -> bytes:
    """Draw one of the ways to write a body as JSON in UTF-8; once in a while as large as a body may be."""
    body = draw(drawn)
    shuffled = {field: body[field] for field in draw(st.permutations(list(body)))}
    text = json.dumps(shuffled, ensure_ascii=False, indent=draw(st.sampled_from([None, 1])))
    if draw(st.booleans()) or any("\ud800" <= char <= "\udfff" for char in text):
        text = json.dumps(shuffled)
    content = text.replace("/", draw(st.sampled_from(["/", "\\/"]))).encode()
    return content + b" " * (LARGEST_BODY - len(content)) * (draw(st.integers(0, 40)) == 40)


@st.composite
def malformed(draw: st.DrawFn, body: Json) -> bytes:
    """Draw a way to spoil a body so that it is no JSON in UTF-8 any more."""
    text = json.dumps(body)
    at = draw(st.integers(1, len(text) - 1))
    number = draw(
        st.sampled_from(["NaN", "Infinity", "-Infinity", "01", "+1", "1.", ".5", "0x1", "1_0", "'1'", "1 1", ""])
    )
    return draw(
        st.sampled_from(
            [
                text[:at].encode(),
                text[:at].encode() + b"\xff" + text[at:].encode(),
                text.encode() + draw(st.sampled_from([b"x", b",", b"}", b"{}", b"\0", text.encode()])),
                text.encode(draw(st.sampled_from(["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]))),
                f'{{"id": {number}, {text[1:]}'.encode(),
                f'{{"id": "\n", {text[1:]}'.encode(),
                f'{{"id": {{"a": 1, "a": 2}}, {text[1:]}'.encode(),
                f"{{{draw(st.sampled_from(list(map(json.dumps, body))))}: 1, {text[1:]}".encode(),
                f"{text[:-1]},}}".encode(),
                f"/**/{text}".encode(),
            ]
        )
    )
