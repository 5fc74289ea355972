"""Places in the order of a list as words, which links to the next page carry: a word is bound to its order."""

import math
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import Any

import orjson

from donebase.core.orders import Place, is_place
from donebase.core.tables import MAX_ID

MAX_WORD = 4_200
"""The length of the longest word: a title of control characters is written with 6 bytes each."""


def place_word(order: str, place: Place) -> str:
    """Return the word for a place of an order."""
    written = orjson.dumps([order, _in_json(place.key), place.id])
    return urlsafe_b64encode(written).rstrip(b"=").decode()


def read_place(order: str, word: str) -> Place | None:
    """Return the place that a word stands for, or None if it is no word for a place of this order."""
    try:
        _, key, task_id = orjson.loads(urlsafe_b64decode(word + "=" * (-len(word) % 4)))
        place = Place(_key(order, key), task_id)
    except (ValueError, TypeError):
        return None
    is_valid = type(task_id) is int and 1 <= task_id <= MAX_ID and is_place(order, place)
    # There is only one word for a place of an order: what is left out or doubled in others is not ignored.
    return place if is_valid and place_word(order, place) == word else None


def _in_json(key: Any) -> Any:
    """Return a key as JSON has it: infinity and NaN, which psql can set as an order, as strings."""
    return str(key) if isinstance(key, float) and not math.isfinite(key) else key


def _key(order: str, key: Any) -> Any:
    """Return a key as rows have it: JSON has no times."""
    name = order.removeprefix("-")
    if name == "updated":
        return datetime.fromisoformat(key)
    return float(key) if name == "order" and isinstance(key, str) else key
