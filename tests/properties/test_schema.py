"""Schemathesis, with every check it has, holds the service to its own OpenAPI document."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.properties.budget import FUZZ_SECONDS
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
    with Service(folder, DATABASE_URL=own_database) as service:
        address = service.ready().address
        httpx.post(f"{address}/users/123/tasks", json={"title": "Buy milk"}).raise_for_status()
        yield address


@pytest.mark.long
@pytest.mark.parametrize("paths", [r"^/(api/v1|users)/", r"^/(?!api/v1/|users/)"], ids=["v1, users", "others"])
def test_the_service_does_what_its_document_says(folder: Path, address: str, paths: str) -> None:
    report = folder / "report.json"
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", ROOT / "tests/properties/schemathesis.toml"),
            *("run", f"{address}/openapi.json", "--checks=all", f"--phases={','.join(PHASES)}", ENDLESS),
            f"--include-path-regex={paths}",
            *("--no-color", "--continue-on-failure", "--report=json", f"--report-json-path={report}"),
            *(MANY if FUZZ_SECONDS else FEW),
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
    found: Json = json.loads(report.read_text())
    assert found["operations"]["tested"] == found["operations"]["selected"] == len(found["valid_rates"])
    assert {phase: found["phases"][phase]["status"] for phase in PHASES} == dict.fromkeys(PHASES, "success")
    accepted = {
        operation: sum(phase["accepted"] for phase in rates.values())
        for operation, rates in found["valid_rates"].items()
        # To delete what is drawn, one has to be lucky, and a change that was undone at one address is at every other.
        if "{task_id}" not in operation and "{change}" not in operation
    }
    assert all(accepted.values()), accepted
    print(ended.stdout)  # noqa: T201 - shown by pytest -rP
