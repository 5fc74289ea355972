"""E-mail addresses: which are taken, and when two are the same account."""

import re
import unicodedata

from pydantic_core import PydanticCustomError

MAX_BYTES = 254
"""In UTF-8: RFC 5321, 4.5.3.1.3 allows a path of 256 with its angle brackets."""

# Only what keeps anybody from typing something else by mistake: whether an address exists, no pattern can tell.
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+")


def valid_address(text: str) -> str:
    """Return an address: it has one @, with something on both sides, and no white space or controls.

    Raises PydanticCustomError, `too_long` or `not_an_address`.
    """
    if len(text.encode()) > MAX_BYTES:
        raise PydanticCustomError("too_long", f"must be at most {MAX_BYTES} bytes in UTF-8")
    if not text.isprintable() or not _ADDRESS.fullmatch(text):
        raise PydanticCustomError("not_an_address", "must be an e-mail address")
    return text


def normalised(address: str) -> str:
    """Return what is the same for all addresses that differ in their case only (Unicode, D145), in NFC."""
    folded = unicodedata.normalize("NFD", address).casefold()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", folded).casefold())
