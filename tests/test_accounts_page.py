"""docs/accounts.md: each command writes what the page shows, and its script works in a browser."""

from pathlib import Path

import pytest

from tests.support.browser import browser_context
from tests.support.console import Step, at, code, matches, run_together, sessions
from tests.support.processes import Service
from tests.support.programs import program

PAGE = "docs/accounts.md"
SESSIONS = sessions(PAGE)


@pytest.mark.parametrize(("settings", "steps"), SESSIONS, ids=lambda part: " ".join(part) if type(part) is dict else "")
def test_every_command_writes_what_the_page_shows(
    own_database: str, folder: Path, settings: dict[str, str], steps: list[Step]
) -> None:
    program("curl", "curl")
    with Service(folder, DATABASE_URL=own_database, **settings) as service:
        address = service.ready().address
        written = run_together(address, [step.command for step in steps], folder)
    for step, output in zip(steps, written, strict=True):
        shown = step.output.replace("localhost:8000", address.removeprefix("http://"))
        assert matches(shown, output), f"{step.command} writes {output} instead of {shown}"


def test_there_is_a_session_for_each_way() -> None:
    assert [set(settings) for settings, _ in SESSIONS] == [{"AUTH"}, {"AUTH", "AUTH_JWT_SECRET"}]
    assert all(steps for _, steps in SESSIONS)


def test_the_script_signs_in_and_refreshes_a_token_that_is_over(own_database: str, folder: Path) -> None:
    with Service(folder, DATABASE_URL=own_database, AUTH="required") as service:
        address = service.ready().address
        script = at(address, code(PAGE, "In a web page", "js"))
        with browser_context() as context:
            page = context.new_page()
            page.goto(f"{address}/docs")
            statuses = page.evaluate(
                f"""async () => {{
                {script}
                await sign("sign-up", {{ email: "ada@example.com", password: "a long walk by the sea" }});
                await sign("sign-in", {{ email: "ada@example.com", password: "a long walk by the sea" }});
                const known = await ask("/users/me/tasks");
                tokens.access_token = "over";
                const both = await Promise.all([ask("/users/me/tasks"), ask("/auth/me")]);
                return [known, ...both].map((answer) => answer.status);
                }}"""
            )
    assert statuses == [200, 200, 200]
