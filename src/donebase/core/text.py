"""The rules for text: what PostgreSQL and UTF-8 can hold, and what a person can see.

Each is a validator of pydantic that raises a PydanticCustomError with a sentence for people and a code for programs.
"""

import re
import unicodedata

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

# White space, controls, formats, surrogates, private use. Not "Cn": a new emoji is unassigned to an older Python.
_INVISIBLE_CATEGORIES = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co"})
# What shows nothing all the same: fillers, joiners, variation selectors, tags and noncharacters.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufdd0-\ufdef\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\U000e0000-\U000e0fff" + "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF)) + "]"
)


def storable(text: str) -> str:
    """Refuse U+0000 (code `nul_character`) and lone surrogates (code `not_unicode`)."""
    if "\x00" in text:
        raise PydanticCustomError("nul_character", "must not contain the character U+0000")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise PydanticCustomError("not_unicode", "must be valid Unicode, without lone surrogates") from None
    return text


def visible(text: str) -> str:
    """Refuse text that shows nothing (code `blank`): white space, controls, formats, fillers."""
    if not any(unicodedata.category(char) not in _INVISIBLE_CATEGORIES and not _INVISIBLE.match(char) for char in text):
        raise PydanticCustomError("blank", "must contain at least one visible character")
    return text


def at_most(length: int) -> AfterValidator:
    """Return a validator that refuses text of more than so many code points (code `too_long`)."""

    def within(text: str) -> str:
        if len(text) > length:
            raise PydanticCustomError("too_long", f"must be at most {length} characters")
        return text

    return AfterValidator(within)
