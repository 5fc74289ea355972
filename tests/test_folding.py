"""Text as PostgreSQL searches and sorts it: without case and accents, the same on every PostgreSQL."""

import unicodedata
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from donebase.postgres.task_functions import task_functions, without_task_functions
from tests.support.databases import a_database
from tests.support.folding import BETWEEN, folded, searchable
from tests.support.psql import Psql, with_task_functions


def every_character() -> Iterator[str]:
    return (chr(code) for code in range(1, 0x110000) if not 0xD800 <= code < 0xE000)


class Sql(Psql):
    """A session that calls the functions."""

    def folded(self, texts: Sequence[str]) -> list[str]:
        """Fold texts."""
        sql = "SELECT array_agg(folded(text) ORDER BY n) FROM unnest($1::text[]) WITH ORDINALITY AS each (text, n)"
        found: list[str] = self.value(sql, texts)
        return found


@pytest.fixture(scope="module")
def sql() -> Iterator[Sql]:
    with with_task_functions(Sql) as session:
        yield session


@pytest.mark.parametrize(
    ("texts", "same"),
    [
        (["Crème Brûlée", "CRÈME BRÛLÉE", "creme brulee", "Cre\u0300me Bru\u0302le\u0301e"], "creme brulee"),
        (["Straße", "STRASSE", "STRAẞE"], "strasse"),
        (["Łódź", "ŁÓDŹ", "lodz"], "lodz"),
        (["Smørrebrød", "SMORREBROD"], "smorrebrod"),
        (["ısı", "ISI", "İSİ", "isi"], "isi"),
        (["Tiếng Việt", "TIENG VIET", "tiếng việt"], "tieng viet"),
        (["Σίσυφος", "ΣΊΣΥΦΟΣ", "σισυφοσ"], "σισυφοσ"),
        (["Ёлка", "ЁЛКА", "елка"], "елка"),
        (["ԱԲԳ", "աբգ"], "աբգ"),
        (["ﬁn", "ＦＩＮ", "𝐟𝐢𝐧"], "fin"),
        (["①２", "12"], "12"),
        (["שָׁלוֹם", "שלום"], "שלום"),
        (["مُحَمَّد", "محمد"], "محمد"),
        (["❤️", "❤"], "❤"),
        (["می\u200cروم", "میروم"], "میروم"),
        (["a\u00adb", "a\x01b", "ab"], "ab"),
    ],
)
def test_what_a_person_takes_for_the_same_is_the_same(sql: Sql, texts: list[str], same: str) -> None:
    assert sql.folded(texts) == [same] * len(texts)


@pytest.mark.parametrize(
    ("one", "another"),
    [("か", "が"), ("は", "ぱ"), ("क", "क़"), ("कि", "की"), ("क", "क्"), ("ก่", "ก้"), ("æ", "ae"), ("o", "0"), ("ا", "ب")],
)
def test_letters_that_a_mark_makes_another_stay_apart(sql: Sql, one: str, another: str) -> None:
    assert len(set(sql.folded([one, another]))) == 2


@pytest.mark.long
@pytest.mark.skipif(unicodedata.unidata_version != "14.0.0", reason="the functions know Unicode 14, Python another")
def test_every_character_is_folded_as_python_would(sql: Sql) -> None:
    assigned = [char for char in every_character() if unicodedata.category(char) != "Cn"]
    expected = [folded(char) for char in assigned]
    different = [
        (hex(ord(char)), found, wanted)
        for char, found, wanted in zip(assigned, sql.folded(assigned), expected, strict=True)
        if found != wanted
    ]
    assert different == []
    assert sql.folded(expected) == expected, "folding once is enough"


@pytest.mark.skipif(unicodedata.unidata_version != "14.0.0", reason="the functions know Unicode 14, Python another")
def test_whatever_the_case_of_a_character() -> None:
    """Of the model, which the functions equal. The iota below a Greek vowel is an accent, but a letter in capitals."""
    with_case = [char for char in every_character() if char.upper() != char or char.lower() != char]
    different = {char for char in with_case if not folded(char) == folded(char.upper()) == folded(char.lower())}
    assert {unicodedata.normalize("NFD", char)[-1] for char in different} == {"\u0345"}


_TEXTS = st.text(
    st.one_of(
        st.sampled_from("aAéÉßẞøŁıİςΣйЙ\u0301\u0323\u05b0\u064f\u3099\u200d\ufe0f\x01\x02%_\\ \n1²ｶﾞ가힣Აგᏸ\U0001e900"),
        st.characters(blacklist_categories=["Cs", "Cn"], blacklist_characters="\0"),
    ),
    max_size=20,
)


@settings(max_examples=100, deadline=None, database=None, derandomize=True)
@given(title=_TEXTS, description=st.none() | _TEXTS, tags=st.lists(_TEXTS, max_size=3))
def test_what_is_searched_are_title_description_and_tags(
    sql: Sql, title: str, description: str | None, tags: list[str]
) -> None:
    found = sql.value("SELECT searchable($1, $2, $3)", title, description, tags)
    if unicodedata.unidata_version == "14.0.0":
        assert found == searchable(title, description, tags)
    assert isinstance(found, str)
    assert found.count(BETWEEN) == 1 + max(len(tags), 1)
    assert sql.folded([title, description or "", *tags]) == [*found.split(BETWEEN)][: 2 + len(tags)]


def test_a_letter_finds_itself_with_a_mark_and_not_the_other_way_round(sql: Sql) -> None:
    """As people expect who type a syllable letter by letter."""
    for part, whole in (("か", "が"), ("가", "각"), ("ㄱ", "가"), ("क", "कि")):
        short, long = sql.folded([part, whole])
        assert (short in long, long in short) == (True, False)


def test_no_text_is_no_text(sql: Sql) -> None:
    assert sql.value("SELECT folded(NULL)") is None
    assert sql.folded([""]) == [""]
    assert sql.value("SELECT searchable('A', NULL, '{}')") == f"a{BETWEEN}{BETWEEN}"


def test_the_functions_can_be_dropped() -> None:
    with a_database() as url:
        session = Sql(url)
        for statement in (*task_functions(), *without_task_functions()):
            session.run(statement)
        assert session.value("SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace") == 0
        session.close()
