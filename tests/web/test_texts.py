"""The words of the page: in every language and all its plural forms, all of them in use, around readable values."""

import re

import pytest

from tests.support.page_sources import WEB, own_modules
from tests.support.processes import Service
from tests.support.web_modules import Modules
from tests.support.web_page import Json, NewPage

TABLE = "messages.js"
NAME = re.compile(r"\{(\w+)\}")
# A text for none, one or two can leave the number out: "no tasks", "one task".
WITHOUT_NUMBER = {"zero", "one", "two"}
NAMES = {"donebase"}
LETTERS = {"en": re.compile("[A-Za-z]"), "ar": re.compile("[\u0621-\u064a]")}


@pytest.fixture(scope="module")
def messages(modules: Modules) -> dict[str, Json]:
    found: dict[str, Json] = modules.run(TABLE, "({ messages }) => messages")
    return found


@pytest.fixture(scope="module")
def plural_forms(modules: Modules) -> dict[str, set[str]]:
    """The forms of each language of the page."""
    forms = "(tag) => [tag, new Intl.PluralRules(tag).resolvedOptions().pluralCategories]"
    found = modules.run("texts.js", f"({{ languages }}) => languages.map(({{ tag }}) => ({forms})(tag))")
    return {tag: set(forms) for tag, forms in found}


def test_every_text_is_in_every_language(messages: dict[str, Json], plural_forms: dict[str, set[str]]) -> None:
    assert plural_forms["en"] == {"one", "other"}
    assert len(plural_forms["ar"]) == 6
    for name, texts in messages.items():
        assert texts.keys() == plural_forms.keys(), name
        assert len({isinstance(text, str) for text in texts.values()}) == 1, f"{name} has a plural in one language only"
        for tag, text in texts.items():
            assert isinstance(text, str) or text.keys() == plural_forms[tag], (name, tag)


def test_every_text_has_the_same_places_for_values(messages: dict[str, Json]) -> None:
    for name, texts in messages.items():
        forms = [(None, text) if isinstance(text, str) else each for text in texts.values() for each in forms_of(text)]
        wanted = {place for _, text in forms for place in NAME.findall(text)}
        for form, text in forms:
            missing = wanted - {*NAME.findall(text)}
            assert missing <= ({"count"} if form in WITHOUT_NUMBER else set()), (name, form)
            assert text == text.strip() != "", name


def forms_of(text: str | Json) -> list[tuple[str | None, str]]:
    return [(None, text)] if isinstance(text, str) else [*text.items()]


def test_texts_are_written_in_their_language(messages: dict[str, Json]) -> None:
    for name, texts in messages.items():
        for tag, text in texts.items():
            for _, form in forms_of(text):
                words = "" if form in NAMES else NAME.sub("", form)
                assert not re.search(r"\w", words) or LETTERS[tag].search(words), (name, form)


def test_every_text_that_is_asked_for_is_there_and_each_is_asked_for(messages: dict[str, Json]) -> None:
    sources = "".join((WEB / path).read_text() for path in own_modules() if path != TABLE)
    asked = {*re.findall(r'\bt\(\s*"([\w-]+)"', sources)}
    assert asked
    assert asked - messages.keys() == set()
    # Some are named elsewhere than in the call, some in part: t(`show_${show}`).
    named = asked | {*re.findall(r'"([\w-]+)"', sources)}
    parts = [re.split(r"\$\{[^}]+\}", name) for name in re.findall(r"\bt\(\s*`([^`]+)`", sources)]
    in_part = re.compile("|".join(r"[\w-]+".join(map(re.escape, each)) for each in parts))
    assert [name for name in messages if name not in named and not in_part.fullmatch(name)] == []


SAID = """async ({ setLanguage, t }, [table, tag, name, values]) => {
    const { messages } = await import(table);
    messages.a_text = { en: "{title} of {count}", ar: "{title} من {count}" };
    messages.some_tasks = {
        en: { one: "{count} task", other: "{count} tasks" },
        ar: { zero: "-", one: "مهمة", two: "مهمتان", few: "{count} مهام", many: "{count} مهمةً", other: "{count}" },
    };
    setLanguage(tag);
    try {
        return t(name, values);
    } finally {
        delete messages.a_text;
        delete messages.some_tasks;
    }
}"""


def said(modules: Modules, tag: str, name: str, **values: str | int) -> str:
    """Return what a text of this test says."""
    text: str = modules.run("texts.js", SAID, [modules.address(TABLE), tag, name, values])
    return text


def test_values_are_text_and_keep_their_direction(modules: Modules) -> None:
    assert said(modules, "en", "a_text", title="<b>{count}</b> $& $1", count=12345) == "<b>{count}</b> $& $1 of 12,345"
    assert said(modules, "en", "a_text", title="אב (1)", count=1) == "\u2067אב (1)\u2069 of 1"
    assert said(modules, "en", "a_text", title="\u202eevil", count=1) == "\u2066\u202eevil\u2069 of 1"
    assert said(modules, "ar", "a_text", title="(Milk!", count=1) == "\u2066(Milk!\u2069 من 1"
    assert said(modules, "ar", "a_text", title="11:00 م", count=1) == "\u206711:00 م\u2069 من 1"
    assert said(modules, "ar", "a_text", title="11:00", count=1) == "\u206711:00\u2069 من 1"


def test_numbers_in_a_text_are_those_of_the_locale(new_page: NewPage, service: Service) -> None:
    said_in_egypt = "({ setLanguage, t }) => (setLanguage('ar'), t('password_too_short'))"
    assert "٨" in Modules(new_page, service, locale="ar-EG").run("texts.js", said_in_egypt)


@pytest.mark.parametrize(
    ("tag", "texts"),
    [
        ("en", {0: "0 tasks", 1: "1 task", 2: "2 tasks", 1000: "1,000 tasks"}),
        ("ar", {0: "-", 1: "مهمة", 2: "مهمتان", 3: "3 مهام", 11: "11 مهمةً", 100: "100", 102: "102"}),
    ],
)
def test_plurals_are_those_of_the_language(modules: Modules, tag: str, texts: dict[int, str]) -> None:
    assert {count: said(modules, tag, "some_tasks", count=count) for count in texts} == texts


def test_a_text_that_does_not_exist_fails_a_test(new_page: NewPage, service: Service) -> None:
    modules = Modules(new_page, service)
    assert modules.run("texts.js", "({ t }) => [t('nonsense'), t('day_and_time', { day: 'a' })]") == [
        "nonsense",
        "a, {time}",
    ]
    complaints = [complaint for complaint in new_page.complaints if "favicon" not in complaint]
    assert [complaint.split(" (")[0] for complaint in complaints] == [
        "error: No text is named nonsense.",
        "error: day_and_time needs {time}.",
    ]
    new_page.expect("No text", "needs")


LANGUAGE = """({ language, personLocale, setLanguage }, tag) => {
    setLanguage(tag);
    return [language(), personLocale(), document.documentElement.lang, document.documentElement.dir];
}"""


@pytest.mark.parametrize(
    ("browser_locale", "tag", "expected"),
    [
        ("de-DE", None, ["en", "en-DE-u-hc-h23", "en", "ltr"]),
        ("de-DE", "ar", ["ar", "ar-DE-u-hc-h23", "ar", "rtl"]),
        ("ar-EG", None, ["ar", "ar-EG", "ar", "rtl"]),
        ("ar-EG", "en", ["en", "en-EG-u-hc-h12", "en", "ltr"]),
        ("en-GB", "garbage!", ["en", "en-GB", "en", "ltr"]),
    ],
)
def test_the_language_is_that_of_the_address_or_the_browser(
    new_page: NewPage, service: Service, browser_locale: str, tag: str | None, expected: list[str]
) -> None:
    assert Modules(new_page, service, locale=browser_locale).run("texts.js", LANGUAGE, tag) == expected
