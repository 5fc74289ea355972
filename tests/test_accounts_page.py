"""docs/accounts.md: each command writes what the page shows."""

from pathlib import Path

import pytest

from tests.support.console import Step, matches, run_together, sessions
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
    assert [set(settings) for settings, _ in SESSIONS] == [{"AUTH", "AUTH_JWT_SECRET"}]
    assert all(steps for _, steps in SESSIONS)
