"""Entity tags: which versions a condition names, in whatever lines and with whatever white space it is sent."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from donebase.core.tables import MAX_ID
from donebase.core.writes import Versions
from donebase.http.entity_tags import MAX_LENGTH, MAX_TAGS, parse_entity_tags, strong_tag, weak_tag

# A character that may stand in a tag (RFC 9110, 8.8.3).
ETAGC = st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters='"\x7f').filter(
    lambda char: not "\x80" > char > "~"
)
OPAQUE = st.text(ETAGC, max_size=8).filter(lambda text: not text.isascii() or not text.isdigit())
NUMBERS = st.integers(0, MAX_ID)
TAG = r'(W/)?"[!#-~\x80-\xff]*"'
LIST = re.compile(rf"[ \t,]*{TAG}([ \t]*,[ \t,]*{TAG})*[ \t]*(,[ \t,]*)?")
SPACES = st.text(st.sampled_from(" \t"), max_size=2)
OTHER_DIGITS = st.sampled_from(["007", "-1", "+1", "1.0", "1_0", "²", "9223372036854775808", "1" * 400, "", "1,2"])


def named(*lines: str, weak: bool = False) -> Versions:
    return parse_entity_tags(lines, weak=weak)


def fault(*lines: str) -> str:
    """Return the code of the fault for which lines are refused."""
    with pytest.raises(PydanticCustomError) as raised:
        named(*lines)
    return raised.value.type


@given(st.lists(st.tuples(NUMBERS, st.booleans()), min_size=1, max_size=20))
def test_what_was_answered_names_its_version(sent: list[tuple[int, bool]]) -> None:
    tags = [(weak_tag if is_weak else strong_tag)(number)[1].decode() for number, is_weak in sent]
    assert named(", ".join(tags), weak=True) == named(*tags, weak=True) == tuple(number for number, _ in sent)
    assert named(", ".join(tags)) == named(*tags) == tuple(number for number, is_weak in sent if not is_weak)


@st.composite
def elements(draw: st.DrawFn) -> tuple[str, list[int]]:
    """Draw an element of a list, which can be empty, and the version that it names, if any."""
    if draw(st.integers(0, 3)) == 0:
        return draw(SPACES), []
    named_by = draw(NUMBERS | OPAQUE | OTHER_DIGITS)
    return f'{draw(SPACES)}"{named_by}"{draw(SPACES)}', [named_by] if isinstance(named_by, int) else []


@given(st.lists(st.lists(elements(), min_size=1, max_size=6), min_size=1, max_size=3))
def test_a_list_may_have_empty_elements_white_space_and_tags_of_others(sent: list[list[tuple[str, list[int]]]]) -> None:
    lines = [",".join(text for text, _ in line) for line in sent]
    expected = tuple(number for line in sent for _, numbers in line for number in numbers)
    assert named(*lines, '"x"') == expected


@given(st.text(st.sampled_from('"W/*, \t1a\x00\x7fé')) | st.text(ETAGC | st.sampled_from('" ,')))
@settings(max_examples=300)
def test_any_other_text_is_refused(text: str) -> None:
    if text.strip(" \t") == "*":
        assert named(text) is None
    elif LIST.fullmatch(text):
        assert named(text) is not None
    else:
        assert fault(text) == "malformed_entity_tag"


@pytest.mark.parametrize(
    "lines",
    [
        [""],
        [" ,\t, "],
        ["17"],
        ['"17'],
        ['17"'],
        ["'17'"],
        ['w/"17"'],
        ['W/ "17"'],
        ["W/17"],
        ['"17" "18"'],
        ['"17";q=1'],
        ['"1 7"'],
        ['"1\t7"'],
        ['"1\x007"'],
        ['"1\x7f7"'],
        ['"1\\"7"'],
        ["*, *"],
        ["*", "*"],
        ['*, "17"'],
        ['"17"', "*"],
        ["**"],
        ['"17', '18"'],
        ["null"],
        ["undefined"],
    ],
    ids=ascii,
)
def test_what_is_no_list_of_entity_tags_is_refused(lines: list[str]) -> None:
    assert fault(*lines) == "malformed_entity_tag"


@pytest.mark.parametrize("text", ["*", " * ", "\t*"])
def test_a_star_names_all_versions(text: str) -> None:
    assert named(text) is None
    assert named(text, weak=True) is None


def test_tags_that_are_not_donebases_name_no_version() -> None:
    assert named('"abc", "", "007", "+1", "17-gzip", "17,18", "é", "9223372036854775808"', weak=True) == ()
    assert named('W/"17"') == ()
    assert named(f'"{MAX_ID}"') == (MAX_ID,)


def test_tags_are_bounded_in_number_and_length() -> None:
    assert len(named(", ".join(f'"{number}"' for number in range(MAX_TAGS))) or ()) == MAX_TAGS
    assert fault(", ".join(f'"{number}"' for number in range(MAX_TAGS + 1))) == "too_long"
    assert fault(*['"1"'] * (MAX_TAGS + 1)) == "too_long"
    assert named(f'"{"x" * (MAX_LENGTH - 2)}"') == ()
    assert fault(f'"{"x" * (MAX_LENGTH - 1)}"') == "too_long"
    assert fault("," * (MAX_LENGTH + 1)) == "too_long"
