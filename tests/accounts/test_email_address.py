"""When two e-mail addresses are one account, and what is none."""

import unicodedata

import pytest
from pydantic import TypeAdapter, ValidationError

from donebase.accounts.email_address import MAX_BYTES, normalised
from donebase.accounts.shapes import EmailAddress

ADDRESS: TypeAdapter[str] = TypeAdapter(EmailAddress)
DOTTED_OR_NOT = "\N{LATIN SMALL LETTER DOTLESS I}\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}"
COMBINING_E = "e\N{COMBINING ACUTE ACCENT}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("alice@example.com", "ALICE@Example.COM"),
        ("straße@example.com", "STRASSE@example.com"),
        ("straße@example.com", "STRA\N{LATIN CAPITAL LETTER SHARP S}E@example.com"),
        ("\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}pek@example.com", "i\N{COMBINING DOT ABOVE}pek@example.com"),
        ("ΝΊΚΟΣ@example.com", "νίκος@example.com"),
        (f"ren{COMBINING_E}@example.com", "RENÉ@example.com"),
        # The subscript sorts before the accent, which only shows once both are taken apart (Unicode, D145).
        ("\N{GREEK SMALL LETTER ALPHA WITH TONOS}\N{COMBINING GREEK YPOGEGRAMMENI}@x", "ΆΙ@x"),
    ],
)
def test_addresses_that_differ_in_case_or_composition_are_one(one: str, other: str) -> None:
    assert one != other
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("alice@example.com", "alíce@example.com"),
        ("a.lice@example.com", "alice@example.com"),
        ("\N{LATIN SMALL LETTER DOTLESS I}@x", "i@x"),
    ],
)
def test_other_addresses_are_others(one: str, other: str) -> None:
    assert normalised(one) != normalised(other)


@pytest.mark.long
def test_what_is_normalised_stays_the_same_and_is_short_enough_for_an_index() -> None:
    every_character = [chr(point) for point in range(0x110000) if not 0xD800 <= point < 0xE000]
    for char in every_character:
        once = normalised(char)
        assert normalised(once) == once, hex(ord(char))
        assert normalised(char.upper()) == normalised(char.lower()) or char in DOTTED_OR_NOT, hex(ord(char))
        # PostgreSQL refuses a key of more than 2,704 bytes.
        assert len(once.encode()) * (MAX_BYTES // len(char.encode())) < 2_704, hex(ord(char))
        assert unicodedata.is_normalized("NFC", once)


def test_an_address_is_kept_as_it_is_but_for_surrounding_white_space() -> None:
    assert ADDRESS.validate_python("  Alice+todo@Example.com\n") == "Alice+todo@Example.com"


@pytest.mark.parametrize("text", ["a@b", "\N{GREEK SMALL LETTER MU}@\N{GREEK SMALL LETTER MU}.gr", "a@" + "b" * 252])
def test_what_may_be_an_address_is_taken(text: str) -> None:
    assert ADDRESS.validate_python(text) == text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "blank"),
        (" ", "blank"),
        ("alice", "not_an_address"),
        ("@example.com", "not_an_address"),
        ("alice@", "not_an_address"),
        ("alice@home@example.com", "not_an_address"),
        ("alice smith@example.com", "not_an_address"),
        ("alice\t@example.com", "not_an_address"),
        ("alice@exam\u200bple.com", "not_an_address"),
        ("alice@example.com\x00", "nul_character"),
        ("alice\ud800@example.com", "not_unicode"),
        ("a@" + "b" * 253, "too_long"),
        ("é@" + "b" * 252, "too_long"),
    ],
)
def test_what_is_no_address_is_refused(text: str, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        ADDRESS.validate_python(text)
    assert [fault["type"] for fault in refused.value.errors(include_input=False)] == [code]
