"""Titles as people write them, through every address and back, code point for code point."""

import unicodedata
from collections.abc import Iterator
from pathlib import Path
from unicodedata import normalize

import httpx

from tests.support.families import Family, Json

# By hand, not by splitlines(): some titles hold characters that it takes for the end of a line.
TITLES = (Path(__file__).parents[1] / "data" / "titles.txt").read_text("utf-8").removesuffix("\n").split("\n")
# Each with another title for a description, so that descriptions are in every script as well.
TASKS = [{"title": title, "description": TITLES[at - 100]} for at, title in enumerate(TITLES)]

SCRIPTS = {
    *("ARABIC", "ARMENIAN", "BENGALI", "CANADIAN", "CHEROKEE", "CJK", "CYRILLIC", "DEVANAGARI", "ETHIOPIC", "GEORGIAN"),
    *("GREEK", "HALFWIDTH", "HANGUL", "HEBREW", "HIRAGANA", "KATAKANA", "KHMER", "LATIN", "MYANMAR", "TAMIL", "THAI"),
}


def test_real_titles_come_back_as_they_were(client: httpx.Client, family: Family, alice: int, bob: int) -> None:
    before = family.created(client, bob)["id"]
    born = [family.created(client, alice, **sent) for sent in TASKS]
    assert as_said(born) == TASKS
    assert as_said([family.read(client, alice, task["id"]).json() for task in born[::3]]) == TASKS[::3]
    assert as_said(family.listed(client, alice)) == TASKS
    pages = list(pages_of_50(client, f"{family.address(alice)}?limit=50&after={before}"))
    assert [len(page) for page in pages[:-1]] == [50] * (len(TITLES) // 50)
    assert as_said([task for page in pages for task in page]) == TASKS


def test_real_titles_replace_each_other(client: httpx.Client, family: Family, alice: int) -> None:
    task = family.created(client, alice)
    for sent in TASKS[::5]:
        assert as_said([family.change(client, alice, task["id"], **sent).json()]) == [sent]
    assert as_said([family.read(client, alice, task["id"]).json()]) == TASKS[::5][-1:]


def test_the_titles_are_many_and_unlike() -> None:
    assert len(set(TITLES)) == len(TITLES) >= 240
    assert [title for title in TITLES if title != title.strip() or not 1 <= len(title) <= 500] == []
    assert {1, 500} <= set(map(len, TITLES))
    letters = {char for title in TITLES for char in title if unicodedata.category(char).startswith("L")}
    assert {unicodedata.name(char).split()[0] for char in letters} >= SCRIPTS
    assert sum(max(title) > "\uffff" for title in TITLES) > 20
    decomposed = {title for title in TITLES if title == normalize("NFD", title) != normalize("NFC", title)}
    assert sum(normalize("NFC", title) in TITLES for title in decomposed) >= 5


def as_said(tasks: list[Json]) -> list[Json]:
    return [{"title": task["title"], "description": task["description"]} for task in tasks]


def pages_of_50(client: httpx.Client, address: str) -> Iterator[list[Json]]:
    while address:
        response = client.get(address)
        assert response.status_code == 200, response.text
        yield response.json()
        address = response.links.get("next", {}).get("url", "")
