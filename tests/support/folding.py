"""What a search and the order of titles go by, as Python's database of Unicode has it."""

import re
import unicodedata
from collections.abc import Sequence

BETWEEN = "\x01"
# The property Default_Ignorable_Code_Point, of which Python does not know.
_SHOWS_NOTHING = re.compile(
    "[\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff"
    "\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_WITH_STROKE = re.compile("LATIN (?:SMALL|CAPITAL) LETTER (?:([A-Z]) WITH STROKE|DOTLESS (I))")


def folded(text: str) -> str:
    """Return a text without case, accents and U+0001."""
    return "".join(_small(char) for char in unicodedata.normalize("NFKD", text) if not _is_removed(char))


def searchable(title: str, description: str | None, tags: Sequence[str]) -> str:
    """Return what a search looks through."""
    return BETWEEN.join((folded(title), folded(description or ""), BETWEEN.join(map(folded, tags))))


def _is_removed(char: str) -> bool:
    combining = unicodedata.combining(char)
    return combining in (1, *range(10, 37)) or combining >= 200 or char == BETWEEN or bool(_SHOWS_NOTHING.match(char))


def _small(char: str) -> str:
    with_stroke = _WITH_STROKE.fullmatch(unicodedata.name(char, ""))
    return (with_stroke[1] or with_stroke[2]).lower() if with_stroke else char.casefold()
