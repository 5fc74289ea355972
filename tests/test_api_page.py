"""The sessions of docs/api.md: each command writes what the page shows."""

from pathlib import Path

from tests.support.console import Command, steps
from tests.support.processes import Service
from tests.support.programs import program


def test_every_command_writes_what_the_page_shows(own_database: str, folder: Path) -> None:
    program("curl", "curl")
    with Service(folder, DATABASE_URL=own_database) as service:
        address = service.ready().address
        for step in steps("docs/api.md"):
            with Command(address, step.command) as command:
                command.shows(step.output.replace("localhost:8000", address.removeprefix("http://")))
