"""Schemathesis, with every check it has, holds the service to its own OpenAPI document."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import NO_HURRY
from tests.properties.budget import FUZZ_SECONDS
from tests.support.accounts import Member
from tests.support.asked import Asked
from tests.support.families import Json
from tests.support.processes import Service, clean_environment

ROOT = Path(__file__).parents[2]
PHASES = ["examples", "coverage", "fuzzing", "stateful"]
ENDLESS = "--exclude-path-regex=/events$"
FEW = ["--generation-deterministic", "--max-examples=5"]
MANY = ["--generation-database=none", f"--max-time={round(0.6 * FUZZ_SECONDS)}"]


@pytest.fixture
def address(folder: Path, own_database: str) -> Iterator[str]:
    """Where a service of its own is: Schemathesis changes and deletes whatever it finds."""
    with Service(folder, DATABASE_URL=own_database, HISTORY_DAYS="0", **NO_HURRY) as service:
        address = service.ready().address
        httpx.post(f"{address}/users/123/tasks", json={"title": "Buy milk"}).raise_for_status()
        yield address


def run_schemathesis(folder: Path, address: str, *arguments: str) -> Json:
    """Run it to its end, and return what it has found; each operation but those that need luck was accepted once."""
    report = folder / "report.json"
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", ROOT / "tests/properties/schemathesis.toml"),
            *("run", f"{address}/openapi.json", "--checks=all", f"--phases={','.join(PHASES)}", ENDLESS),
            *("--no-color", "--continue-on-failure", "--report=json", f"--report-json-path={report}"),
            *(MANY if FUZZ_SECONDS else FEW),
            *arguments,
        ],
        cwd=folder,
        env=clean_environment(PYTHONPATH=str(ROOT)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=FUZZ_SECONDS + 600,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    print(ended.stdout)  # noqa: T201 - shown by pytest -rP
    found: Json = json.loads(report.read_text())
    assert found["operations"]["tested"] == found["operations"]["selected"] == len(found["valid_rates"])
    return found


@pytest.mark.long
@pytest.mark.parametrize("paths", [r"^/(api/v1|users)/", r"^/(?!api/v1/|users/)"], ids=["v1, users", "others"])
def test_the_service_does_what_its_document_says(folder: Path, address: str, paths: str) -> None:
    found = run_schemathesis(folder, address, f"--include-path-regex={paths}")
    assert {phase: found["phases"][phase]["status"] for phase in PHASES} == dict.fromkeys(PHASES, "success")
    accepted = {
        operation: sum(phase["accepted"] for phase in rates.values())
        for operation, rates in found["valid_rates"].items()
        # To delete what is drawn, one has to be lucky, and a change that was undone at one address is at every other.
        if "{task_id}" not in operation and "{change}" not in operation
    }
    assert all(accepted.values()), accepted


@pytest.mark.long
def test_the_addresses_of_accounts_do_what_their_document_says(folder: Path, asked: Asked) -> None:
    """But for those that end the session, or need a password that nobody draws."""
    authorization = Member.new(asked.client).headers["Authorization"]
    run_schemathesis(
        folder,
        asked.address,
        *(
            "--include-path-regex=^/auth/",
            "--exclude-path-regex=/sign-out$",
            *(f"--header=Authorization: {authorization}", "--warnings=off"),  # after ten sign-ins nobody is let in
        ),
        *("--exclude-operation-id=delete_account",),
    )
