"""docs/accounts.md: each command writes what the page shows, and its script works in a browser."""

from pathlib import Path

import pytest

from tests.support.browser import browser_context
from tests.support.console import Session, at, code, matches, run_together, sessions
from tests.support.processes import Service
from tests.support.programs import program

PAGE = "docs/accounts.md"
SESSIONS = sessions(PAGE)


@pytest.mark.parametrize("section", SESSIONS)
def test_every_command_writes_what_the_page_shows(own_database: str, folder: Path, section: str) -> None:
    program("curl", "curl")
    for session in SESSIONS[section]:
        with Service(folder, DATABASE_URL=own_database, **session.settings) as service:
            address = service.ready().address
            commands = [step.command for step in session.steps]
            written = run_together(address, commands, folder, DATABASE_URL=own_database)
        for step, output in zip(session.steps, written, strict=True):
            shown = step.output.replace("localhost:8000", address.removeprefix("http://"))
            assert matches(shown, output), f"{step.command} writes {output} instead of {shown}"


def test_there_is_a_session_for_each_way() -> None:
    def settings(section: list[Session]) -> list[set[str]]:
        assert all(session.steps for session in section)
        return [set(session.settings) for session in section]

    own, issued, moved = map(settings, SESSIONS.values())
    assert (own, issued, moved) == ([{"AUTH"}], [{"AUTH", "AUTH_JWT_SECRET"}], [set(), {"AUTH"}])


@pytest.mark.long
def test_the_script_signs_in_and_refreshes_a_token_that_is_over(own_database: str, folder: Path) -> None:
    with Service(folder, DATABASE_URL=own_database, AUTH="required") as service:
        address = service.ready().address
        script = at(address, code(PAGE, "In a web page", "js"))
        with browser_context() as context:
            page = context.new_page()
            page.goto(address)
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
