"""The documentation is about the project as it is: what its pages link to, draw and quote exists."""

import re
from pathlib import Path

import pytest
from bench import pages

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
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
    assert actions == set(re.findall(r"\b(?:_verb|events\.record)\(\s*\"(.+?)\"", source))


def test_every_metric_is_documented_and_no_other() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    documented = set(re.findall(r"^\| `(donebase_\w+)` \|", page, re.MULTILINE))
    assert documented == set(
        re.findall(r"\"(donebase_\w+)\"", (ROOT / "src" / "donebase" / "telemetry" / "exposition.py").read_text())
    )
