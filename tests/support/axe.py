"""axe-core, which looks for what keeps people from using a page."""

from functools import cache
from typing import Any

from playwright.sync_api import Page

from tests.support.npm import node_modules

# Not among its defaults: the size of targets. What is only a proposal for good style is left out.
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RUN = """async ({ tags, disabled }) => {
    const rules = Object.fromEntries(disabled.map((rule) => [rule, { enabled: false }]));
    const { violations } = await axe.run(document, { runOnly: tags, rules, resultTypes: ["violations"] });
    return violations;
}"""


def violations(page: Page, *disabled: str) -> list[str]:
    """Return a line for each element of a page that breaks a rule of WCAG 2.2 AA or of good practice."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_source())
    found: list[Any] = page.evaluate(_RUN, {"tags": _RULES, "disabled": disabled})
    return [
        f"{each['impact']}: {each['id']}: {node['html'][:200]}: {node['failureSummary']}"
        for each in found
        for node in each["nodes"]
    ]


@cache
def _source() -> str:
    return (node_modules() / "axe-core/axe.min.js").read_text()
