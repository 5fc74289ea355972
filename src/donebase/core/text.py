"""The rules for text: what PostgreSQL and UTF-8 can hold, and what a person can see.

A type of text has one validator of pydantic, because pydantic's calls of Python cost more than the rules. It raises a
PydanticCustomError with a sentence for people and a code for programs.
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


def any_text(at_most: int) -> AfterValidator:
    """Return a validator of text that is stored as it is.

    It refuses U+0000 (code `nul_character`), lone surrogates (`not_unicode`) and more than `at_most` code points
    (`too_long`).
    """

    def validate(text: str) -> str:
        if not text.isprintable():  # which the two are not
            _refuse_unstorable(text)
        if len(text) > at_most:
            raise _too_long(at_most)
        return text

    return AfterValidator(validate)


def visible_text(at_most: int) -> AfterValidator:
    """Return a validator of text that is stored without surrounding white space.

    It refuses what `any_text` refuses, and text that shows nothing (code `blank`): white space, controls, formats,
    fillers.
    """

    def validate(text: str) -> str:
        if not text.isprintable():
            _refuse_unstorable(text)
        text = text.strip()
        if len(text) > at_most:  # before what looks at each character
            raise _too_long(at_most)
        if not _is_visible(text):
            raise PydanticCustomError("blank", "must contain at least one visible character")
        return text

    return AfterValidator(validate)


def _too_long(at_most: int) -> PydanticCustomError:
    return PydanticCustomError("too_long", f"must be at most {at_most} characters")


def _refuse_unstorable(text: str) -> None:
    if "\x00" in text:
        raise PydanticCustomError("nul_character", "must not contain the character U+0000")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise PydanticCustomError("not_unicode", "must be valid Unicode in UTF-8, without lone surrogates") from None


def _is_visible(text: str) -> bool:
    if text.isascii() and text.isprintable():
        return text != ""  # no spaces alone, which were stripped
    return any(unicodedata.category(char) not in _INVISIBLE_CATEGORIES and not _INVISIBLE.match(char) for char in text)
