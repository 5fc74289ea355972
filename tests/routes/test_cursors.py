"""The words that stand for places in a list: each place has one word, for one order, and nothing else is one."""

import json
import math
from base64 import urlsafe_b64encode
from datetime import datetime
from typing import Any

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from donebase.core.orders import ORDERS, Place
from donebase.core.tables import MAX_ID
from donebase.http.cursors import MAX_WORD, place_word, read_place
from tests.support.families import USERS, Family
from tests.support.problems import invalid

NAMES = [order for order in ORDERS if order != "created"]  # there, the id of a task is the place
KEYS: dict[str, st.SearchStrategy[Any]] = {
    "created": st.none(),
    "updated": st.datetimes(),
    "due": st.none()
    | st.from_regex(r"[0-9]{4}-[01][0-9]-[0-3][0-9](T[0-2][0-9]:[0-5][0-9](:[0-5][0-9])?|~)", fullmatch=True),
    "priority": st.none() | st.integers(1, 3),
    "title": st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=500),
    "order": st.floats(allow_nan=False),  # psql can set any,
}
places = st.sampled_from(NAMES).flatmap(
    lambda order: st.tuples(st.just(order), st.builds(Place, KEYS[order.removeprefix("-")], st.integers(1, MAX_ID)))
)


def encoded(content: Any) -> str:
    """Return a word as it would be written."""
    if not isinstance(content, bytes | str):
        content = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    content = content if isinstance(content, bytes) else content.encode()
    return urlsafe_b64encode(content).rstrip(b"=").decode()


@given(places)
@example(("order", Place(-math.inf, 7)))
def test_a_word_leads_back_to_its_place(drawn: tuple[str, Place]) -> None:
    order, place = drawn
    word = place_word(order, place)
    assert read_place(order, word) == place
    assert all(read_place(other, word) is None for other in NAMES if other != order)


@pytest.mark.parametrize("letter", ["\x01", '"', "\N{GRINNING FACE}"])
def test_the_longest_title_has_a_word(letter: str) -> None:
    place = Place(letter * 500, MAX_ID)
    assert len(place_word("-title", place)) <= MAX_WORD
    assert read_place("-title", place_word("-title", place)) == place


RIGHT = {"due": "2026-12-01~", "title": "a", "-order": 1.5, "priority": 2, "updated": "2026-11-20T08:00:00.000001"}


@pytest.mark.parametrize("order", RIGHT)
def test_another_spelling_is_no_word(order: str) -> None:
    key = RIGHT[order]
    right = encoded([order, key, 7])
    assert read_place(order, right)
    for wrong in (0, -1, MAX_ID + 1, 2**70, 7.0, "7", True, None, [7]):
        assert read_place(order, encoded([order, key, wrong])) is None
    for content in ([order, key], [order, key, 7, 7], [order, key, 7], {"a": 1}, None, 7, order):
        spaced = json.dumps(content)
        assert read_place(order, encoded(spaced)) is None
    for spelling in (
        "",
        f"{right}=",
        f" {right}",
        f"{right}A",
        right[:-1],
        f"{right}\n",
        right + right,
        "é",
        "*",
        "1",
        "0",
    ):
        assert read_place(order, spelling) is None
    for bytes_ in (b'["%b","\xff",7]' % order.encode(), b"[" * 3000, b"\xff\xfe", b'{"a":1}' * 400):
        assert read_place(order, encoded(bytes_)) is None


@pytest.mark.parametrize(
    ("order", "key"),
    [
        *(("due", key) for key in ("x" * 501, "a\0", 1, ["a"])),
        *(("title", key) for key in (None, "x" * 501, "a\0", 1)),
        *(("priority", key) for key in (0, 4, True, 1.0, "low")),
        *(("order", key) for key in (None, 1, "1", True, "infinity", "NaN", math.nan, math.inf)),
        *(
            ("updated", key)
            for key in (None, "2026-11-20", "2026-11-20T08:00:00+00:00", "now", 5, "10000-01-01T00:00:00")
        ),
        ("-created", 7),
        ("title", "\ud800"),
    ],
)
def test_what_cannot_be_a_key_is_in_no_word(order: str, key: Any) -> None:
    written = json.dumps([order, key, 7], separators=(",", ":"), ensure_ascii=True)
    assert read_place(order, encoded(written)) is None


def test_a_place_is_that_of_its_task_or_just_behind(client: httpx.Client, family: Family, alice: int) -> None:
    """A word is not bound to a task: that may have gone, and what follows its place follows it all the same."""
    tasks = [USERS.created(client, alice, title=f"{alice} {title}") for title in ("a", "b", "b", "c")]
    address = f"{family.address(alice)}?sort=title&limit=1000"
    place = Place(f"{alice} b", tasks[1]["id"])
    USERS.delete(client, alice, tasks[1]["id"])
    response = client.get(f"{address}&after={place_word('title', place)}")
    assert [task for task in response.json() if task["user_id"] == alice] == tasks[2:]


@pytest.mark.parametrize("after", ["1", "", "abc", place_word("-title", Place("a", 1)), "A" * MAX_WORD])
def test_another_word_is_refused_by_name(client: httpx.Client, family: Family, alice: int, after: str) -> None:
    response = client.get(family.address(alice), params={"sort": "title", "after": after})
    invalid(response, ("after", "malformed_cursor"))


def test_an_order_by_creation_takes_ids_and_its_reverse_words(client: httpx.Client, family: Family, alice: int) -> None:
    task = USERS.created(client, alice)
    word = place_word("-created", Place(None, task["id"]))
    invalid(client.get(family.address(alice), params={"sort": "created", "after": word}), ("after", "out_of_range"))
    invalid(client.get(family.address(alice), params={"after": word}), ("after", "out_of_range"))
    newest = {"sort": "-created", "after": str(task["id"])}
    invalid(client.get(family.address(alice), params=newest), ("after", "malformed_cursor"))
    assert task not in client.get(family.address(alice), params={"sort": "created", "after": task["id"]}).json()
    assert task not in client.get(family.address(alice), params={"sort": "-created", "after": word}).json()


def test_a_time_is_kept_to_the_microsecond() -> None:
    place = Place(datetime(2026, 11, 20, 8, 0, 0, 1), 7)
    assert read_place("updated", place_word("updated", place)) == place
