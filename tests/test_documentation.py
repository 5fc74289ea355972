"""The documentation is about the project as it is: what its pages link to, draw and quote exists."""

import re
from pathlib import Path

import pytest
from bench import pages

from donebase.core.shapes import FIELDS
from donebase.core.tables import DESCRIPTION_LENGTH, MAX_TAGS, PRIORITIES, TAG_LENGTH, TITLE_LENGTH
from donebase.http.parameters import MAX_LIMIT
from donebase.routes import FAMILIES, GUARDED_FAMILIES, every_route

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
API = (ROOT / "docs" / "api.md").read_text()
LINKS = [(page, link) for page in PAGES for link in re.findall(r"\]\(([^)h#][^)#]*)", page.read_text())]


@pytest.mark.parametrize(("page", "link"), LINKS, ids=lambda part: str(part).removeprefix(f"{ROOT}/"))
def test_what_a_page_links_to_exists(page: Path, link: str) -> None:
    assert (page.parent / link).exists()


def test_every_page_can_be_reached_from_the_readme() -> None:
    found, new = set(), {ROOT / "README.md"}
    while new:
        found |= new
        new = {(page.parent / link).resolve() for page, link in LINKS if page in new and link.endswith(".md")} - found
    decisions = set((ROOT / "docs" / "decisions").glob("*.md"))  # the README links to their folder
    assert set(PAGES) - found - decisions == set()


def test_every_field_and_its_limit_is_documented() -> None:
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", API, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"\w+", row)} == set(FIELDS)
    for limit in (
        f"1 to {TITLE_LENGTH} ",
        f"up to {DESCRIPTION_LENGTH:,} ",
        f"`?limit=1` to `{MAX_LIMIT}`",
        *PRIORITIES,
        f"Up to {MAX_TAGS} ",
        f"1 to {TAG_LENGTH} ",
    ):
        assert limit in API, limit


def test_every_address_is_documented_and_no_other() -> None:
    rows = re.findall(r"^\| ([A-Z]+) \| (.*?) \|", API, re.MULTILINE)
    documented = {(method, path) for method, paths in rows for path in re.findall(r"`(.+?)`", paths)}
    routes = {(route.method, route.path_format) for each in (FAMILIES, GUARDED_FAMILIES) for route in every_route(each)}
    assert documented == {(method, path) for method, path in routes if not path.startswith("/docs/")}


def test_every_code_of_a_field_is_documented() -> None:
    codes = set()
    for folder in ("accounts", "core", "http"):
        for path in (ROOT / "src" / "donebase" / folder).glob("*.py"):
            source = path.read_text()
            codes |= set(re.findall(r"PydanticCustomError\(\s*\"(\w+)\"", source))
            codes |= set(re.findall(r"\bFault\([^()]*, \"(\w+)\"\)", source))
    assert len(codes) > 20
    assert codes - set(re.findall(r"`(\w+)`", API)) == set()


@pytest.mark.parametrize("block", list(pages.blocks()), ids=lambda block: block.name)
def test_figures_are_those_of_the_run_that_is_kept(block: pages.Block) -> None:
    """`python -m bench.pages` writes them."""
    assert block.page.read_text() == block.written()


def test_every_event_of_the_log_is_documented_and_no_other() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    table = page.partition("| event | when |")[2].partition("\n\n")[0]
    documented = set(re.findall(r"`([a-z_.]+)`", "\n".join(re.findall(r"^\| (.*?) \|", table, re.MULTILINE))))
    source = "\n".join(path.read_text() for path in (ROOT / "src" / "donebase").rglob("*.py"))
    logged = set(re.findall(r"\blogs\.(?:announce|crash|error|info|warning)\(\s*\"(.+?)\"", source))
    assert len(logged) > 15
    assert logged <= documented
    for event in documented:  # some are the code of an error
        assert any(f'"{name}"' in source for name in (event, event.upper())), event
    actions = set(re.findall(r"`(task\.[a-z]+)`", table))
    assert actions == set(re.findall(r"\b(?:_?[Vv]erb|events\.record)\(\s*\"(.+?)\"", source))


def test_every_metric_is_documented_and_no_other() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    documented = set(re.findall(r"^\| `(donebase_\w+)` \|", page, re.MULTILINE))
    assert documented == set(
        re.findall(r"\"(donebase_\w+)\"", (ROOT / "src" / "donebase" / "telemetry" / "exposition.py").read_text())
    )
